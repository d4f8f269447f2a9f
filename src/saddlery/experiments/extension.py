"""Extension of runs to more steps: from their checkpoints, the results of fewer kept until all have those of more.

`run.json` says how many steps there are to be, from the moment when more are asked for; the store, of how many its
records are. A resume compares the two, so that it goes on wherever the one before was ended.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlery.errors import InvalidValue, NotFound
from saddlery.records import storage
from saddlery.records.claims import CHECKPOINTS, RUN
from saddlery.records.description import Description
from saddlery.records.store import Store
from saddlery.text.arguments import plain


def require_extensible(folder: Path, begun: int, wanted: int, every: int) -> None:
    """Refuse a number of steps up to which runs cannot go on: fewer than they began with, or off their records' grid.

    **Raises:** `ValueError`.
    """
    if wanted < begun or (wanted > begun and begun % every):
        raise InvalidValue(
            f"steps: {plain(folder)} was begun with {begun}; it can be resumed with as many, or with more where "
            f"that number is a multiple of its every, {every}; got {wanted}"
        )


def is_extended(folder: Path, store: Store, steps: int) -> bool:
    """Whether a store, one that is there, holds the results of fewer steps than its runs are to have by now.

    What the folder says of steps counts where Saddlery wrote it, or they are another experiment's.
    """
    return storage.is_own(folder / RUN) and 0 < store.steps() < steps


def require_checkpoints(folder: Path, store: Store, held: Description) -> None:
    """Refuse to extend finished runs that have no checkpoint to go on from.

    **Raises:** `FileNotFoundError` naming the first.
    """
    for place in store.finished():
        for seed in range(held.what["seeds"] or 1):
            if not any((folder / CHECKPOINTS / f"{place}-{seed}").glob("step-*")):
                raise NotFound(
                    f"{plain(folder)} cannot be extended: there is no checkpoint in {CHECKPOINTS}/{place}-{seed}, and "
                    "it is finished; put it back, or train anew, in another folder"
                )


def exchange(
    store: Store, grid: Mapping[str, Any], made: tuple[Any, Any], now: Mapping[str, Any], cells: Mapping[int, Any]
) -> None:
    """Exchange a store's results for those of more steps, when all cells have theirs.

    They are in the checkpoints too: where this is not finished, a resume takes them from there.

    **Arguments:** `grid`: of what is trained; `made`: what a new store is made of, and `now`, as of
    `saddlery.experiments.claimed.opened`; `cells`: the datasets, by their places.
    """
    store.create(grid, *made, now)
    for place, each in sorted(cells.items()):
        store.write(place, each)


def is_finished(store: Store, cells: int, steps: int) -> bool:
    """Whether a store holds so many cells of so many steps, all of them whole."""
    try:
        store.check()
        done = store.finished()
        return len(done) == cells and store.steps() == steps and not store.damaged(done)
    except (FileNotFoundError, InvalidValue):
        return False
