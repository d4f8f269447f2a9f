"""A folder claimed for training: locked, described, compared with what it holds, its store made or opened."""

import contextlib
import json
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from saddlery import plugins
from saddlery.errors import Damaged, InTheWay, InvalidValue
from saddlery.experiments.experiment import in_words
from saddlery.experiments.extension import is_extended, require_checkpoints
from saddlery.records import description, storage
from saddlery.records.claims import PLUGINS, RESULTS, RUN, claim
from saddlery.records.description import Description
from saddlery.records.store import Store, location
from saddlery.text.arguments import differences, plain


class Described(Protocol):
    """The protocol of what can be trained into a folder: an `Experiment`, or a call of `saddlery.train`.

    `store` is the address of its results, `None` for one in the folder; `steps` how many steps its runs have.
    """

    @property
    def store(self) -> str | None:  # noqa: D102
        ...

    @property
    def steps(self) -> int:  # noqa: D102
        ...

    @property
    def description(self) -> Description:
        """The description that `run.json` holds."""
        ...

    @property
    def grid(self) -> dict[str, Any]:
        """The settings that the results depend on, as their store holds them."""
        ...

    def require_same(self, held: Description, folder: Path) -> None:
        """Refuse to go on with a folder that holds another experiment, or runs that cannot go on for so many steps."""
        ...

    def extends(self, held: Description, folder: Path) -> Description:
        """The description of a folder with as many steps as this."""
        ...


def store_of(address: str | None, folder: Path | str, given: str | None = None) -> Store:
    """The address of the results: in the folder, or where the user says that they are.

    **Arguments:** `address`: as the folder's description has it; `given`: the one that the user gave, now, for a store
    that does not lie in the folder. What a folder says alone is not enough, since a folder may come from anybody.

    **Raises:** `ValueError` when the store lies elsewhere and was not given.
    """
    address = address or location(Path(folder) / RESULTS)
    if not is_inside(address, folder) and (given is None or location(given) != address):
        raise InvalidValue(
            f"{plain(folder)} keeps its results outside itself, at {plain(address)}; if they are yours, say so: "
            f"--store {plain(address)} (in Python: store=…)"
        )
    return Store(address)


def is_inside(address: str, folder: Path | str) -> bool:
    """Whether an address is in a folder, links followed."""
    return "://" not in address and Path(address).resolve().is_relative_to(Path(folder).resolve())


@contextlib.contextmanager
def claimed(
    folder: Path,
    what: Described,
    *,
    resume: bool = False,
    force: bool = False,
    take: bool = False,
    called: str = "",
) -> Iterator[threading.Event]:
    """A context that holds a folder and its store; `run.json` is written into it.

    With `resume`, a folder that holds the same is gone on with, where more steps are wanted up to these: `run.json`
    says so from then on, and the results of fewer stay in the store until
    `saddlery.experiments.extension.exchange`; with `force`, what Saddlery wrote there is deleted
    first. Nothing else is ever deleted.

    **Arguments:** `take`: take a store that is no folder of this machine's from who holds it; `called`: what errors
    call the folder.

    **Returns:** what is set when another process takes the store over.

    **Raises:** `FileExistsError` when the folder, or the store, holds anything else and neither applies;
    `NotADirectoryError` when it is a file; `saddlery.records.locks.Held` when another process is at work there;
    `ValueError` when the store is of another version or cannot be opened; `OSError` when the folder cannot be written.
    """
    lost, held = threading.Event(), None
    with claim(folder, resume=resume, force=force, called=called, described=_held(folder)) as going_on:
        if going_on:
            try:
                held = description.read(folder)
            except FileNotFoundError:
                said = f"{called or plain(folder)} holds no {RUN}, which says what its runs are; choose another folder"
                raise Damaged(said) from None
            plugins.require(folder, held.plugins)
            what.require_same(held, folder)
        store = store_of(what.store, folder, what.store)
        with store.claimed(lost.set, force=force, take=take):
            _require_same(store, what, folder)
            if held and held.what["steps"] != what.steps:
                require_checkpoints(folder, store, held)
                description.write(folder, what.extends(held, folder))
            elif not held:
                used = plugins.used_in(json.dumps(what.description.what))
                for plugin in used:
                    (folder / PLUGINS).mkdir(exist_ok=True)
                    storage.write(folder / PLUGINS / plugin.name, plugin.source)
                description.write(folder, what.description._replace(plugins={each.name: each.digest for each in used}))
            yield lost


