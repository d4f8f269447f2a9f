"""What training takes beside its steps: records of images, the loop between chunks; and what a busy neighbour takes."""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import jax

import saddlery as sd
from benchmarks import ours
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import calibrate, turn
from saddlery.runs import lanes, loop, recording

NAME = "beside the steps"
ROUNDS, SECONDS, WHOLE = 5, 1.0, 15.0  # of turns; and seconds of a run whose parts are timed
RECORD, BETWEEN = 0.05, 2.0  # seconds of a record of images; percent of what is neither step nor record
QUIET = 0.85  # of the speed that a program of one thread keeps beside a busy process
SPIN = "while True: pass"


def rows():
    """Seconds of a record, the share of what is neither step nor record, and speeds beside a process that spins."""
    ring = sd.games.ring(preset="numerics")
    records, _ = parts(sd.games.digits(), 400, 10)
    yield Row(NAME, "a record of digits", records, "s", RECORD, True)
    steps = round(WHOLE * calibrate(ours.Trainer(ring, sd.methods.simultaneous()), SECONDS) / SECONDS)
    shares = [100 * parts(ring, steps, 50)[1] for _ in range(3)]
    yield Row(NAME, f"small ring, neither steps nor records, of {WHOLE:g} s", shares, "%", BETWEEN, True)
    for name, game, method in (
        ("small ring, simultaneous", ring, sd.methods.simultaneous()),
        ("small ring, consensus", ring, sd.methods.consensus(gamma=10.0)),
        ("unrolled ring, K=10", ours.unrolled_ring(), ours.unrolled(10)),
    ):
        alone, beside = with_neighbour(ours.Trainer(game, method))
        yield Row(NAME, f"{name}, alone", rates(alone), "steps/s")
        yield Row(NAME, f"{name}, beside a process that spins, of that", ratios(alone, beside), "", QUIET)


def parts(game, steps: int, records: int) -> tuple[list[float], float]:
    """The seconds of each record but the first of a run in a folder, and the share of neither steps nor records."""
    spent = defaultdict(list)
    places = {"loop": (loop, "train_lanes"), "step": (lanes, "steps_from"), "record": (recording, "take_of")}
    bare = {part: getattr(*place) for part, place in places.items()}

    def timed(part):
        def call(*given, **named):
            if part == "loop":
                spent.clear()  # what came before has compiled
            began = time.perf_counter()
            found = jax.block_until_ready(bare[part](*given, **named))
            spent[part].append(time.perf_counter() - began)
            return found

        return call

    try:
        for part, place in places.items():
            setattr(*place, timed(part))
        with tempfile.TemporaryDirectory() as folder:
            sd.train(
                game, sd.methods.simultaneous(), steps=steps, every=steps // records, probes=sd.metrics.probes(game),
                key=jax.random.key(0), out=Path(folder) / "run", on_progress=lambda progress: None,
            )  # fmt: skip
    finally:
        for part, place in places.items():
            setattr(*place, bare[part])
    (whole,) = spent["loop"]
    return spent["record"], 1 - (sum(spent["step"]) + sum(spent["record"])) / whole


def with_neighbour(trainer) -> tuple[list[float], list[float]]:
    """Seconds per step alone and beside a process that spins, in turns."""
    alone, beside, n = [], [], calibrate(trainer, 0.1 * SECONDS)
    for _ in range(ROUNDS):
        alone.append(turn(trainer, n, SECONDS))
        neighbour = subprocess.Popen([sys.executable, "-c", SPIN])
        try:
            time.sleep(0.1)  # until it spins
            beside.append(turn(trainer, n, SECONDS))
        finally:
            neighbour.kill()
            neighbour.wait()
    return alone, beside
