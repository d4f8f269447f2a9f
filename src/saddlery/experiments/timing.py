"""Timing of programs before a sweep is trained: steps and records, with as many streams at work as there will be."""

import dataclasses
import functools
import heapq
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from saddlery._system import signals
from saddlery._system.cores import threads
from saddlery.experiments.local import Program, compiled
from saddlery.experiments.programs import programs
from saddlery.runs import checkpoints, recording
from saddlery.runs.cell import Cell
from saddlery.runs.fingerprint import run_identity
from saddlery.runs.keys import RunKeys
from saddlery.runs.lanes import lanes
from saddlery.runs.loop import start_or_restore

CLOCK = 0.2  # seconds below which a time is not trusted
ROUNDS = 3  # times that are taken of each program by each stream


class Span(NamedTuple):
    """The seconds that something takes: the least and the most that were measured."""

    low: float
    high: float


class Timed(NamedTuple):
    """A program that was timed: the seconds of a step, a record and a run's ends while all streams are at work.

    `ends`: of a run's start, and of its last checkpoint where it keeps one; `once`: of the very first of these, in
    which what keeps checkpoints is loaded.
    """

    program: Program
    step: Span
    record: Span
    ends: Span
    once: float

    def of_run(self) -> Span:
        """The seconds of a run: all its steps and records, its start and its last checkpoint."""
        cell, times = self.program.cells[0], zip(self.step, self.record, self.ends, strict=True)
        low, high = (cell.steps * step + len(cell.records) * record + ends for step, record, ends in times)
        return Span(low, high)


def timed(cells: Sequence[Cell], streams: int) -> list[Timed]:
    """The compiled programs that some cells need, timed without training anything that is kept.

    Each program is compiled, and then run by `streams` threads at once, as it will be: a step and a record by what one
    thread needs for at least 0.2 s of them, three times.

    **Arguments:** `streams`: how many runs will proceed at a time; at most as many as there are runs are timed.
    """
    with threads(streams) as pool:
        ready = [future.result() for future in [pool.submit(compiled, group) for group in programs(cells)]]
        return [_timed(program, pool, streams) for program in ready]


def makespan(jobs: Sequence[tuple[int, float]], streams: int) -> float:
    """The seconds until all runs have ended, each begun on the first stream that is free.

        >>> makespan([(3, 10.0), (1, 4.0)], streams=2)  # 10, 10, then 10 and 4 beside each other
        20.0

    **Arguments:** `jobs`: how many runs take how many seconds each, in their order.
    """
    ends = [0.0] * streams
    for number, seconds in jobs:
        while number and (number < streams or max(ends) - ends[0] > seconds):
            heapq.heapreplace(ends, ends[0] + seconds)
            number -= 1
        ends = [end + number // streams * seconds for end in ends]  # from here on each stream has one in turn
        for _ in range(number % streams):
            heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


def _timed(program: Program, pool: ThreadPoolExecutor, streams: int) -> Timed:
    """One program, timed by several threads at once."""
    runs = sum(len(cell.keys) for cell in program.cells)
    count = min(streams, runs)
    together = threading.Barrier(count)
    futures = [pool.submit(_paced, program.cells[0], together) for _ in range(count)]
    found = [future.result() for future in futures]
    signals.check()
    *kinds, once = ([time for times in kind for time in times] for kind in zip(*found, strict=True))
    return Timed(program, *(Span(min(times), max(times)) for times in kinds), once=max(once))


def _paced(cell: Cell, together: threading.Barrier) -> tuple[list[float], ...]:
    """The seconds of a step, a record and a run's ends, several times each, by the code that trains; last the first."""
    try:
        identity = run_identity(cell, cell.keys[0])
        cell = dataclasses.replace(cell, folder=None)
        keys, state = RunKeys.of(cell.keys[0]), start_or_restore(cell, 0)
        program = lanes([cell], [keys], [state])
        between = cell.records[1] - cell.records[0] if len(cell.records) > 1 else cell.steps
        most = min(between, program.room(0))
        program.advance(0, 1)
        recording.take_of(cell, state.carry, keys.probes)  # whatever is compiled is compiled now
        together.wait()
    except BaseException:
        together.abort()  # the others do not wait for what does not come
        raise
    n, took = 1, 0.0
    while took < CLOCK and n < most:
        n = min(most, 2 * n if took == 0 else max(2 * n, int(1.2 * n * CLOCK / took)))
        took = _seconds(functools.partial(program.advance, 0, n))
    steps = [_repeated(functools.partial(program.advance, 0, n)) / n for _ in range(ROUNDS)]
    records = [_repeated(lambda: recording.take_of(cell, state.carry, keys.probes)) for _ in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as place:
        numbers = itertools.count()

        def ends() -> None:
            start_or_restore(cell, 0)
            if cell.keep:
                checkpoints.save(Path(place), next(numbers), state, identity)

        first = _seconds(ends)
        return steps, records, [_seconds(ends) for _ in range(ROUNDS)], [first]


def _repeated(act: Callable[[], object]) -> float:
    """The seconds of an act, the mean over as many as take 0.2 s."""
    count, total = 0, 0.0
    while total < CLOCK:
        signals.check()
        total += _seconds(act)
        count += 1
    return total / count


def _seconds(act: Callable[[], object]) -> float:
    """The seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
