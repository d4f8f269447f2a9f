"""Memory as K grows, and what keeping freed memory is worth."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import ours
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import calibrate, turn

ROUNDS = 5


def rows():
    """Bytes at K = 10 and 100, and steps per second with and without the raised thresholds."""
    game = ours.unrolled_ring()
    held = {steps: ours.Trainer(game, ours.unrolled(steps)).temporary_bytes() for steps in (10, 100)}
    for steps, count in held.items():
        yield Row("memory", f"K={steps}: the compiled program's own", [count / 1e6], "MB")
    yield Row("memory", "K=100 / K=10, the compiled program's own", [held[100] / held[10]], "", 3.0, True)
    resident = {steps: [peak_and_time(steps)[0]] for steps in (10, 100)}
    for steps, peaks in resident.items():
        yield Row("memory", f"K={steps}: the whole process at its peak", peaks, "MB")
    yield Row("memory", "K=100 / K=10, the whole process", ratios(resident[100], resident[10]), "", 3.0, True)
    kept, left = zip(*((peak_and_time(10)[1], peak_and_time(10, keep=False)[1]) for _ in range(ROUNDS)), strict=True)
    yield Row("memory", "K=10: allocator as it is", rates(left), "steps/s")
    yield Row("memory", "K=10: freed memory kept", rates(kept), "steps/s")
    yield Row("memory", "K=10: times as fast for it", ratios(left, kept), "×")


def peak_and_time(steps: int, keep: bool = True) -> tuple[float, float]:
    """Peak resident megabytes and seconds per step of unrolled training in a process of its own."""
    environment = os.environ | {"SADDLERY_MALLOC": "1" if keep else "0"}
    command = [sys.executable, "-m", "benchmarks.memory", str(steps)]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    peak, seconds = map(float, printed.split())
    return peak, seconds


def measure(steps: int) -> None:
    """The process that `peak_and_time` starts: prints both."""
    from saddlery._system.allocator import keep_memory

    keep_memory()
    trainer = ours.Trainer(ours.unrolled_ring(), ours.unrolled(steps))
    seconds = turn(trainer, calibrate(trainer, 0.1), 1.0)
    # Not getrusage, whose peak a child inherits from its parent.
    (peak,) = (
        line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    print(int(peak) / 1e3, seconds)


if __name__ == "__main__":
    measure(int(sys.argv[1]))
