"""Fair timing on a machine that is never quiet: every contender has its turn in every round, A B C A B C …"""

import statistics
import time
from collections.abc import Callable, Mapping

Steps = Callable[[int], object]  # takes so many steps, and returns when they are done


def race(contenders: Mapping, rounds: int = 5, seconds: float = 1.0) -> dict:
    """Seconds per step of each contender (name to `Steps`), one number a round, each out of `seconds` of steps."""
    slices = {name: calibrate(steps, 0.1 * seconds) for name, steps in contenders.items()}
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, steps in contenders.items():
            times[name].append(turn(steps, slices[name], seconds))
    return times


def turn(steps: Steps, n: int, seconds: float) -> float:
    """Seconds per step, over as many slices of `n` steps as it takes for the time to be up."""
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        steps(n)
        done += n
    return took / done


def calibrate(steps: Steps, seconds: float) -> int:
    """How many steps take about `seconds`, on warm caches."""
    steps(1)
    n = 1
    while (took := turn(steps, n, 0.2 * seconds) * n) < 0.2 * seconds:
        n *= 2
    return max(1, round(n * seconds / took))


def fastest(times: Mapping, names) -> tuple:
    """Of these names the one with the smallest median."""
    return min(names, key=lambda name: statistics.median(times[name]))
