"""Fair timing on a machine that is never quiet: every contender has its turn in every round, A B C A B C …"""

import statistics
import time
from collections.abc import Callable, Mapping

Steps = Callable[[int], object]  # takes so many steps, and returns when they are done


def race(contenders: Mapping[str, Steps], rounds: int = 5, seconds: float = 1.0) -> dict[str, list[float]]:
    """Seconds per step of each contender, one number a round, each out of about `seconds` of steps."""
    counts = {name: calibrate(steps, seconds) for name, steps in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, steps in contenders.items():
            times[name].append(clock(steps, counts[name]) / counts[name])
    return times


def clock(steps: Steps, n: int) -> float:
    """The seconds that `n` steps take."""
    began = time.perf_counter()
    steps(n)
    return time.perf_counter() - began


def calibrate(steps: Steps, seconds: float) -> int:
    """How many steps take about `seconds`, found on warm caches."""
    steps(1)
    n = 1
    while (took := clock(steps, n)) < 0.2 * seconds:
        n *= 2
    return max(1, round(n * seconds / took))


def fastest(times: Mapping[str, list[float]], names) -> str:
    """Of these names the one with the smallest median."""
    return min(names, key=lambda name: statistics.median(times[name]))
