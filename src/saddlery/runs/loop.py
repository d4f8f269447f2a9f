"""The training loop, over one run or many mapped together, with records, checkpoints and stopping."""

import bisect
import itertools
import time
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from saddlery import sharding
from saddlery._system import signals
from saddlery.errors import InvalidValue
from saddlery.records import storage
from saddlery.runs import checkpoints, recording
from saddlery.runs.cell import Cell, Progress, RunState
from saddlery.runs.fingerprint import run_identity
from saddlery.runs.finiteness import finite_leaves
from saddlery.runs.keys import RunKeys
from saddlery.runs.lanes import lanes
from saddlery.runs.logging import RunLog
from saddlery.runs.programs import make_room
from saddlery.runs.steps import start

CHUNK_SECONDS = 1.0  # of computation between two looks at probes, checkpoints, Ctrl-C and finiteness


class Halted(Exception):
    """The exception for a run that is not begun, since its cell is to stop."""


def train_runs(runs: Sequence[tuple[Cell, int]]) -> list[RunState]:
    """Train runs, each a cell and a seed, from their last checkpoints to their ends, or to where they are stopped.

    Several are mapped together, in groups that are at the same step. Each then ends alone: one that leaves the finite
    numbers is over, whatever its place in the batch goes on computing.

    **Raises:** `Halted`, or `Stopped` (a `KeyboardInterrupt`), before anything is begun; what probes and checkpoints
    raise.
    """
    states = [start_or_restore(cell, seed) for cell, seed in runs]
    for (cell, seed), state in zip(runs, states, strict=True):
        if cell.ended(state):
            RunLog(cell, seed, state)
    order = sorted(range(len(runs)), key=lambda i: states[i].step)
    for _, group in itertools.groupby(order, key=lambda i: states[i].step):
        chosen = [i for i in group if not runs[i][0].ended(states[i])]
        if chosen:
            cells, seeds = zip(*(runs[i] for i in chosen), strict=True)
            keys = [RunKeys.of(cell.keys[seed]) for cell, seed in zip(cells, seeds, strict=True)]
            for i, state in zip(chosen, train_lanes(cells, keys, [states[i] for i in chosen], seeds), strict=True):
                states[i] = state
    return states


def start_or_restore(cell: Cell, seed: int) -> RunState:
    """A run at its first step, with the first record taken, or where its last checkpoint left it."""
    if halted(cell):
        signals.check()
        raise Halted
    make_room()
    key = cell.keys[seed]
    keys = RunKeys.of(key)
    carry = start(cell.game, cell.method, keys.init, cell.players, cell.average is not None)
    cell.watched = cell.watched or finite_leaves(carry)
    signals.check()
    state = recording.begun(cell, carry, keys.probes)
    signals.check()
    if not recording.is_finite(state.record(0)):
        state = state._replace(diverged_at=0)
    restored = None
    if place := cell.checkpoints(seed):
        if sharding.is_main_process(cell.game):
            storage.tidy(place)
        if any(place.glob("step-*")):  # or there is nothing to compare
            restored = checkpoints.restore(place, state, run_identity(cell, key))
    found = 0 if restored is None else int(restored.step)
    if sharding.agreed(cell.game, found) != found or sharding.agreed(cell.game, -found) != -found:
        raise InvalidValue(f"out: {cell.folder} is not the same folder for all processes; choose one that they share")
    if restored is None:
        return state
    for name, values in restored.history.items():  # a run that is made longer has more rows than its checkpoint
        state.history[name][: len(values)] = values
    carry = jax.tree.map(jnp.asarray, restored.carry)
    return RunState(found, int(restored.diverged_at), float(restored.seconds), carry, state.history)


def train_lanes(
    cells: Sequence[Cell], keys: Sequence[RunKeys], states: Sequence[RunState], seeds: Sequence[int]
) -> list[RunState]:
    """The training loop: steps in chunks of about a second, and between them what is not steps.

    **Arguments:** for each lane its cell, keys, seed and where it is, all at the same step; the cells' programs,
    records, steps and checkpoints are alike.
    """
    states, first = list(states), cells[0]
    step, chunk, saved = states[0].step, 1, time.monotonic()
    program = lanes(cells, keys, states)
    records = [recording.LiveRecords(*each) for each in zip(cells, seeds, states, strict=True)]
    logs = [RunLog(*each) for each in zip(cells, seeds, states, strict=True)]
    stopped = halted(first)
    while not stopped and not all(map(Cell.ended, cells, states)):
        row = bisect.bisect_right(first.records, step)
        n = min(first.records[row] - step, chunk, program.room(step))
        began = time.perf_counter()
        still_finite = program.advance(step, n)
        took = sharding.agreed(first.game, time.perf_counter() - began)
        chunk = max(1, min(2 * chunk, int(n * CHUNK_SECONDS / took)))
        now = []  # those that were under way
        for i, (cell, state) in enumerate(zip(cells, states, strict=True)):
            if cell.ended(state):
                continue
            if still_finite[i]:
                seconds = state.seconds + took / len(cells)
                state = state._replace(step=step + n, carry=program.lane(i), seconds=seconds)
            else:
                at, last = program.last_finite(i, state.carry, step, n)
                state = state._replace(step=at, carry=last, diverged_at=at + 1)
            if state.step == first.records[row]:
                state = _recorded(cell, keys[i], state, row)
                records[i].append(state)
            logs[i].append(state)
            if cell.on_progress:
                report(cell, seeds[i], state)
            if cell.ended(state):
                records[i].file.close()
            states[i] = state
            now.append(i)
        step += n
        stopped = halted(first)
        due = stopped or time.monotonic() - saved > first.checkpoint_seconds
        for i in now:
            if due:
                records[i].file.flush()
            if cells[i].folder and (cells[i].keep if cells[i].ended(states[i]) else due):
                save(cells[i], seeds[i], states[i])
                saved = time.monotonic()
    return states


def _recorded(cell: Cell, keys: RunKeys, state: RunState, row: int) -> RunState:
    """A run with the record of where it is."""
    record = recording.take_of(cell, state.carry, keys.probes, first=False)
    for name, value in record.items():
        state.history[name][row] = value
    if state.diverged_at < 0 and not recording.is_finite(record):
        return state._replace(diverged_at=state.step)
    return state


def halted(cell: Cell) -> bool:
    """Whether training is to stop: also when another of the processes that share a run is asked to."""
    if sharding.agreed(cell.game, asked_to_stop(cell)):
        cell.stop.set()
    return cell.stop.is_set()


def asked_to_stop(cell: Cell) -> bool:
    """Whether this process is to stop, by a signal or because another run failed."""
    return cell.stop.is_set() or signals.stopping()


def save(cell: Cell, seed: int, state: RunState) -> None:
    """Save a run's checkpoint; the first is read back."""
    if sharding.is_main_process(cell.game):
        again, cell.read_back = not cell.read_back, True
        place = cell.checkpoints(seed)
        checkpoints.save(place, state.step, state, run_identity(cell, cell.keys[seed]), again=again)  # type: ignore


def report(cell: Cell, seed: int, state: RunState) -> None:
    """Report the progress of a run, with its latest record."""
    row = bisect.bisect_right(cell.records, state.step) - 1
    pace = state.step / state.seconds if state.seconds else 0.0
    latest, at = state.record(row), cell.records[row]
    cell.on_progress(Progress(seed, state.step, cell.steps, pace, latest, state.diverged_at, cell.label, at))  # type: ignore[misc]
