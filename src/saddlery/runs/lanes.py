"""Lanes: the runs that one program steps, one run alone, or several mapped together."""

import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from saddlery.data.shards import refill
from saddlery.runs.cell import Carry, Cell, RunState
from saddlery.runs.divergence import last_finite
from saddlery.runs.finiteness import finite
from saddlery.runs.keys import RunKeys
from saddlery.runs.steps import advance_together, stack, steps_from


def lanes(cells: Sequence[Cell], keys: Sequence[RunKeys], states: Sequence[RunState]) -> "Alone | Together":
    """The lanes of runs that are at the same step."""
    if len(cells) == 1:
        return Alone(cells[0], keys[0], states[0])
    return Together(cells, keys, states)


class Alone:
    """A single run, by the program of a single run: the same bits whatever is computed beside it."""

    def __init__(self, cell: Cell, keys: RunKeys, state: RunState):
        self.cell, self.key, self.decay = cell, keys.steps, _decay(cell)
        self.carry, self.until = state.carry, state.step

    def room(self, step: int) -> int:
        """The number of steps that the data held allow from here; they are exchanged where that is due."""
        if step == self.until:
            self.game, self.until = refill(self.cell.game, step, self.key)
        return self.until - step

    def advance(self, step: int, n: int) -> list[bool]:
        """Take `n` steps from `step`; returns whether the run is still finite."""
        cell = self.cell
        self.carry = steps_from(self.game, cell.method, self.carry, self.decay, self.key, step, n)
        return [bool(finite(self.carry, cell.watched))]

    def lane(self, i: int) -> Carry:
        """The carry of a run."""
        return self.carry

    def last_finite(self, i: int, carry: Carry, step: int, n: int) -> tuple[int, Carry]:
        """The last finite step of a run among `n` from `step`, where it was at `carry`."""
        cell = self.cell
        return last_finite(self.game, cell.method, carry, self.decay, self.key, step, n, cell.watched)


class Together:
    """Several runs of one program mapped together, for accelerators; they agree with single ones to rounding."""

    def __init__(self, cells: Sequence[Cell], keys: Sequence[RunKeys], states: Sequence[RunState]):
        self.cells, self.keys, self.decay = cells, [each.steps for each in keys], _decay(cells[0])
        self.batch = stack([(cell.game, cell.method) for cell in cells])
        self.carry, _ = stack([state.carry for state in states], always=True)
        self.stacked_keys = jnp.stack(self.keys)

    def room(self, step: int) -> int:
        """The number of steps possible from here, unlimited: games whose data are exchanged are trained alone."""
        return sys.maxsize

    def advance(self, step: int, n: int) -> list[bool]:
        """Take `n` steps from `step`; returns which runs are still finite."""
        numbers = jnp.int32(step), jnp.int32(n)
        reached = advance_together(
            self.batch, self.carry, self.decay, self.stacked_keys, *numbers, self.cells[0].watched
        )
        self.carry, whole = jax.block_until_ready(reached)
        return [bool(each) for each in whole]

    def lane(self, i: int) -> Carry:
        """The carry of a run."""
        return jax.tree.map(lambda x: x[i], self.carry)

    def last_finite(self, i: int, carry: Carry, step: int, n: int) -> tuple[int, Carry]:
        """The last finite step of a run among `n` from `step`, where it was at `carry`."""
        cell = self.cells[i]
        return last_finite(cell.game, cell.method, carry, self.decay, self.keys[i], step, n, cell.watched)


def _decay(cell: Cell) -> Any:
    return jnp.asarray(1.0 if cell.average is None else cell.average)
