"""Compiled programs that runs share."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import equinox as eqx
import jax

from saddlery.runs.cell import Cell

T = TypeVar("T")


def alike(things: Sequence[T], shape: Callable[[T], object]) -> list[list[T]]:
    """Groups of things that share one compiled program.

    Programs are of a pytree's structure, its leaves that are no arrays, and its arrays' shapes and types; what the
    arrays hold, learning rates and weights, is data.

    **Arguments:** `shape` gives the pytree of a thing.
    """
    groups: dict[Hashable, list[T]] = {}
    for thing in things:
        leaves, structure = jax.tree.flatten(shape(thing))
        key = tuple((leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else leaf for leaf in leaves)
        groups.setdefault((structure, *key), []).append(thing)
    return list(groups.values())


def programs(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells grouped by the compiled program that computes them."""
    return alike(cells, lambda cell: (cell.game, cell.method, cell.average is None))
