"""Whole runs: from the command to the first step, and seeds side by side."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax

import saddlery as sd
from benchmarks import ours
from benchmarks.table import Row, ratios
from benchmarks.timing import calibrate
from saddlery._system.cores import usable_cores

SEEDS, SECONDS, ROUNDS = 8, 1.0, 5
COMMAND = ("run", "ring", "--method", "unrolled(steps=10)", "--seeds", "1", "--steps", "1", "--quiet", "--no-report")
WHOLE = ("run", "ring", "--steps", "1")


def rows():
    """Seconds to the end of a run of one step, and run-steps per second of eight seeds."""
    with tempfile.TemporaryDirectory() as folder:
        cold, *warm = (command_seconds(Path(folder), i) for i in range(4))
    yield Row("runs", "`saddlery run` of one step, start to end, empty cache", [cold], "s")
    yield Row("runs", "`saddlery run` of one step, start to end, warm cache", warm, "s", 5.0, True)
    with tempfile.TemporaryDirectory() as folder:
        _, *whole = (command_seconds(Path(folder), i, WHOLE) for i in range(6))
    yield Row("runs", "`saddlery run ring --steps 1`, its report drawn, warm cache", whole, "s", 3.0, True)
    games = {
        "simultaneous": (sd.games.ring(preset="numerics"), sd.methods.simultaneous()),
        "unrolled(steps=10)": (ours.unrolled_ring(), ours.unrolled(10)),
    }
    for name, (game, method) in games.items():
        steps = calibrate(ours.Trainer(game, method), SECONDS)
        alone, together = zip(
            *((throughput(game, method, seeds, steps) for seeds in (1, SEEDS)) for _ in range(ROUNDS)), strict=True
        )
        yield Row("runs", f"{name}, seeds one after another", alone, "run-steps/s")
        yield Row("runs", f"{name}, {SEEDS} seeds side by side", together, "run-steps/s")
        yield Row("runs", f"{name}, side by side: times as many", ratios(together, alone), "×")


def command_seconds(folder: Path, i: int, command=COMMAND) -> float:
    """How long the command takes, with its compilation cache in this folder."""
    environment = os.environ | {"SADDLERY_CACHE": str(folder / "cache")}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "saddlery", *command, "--out", str(folder / f"run-{i}")],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - began


def throughput(game, method, seeds: int, steps: int) -> float:
    """Steps per second of all runs of `saddlery.train` together, a thread for each core."""
    history = sd.train(game, method, steps=steps, every=steps, seeds=seeds, key=jax.random.key(0)).history
    return float(history.steps_per_second.mean()) * min(seeds, usable_cores())