@contextlib.contextmanager
def all_claimed(
    whats: Mapping[Path, Described], *, resume: bool = False, force: bool = False, take: bool = False
) -> Iterator[dict[Path, threading.Event]]:
    """A context that holds several folders, all of them before anything is trained; yields what stops each.

    **Arguments:** `resume`, `force`, `take` as of `claimed`.
    """
    with contextlib.ExitStack() as stack:
        yield {
            path: stack.enter_context(claimed(path, each, resume=resume, force=force, take=take))
            for path, each in whats.items()
        }


def _held(folder: Path) -> str:
    """What a folder holds, in a few words, where that can be read."""
    try:
        return in_words(description.read(folder))
    except (OSError, ValueError, TypeError):
        return ""


def _require_same(store: Store, what: Described, folder: Path) -> None:
    """Compare what a store was made for with what is to be trained.

    **Raises:** `FileExistsError` naming what differs.
    """
    try:
        held, now = store.description(), what.grid
        if held is not None and is_extended(folder, store, what.steps):
            held, now = ({**each, "steps": None} for each in (held, now))
    except Damaged:
        if is_inside(store.address, folder):
            return  # `opened` writes it anew
        raise
    if held is not None and (odd := differences(held, now)):
        raise InTheWay(
            f"{store.address} holds the results of another sweep ({'; '.join(odd[:3])}); put {RUN} back as it was, "
            "choose another folder or address, or replace it with --force"
        )


def opened(
    folder: Path,
    store: Store,
    what: Described,
    now: dict[str, Any],
    labels: Sequence[str],
    made: Callable[[], tuple[Any, Any]],
    games: Mapping[str, Any],
) -> set[int]:
    """Open the store, compared with what resumes it, or make it; returns the cells that are there and whole.

    One that is damaged is named in a warning and counts no more, so that it is computed again. None counts of runs that
    are being extended.

    **Arguments:**
    - `now`: the fingerprint of what is about to be trained.
    - `labels`: what the cells are called.
    - `made`: called for a new store: all that is known beforehand, and a cell's dataset before any step.
    - `games`: what is about to be trained, whose pictures are recorded, or compared with those that are.

    **Raises:** `ValueError` when the data, the precision or the description are not those that it was begun with.
    """
    from saddlery.experiments.pictures import recorded, require_recorded
    from saddlery.runs.fingerprint import compare

    held = description.read(folder)
    require_recorded(folder, held, games)
    if held.fingerprint:
        compare(str(folder / RUN), held.fingerprint, now)
    elif storage.is_own(folder / RUN):  # else the user has edited it; store and checkpoints are compared
        description.write(folder, held._replace(fingerprint=now, data=recorded(folder, games)))
    if not _is_whole(store):
        known, nothing = made()
        store.create(what.grid, known, nothing, now)
    elif is_extended(folder, store, what.steps):
        compare(store.address, store.fingerprint() | {"description": now["description"]}, now, warn=False)
        return set()
    else:
        compare(store.address, store.fingerprint(), now, warn=False)
    finished = store.finished()
    damaged = store.damaged(finished)
    for index, found in damaged.items():
        warnings.warn(
            f"{store.address} is damaged: {found} since it was written; {labels[index]} is computed again",
            stacklevel=2,
        )
        store.drop(index)
    return {*finished} - {*damaged}


def _is_whole(store: Store) -> bool:
    """Whether a store is there, with metadata and coordinates as they were written; a warning says if they are not."""
    try:
        store.check()
    except FileNotFoundError:
        return False
    except Damaged as error:
        warnings.warn(f"{error}; it is written anew", stacklevel=3)
        return False
    return True
