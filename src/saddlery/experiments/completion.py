"""Completion of cells: trained in this process, each written into the store when all its runs have ended."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from saddlery.experiments import local
from saddlery.experiments.cells import dataset
from saddlery.records import storage
from saddlery.records.claims import LIVE
from saddlery.records.store import Store
from saddlery.runs.cell import Cell


def complete(
    cells: Sequence[Cell],
    store: Store,
    *,
    on_compiled: Callable[[list[local.Program]], None] | None = None,
    cores: int | None = None,
    held: dict[int, Any] | None = None,
) -> None:
    """Train some cells in this process and write each into the store when its runs have ended.

    **Arguments:** `on_compiled` and `cores` are those of `saddlery.experiments.local.train`; `held`: where the cells'
    datasets go, by their places, instead of into the store.
    """

    def done(cell, states):
        if cell.log:
            cell.log.wait()  # a finished cell is told to no logger again
        found = dataset(cell, states)
        if held is None:
            store.write(cell.index, found)
        else:
            held[cell.index] = found
        clear(cell)

    local.train(cells, done=done, on_compiled=on_compiled, cores=cores)


def clear(cell: Cell) -> None:
    """Delete files that a finished cell needs no more: records under way, and checkpoints that are not kept."""
    if cell.folder is None:
        return
    for seed in range(len(cell.keys)):
        for path in (cell.live(seed), None if cell.keep else cell.checkpoints(seed)):
            if path is not None:
                with contextlib.suppress(OSError):  # somebody keeps something in it
                    storage.remove(path)
    with contextlib.suppress(OSError):  # others are under way
        (cell.folder / LIVE).rmdir()
