"""Cells: groups of runs that differ in their seeds only, and which of them share a compiled program."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax

from saddlery import recording
from saddlery.training import Plan, Stage


class Cell(NamedTuple):
    """The runs of one setting: its place in the store, what it is called, what its runs share, and their keys."""

    place: int
    label: str
    plan: Plan
    keys: Sequence[Any]


def dataset(cell: Cell, ended: Sequence[Stage]) -> Any:
    """What a cell's runs recorded, as of `saddlery.recording.of_runs`."""
    return recording.of_runs(ended, cell.plan.probes, cell.plan.records)


def alike(things: Sequence[Any], shape: Any) -> list[list[Any]]:
    """Things in groups of which one compiled program serves all.

    Programs are of a pytree's structure, its leaves that are no arrays, and its arrays' shapes and types; what the
    arrays hold, learning rates and weights, is data.

    **Arguments:** `shape` gives the pytree of a thing.
    """
    groups: dict[Hashable, list[Any]] = {}
    for thing in things:
        leaves, structure = jax.tree.flatten(shape(thing))
        key = tuple((leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else leaf for leaf in leaves)
        groups.setdefault((structure, *key), []).append(thing)
    return list(groups.values())


def programs(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells by the program that they are computed by."""
    return alike(cells, lambda cell: (cell.plan.game, cell.plan.method, cell.plan.average is None))
