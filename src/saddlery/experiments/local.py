"""The local engine: a stream for each core, or each accelerator, over compiled programs that runs share."""

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from saddlery._system import signals
from saddlery._system.cores import Completed, threads, usable_cores
from saddlery.data.shards import holds_shards
from saddlery.experiments.programs import programs
from saddlery.runs import recording
from saddlery.runs.cell import Cell, RunState
from saddlery.runs.finiteness import finite, finite_leaves
from saddlery.runs.loop import asked_to_stop, save, start_or_restore, train_runs
from saddlery.runs.steps import fitting, steps_from
from saddlery.sharding import DataParallel

WAITING = 256  # groups of runs that are handed to the streams before they are begun
PATIENCE = 5.0  # seconds for keeping runs that have ended when a sweep is stopped
HELD = 1 << 30  # bytes of a cell's players and states beyond which those of runs that have ended are kept on disk


class Program(NamedTuple):
    """A compiled program: the cells that it computes, and the seconds of its compilation."""

    cells: list[Cell]
    compiling: float


def train(
    cells: Sequence[Cell],
    *,
    done: Callable[[Cell, list[RunState]], None],
    on_compiled: Callable[[list[Program]], None] | None = None,
    mapped: bool | None = None,
    together: int | None = None,
    cores: int | None = None,
    held: int = HELD,
) -> None:
    """Train all runs of some cells.

    On the CPU there is a stream for each core, each calling the one compiled single-run program of its run: the numbers
    are the same bits whatever runs beside. On accelerators there is one for each device, and runs of one program are
    mapped together in batches as large as its memory allows; their numbers agree with single runs' to rounding. Runs
    whose batches are divided among devices follow one another.

    Programs are compiled side by side first, and each one's runs follow as soon as it is there.

    **Arguments:**
    - `done`: called from here with each cell whose runs have all ended, and with their ends.
    - `on_compiled`: called once with every program, when all are compiled.
    - `mapped`: map runs together, or do not; by default that is the case on anything but CPUs.
    - `together`: how many runs are mapped together; by default as many as fit.
    - `cores`: streams on the CPU; by default one for each core that this process may use.
    - `held`: bytes of a cell's players and states up to which all are handed to `done`; of larger cells those that are
      on disk are not.

    When a signal asks for it, all stop after a checkpoint of every run that is not in a finished cell.

    **Raises:** what a run raises, when the others have ended their chunk.
    """
    if isinstance(cells[0].game, DataParallel):  # which takes all the devices there are for itself
        mapped, cores = False, 1
    mapped = jax.default_backend() != "cpu" if mapped is None else mapped
    ends: dict[int, dict[int, RunState]] = {cell.index: {} for cell in cells}
    compiling: dict[Any, list[Cell]] = {}
    running: dict[Any, list[tuple[Cell, int]]] = {}
    programs_: list[Program] = []
    waiting: Iterator[list[tuple[Cell, int]]] = iter(())
    completed = Completed()

    def take(future):
        """The ends of a future's runs; a cell that they complete is done."""
        for (cell, seed), state in zip(running.pop(future), future.result(), strict=True):
            if cell.ended(state) and cell.folder and _size(state.carry) * len(cell.keys) > held:
                if not cell.keep:
                    save(cell, seed, state)
                state = state._replace(carry=None)
            ends[cell.index][seed] = state
            of_cell = ends[cell.index]
            if len(of_cell) == len(cell.keys) and all(cell.ended(state) for state in of_cell.values()):
                done(cell, [state for _, state in sorted(of_cell.items())])
                del ends[cell.index]

    def start(program):
        """A program's runs, in the groups that are computed together."""
        many = mapped and not holds_shards(program.cells[0].game)  # runs that exchange their data have each their own
        size = (together or fitting(sum(len(cell.keys) for cell in program.cells))) if many else 1
        runs = ((cell, seed) for cell in program.cells for seed in range(len(cell.keys)))
        while some := list(itertools.islice(runs, size)):
            yield some

    def place():
        """Hand the next runs to the streams, as many as keep them busy."""
        for some in itertools.islice(waiting, WAITING - len(running)):
            running[completed.add(pool.submit(stream, train_runs, some))] = some

    with _streams(mapped, cores) as (pool, stream):
        try:
            compiling = {completed.add(pool.submit(stream, compiled, group)): group for group in programs(cells)}
            for future in completed:
                if asked_to_stop(cells[0]):
                    break
                if compiling.pop(future, None) is None:
                    take(future)
                else:
                    programs_.append(future.result())
                    waiting = itertools.chain(waiting, start(programs_[-1]))
                    if on_compiled and not compiling:
                        on_compiled(programs_)
                place()
        finally:
            for cell in cells:
                cell.stop.set()
            pool.shutdown(cancel_futures=True)
            for future in [future for future in running if not future.cancelled() and not future.exception()]:
                take(future)
            _keep_ended(cells, ends)


def _keep_ended(cells: Sequence[Cell], ends: dict[int, dict[int, RunState]]) -> None:
    """Write checkpoints of runs that have ended in cells that have not, the longest first, while patience lasts.

    What is not kept is trained again to the same numbers.
    """
    left = [(cell, seed, state) for cell in cells for seed, state in ends.get(cell.index, {}).items()]
    began = time.monotonic()
    for cell, seed, state in sorted(left, key=lambda each: -each[2].seconds):
        if time.monotonic() - began > PATIENCE:
            break
        if cell.ended(state) and not cell.keep and cell.folder and state.carry:
            save(cell, seed, state)


def _size(tree: Any) -> int:
    """The bytes of a pytree's arrays."""
    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))


@contextlib.contextmanager
def _streams(mapped: bool, cores: int | None = None) -> Iterator[tuple[ThreadPoolExecutor, Callable]]:
    """Threads, one for each core or accelerator, and what calls a function on the next one that is free."""
    chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
    free = [chosen] if mapped and chosen else jax.local_devices() if mapped else [None] * (cores or usable_cores())

    def stream(work, *arguments):
        device = free.pop()
        try:
            with jax.default_device(device) if device else contextlib.nullcontext():
                return work(*arguments)
        finally:
            free.append(device)

    with threads(len(free)) as pool:
        yield pool, stream


def compiled(cells: list[Cell]) -> Program:
    """Compile the program that some cells share, on the first of their runs."""
    cell, key = cells[0], cells[0].keys[0]
    began = time.perf_counter()
    state = start_or_restore(dataclasses.replace(cell, folder=None), 0)
    for each in cells:
        each.watched = finite_leaves(state.carry)
        recording.require_room(state.history, len(each.keys))
    finite(steps_from(cell.game, cell.method, state.carry, jnp.asarray(1.0), key, 0, 0), cell.watched)
    signals.check()
    return Program(cells, time.perf_counter() - began)
