"""Sweeps on the Numerics' ring: beside PyTorch one after another or in processes, in their size, and their store."""

import tempfile
import time
from pathlib import Path

from benchmarks import ours
from benchmarks.processes import PEERS, SideBySide
from benchmarks.table import Row, ratios
from benchmarks.timing import race
from benchmarks.unroll import start_of, trained, words
from saddlery.experiments import local
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.records.store import Store

METHODS = {"simultaneous": None, "consensus(gamma=10.0)": 10.0}
AFTER = {"simultaneous": 12.0, "consensus(gamma=10.0)": 15.0}  # times PyTorch, its runs one after another
BESIDE = 6.0  # and in a process of one thread for each core
RATES = [1e-5, 3e-5, 1e-4, 3e-4]
STEPS, ROUNDS, SECONDS = 1000, 3, 2.0


def rows():
    """Run-steps per second of a sweep and of PyTorch; 256 runs in terms of 16; the share of the store."""
    for name, gamma in METHODS.items():
        start = start_of(ours.Trainer(sd_ring(), prepare(experiment((name,), 1, 1)).methods[name]))
        theirs = {
            (how, threads): trained(peer(*start, gamma), threads) for how, peer in PEERS.items() for threads in (1, 2)
        }
        sweep = cells_of(prepare(experiment((name,), STEPS, 4, RATES, every=STEPS)), None)  # PyTorch records nothing
        train(sweep)  # compiled
        speeds, times, beside = [], {key: [] for key in theirs}, {how: [] for how in PEERS}
        for _ in range(ROUNDS):
            speeds.append(len(sweep) * 4 * STEPS / train(fresh(sweep)))
            for key, seconds in race(theirs, rounds=1).items():
                times[key] += seconds
            for how in PEERS:
                with SideBySide(how, start, gamma) as processes:
                    beside[how].append(processes.speed(SECONDS))
        yield Row("sweep", f"{name}: 16 runs of {STEPS} steps, saddlery", speeds, "run-steps/s")
        for how in PEERS:
            best = min(((how, 1), (how, 2)), key=lambda key: sorted(times[key])[ROUNDS // 2])
            for where, peer, target in (
                (f"one after another, {words(best[1])}", [1 / seconds for seconds in times[best]], AFTER[name]),
                ("in a process of one thread for each core", beside[how], BESIDE),
            ):
                yield Row("sweep", f"{name}: PyTorch {how}, {where}", peer, "run-steps/s")
                yield Row("sweep", f"{name}: times as fast as that", ratios(speeds, peer), "×", target)
    yield from sizes()


def sizes():
    """Whole sweeps with their records, stored: 16 runs and 256 in turn."""
    growth, shares = [], []
    for _ in range(2):
        small, _ = stored(4, [RATES[0], RATES[1], RATES[2], RATES[3]])
        large, share = stored(16, [rate * (1 + 0.1 * i) for rate in RATES for i in range(4)])
        growth.append(large / small / 16)
        shares.append(100 * share)
    yield Row("sweep", f"256 runs of {STEPS} steps, in 16 times what 16 runs take", growth, "", 1.15, True)
    yield Row("sweep", "of a sweep's time spent on its store", shares, "%", 2.0, True)


def stored(seeds: int, learning_rates) -> tuple[float, float]:
    """Seconds of a sweep with its store, and the share of them in which cells were written."""
    one = experiment(("simultaneous",), STEPS, seeds, learning_rates)
    writing, write = [0.0], Store.write

    def timed(self, place, cell):
        began = time.perf_counter()
        write(self, place, cell)
        writing[0] += time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        ready = prepare(one)
        train(cells_of(prepare(experiment(("simultaneous",), 2, 1)), None))  # compiled
        Store.write = timed
        try:
            began = time.perf_counter()
            with claimed(Path(folder) / "sweep", one):
                run_experiment(ready, Path(folder) / "sweep")
            seconds = time.perf_counter() - began
        finally:
            Store.write = write
    return seconds, writing[0] / seconds


def experiment(methods, steps: int, seeds: int, learning_rate=None, every: int | None = None) -> Experiment:
    """Methods on the Numerics' ring, by default with a record at every tenth of the steps."""
    return Experiment(
        "ring(preset='numerics')", methods, steps=steps, every=every or max(1, steps // 10), seeds=seeds,
        learning_rate=learning_rate, shown=0,
    )  # fmt: skip


def sd_ring():
    """The game."""
    return prepare(experiment(("simultaneous",), 1, 1)).game


def fresh(cells):
    """The same cells, to be trained again."""
    for cell in cells:
        cell.stop.clear()
    return cells


def train(cells) -> float:
    """Seconds in which cells are trained."""
    began = time.perf_counter()
    local.train(cells, done=lambda cell, stages: None)
    return time.perf_counter() - began
