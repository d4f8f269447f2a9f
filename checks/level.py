"""Level and power of a fair comparison, simulated: `python -m checks.level` prints the tables of `docs/studies.md`.

Twenty-two methods, of which one is the baseline; each is tuned on a seed and judged on a fresh one, sixteen times, and
its sixteen differences from the baseline are tested by sign flips, corrected after Holm. This is what
`saddlery.studies.fair` does, on numbers that are drawn in the place of trained ones.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saddlery.analysis.paired import holm, sign_flips

RIVALS, PAIRS, ALPHA, AT_ONCE = 22, 16, 0.05, 250
BETTER = 2.0  # of the partial nulls: by how much half of the methods are better
SHIFTS = np.arange(0.25, 4.01, 0.25)
SHAPES = ("normal", "lognormal", "t, 3 df", "t, 2 df", "modes covered")
UNITS = {"normal": 1.0, "lognormal": 1.077, "t, 3 df": 1.134, "t, 2 df": 1.211, "modes covered": 1.0}  # IQR / 1.349


class Scenario(NamedTuple):
    """A scenario of the simulation.

    - `shape`: of a run's score at a setting, one of `SHAPES`. `settings`: how many each method is tuned over.
    - `slope`: by how much, in units, a setting is worse than its neighbour towards the best one; 0 if all are alike.
    - `better`: how many methods are truly better than the baseline, by `by` units; the others are copies of it.
    """

    shape: str
    settings: int
    slope: float
    better: int = 0
    by: float = BETTER


def scenarios() -> list[Scenario]:
    """Those of which the level is measured: identical methods, and partial nulls."""
    same = [Scenario(shape, n, slope) for shape in SHAPES for n in (7, 21) for slope in (0.0, 0.4)]
    return [*same, *(Scenario(shape, 7, 0.4, RIVALS // 2) for shape in SHAPES)]


def probabilities(of: Scenario, repetitions: int, seed: int = 0) -> Iterator[np.ndarray]:
    """The corrected p-values `(some, rivals)` of as many repetitions as there are, the truly better methods first."""
    random, left = np.random.default_rng([seed, *scenario_seed(of)]), repetitions
    levels = -of.slope * abs(np.arange(of.settings) % 7 - 3.0)
    gain = np.zeros(RIVALS)
    gain[1 : 1 + of.better] = of.by
    while left > 0:
        many = min(AT_ONCE, left)
        tuned = drawn(random, of.shape, np.broadcast_to(levels[:, None], (many, RIVALS, of.settings, PAIRS)))
        judged = drawn(random, of.shape, levels[tuned.argmax(2)] + gain[:, None])
        yield holm(sign_flips(judged[:, 1:] - judged[:, :1]))
        left -= many


def scenario_seed(of: Scenario) -> list[int]:
    """The numbers that tell a scenario's draws from another's."""
    return [SHAPES.index(of.shape), of.settings, round(100 * of.slope), of.better, round(100 * of.by)]


def drawn(random: np.random.Generator, shape: str, level: np.ndarray) -> np.ndarray:
    """Scores of runs at some levels: of a shape around them, or as many modes of eight as that level covers."""
    if shape == "modes covered":
        return random.binomial(8, 1 / (1 + np.exp(-1.5 - 0.7 * level))).astype(float)
    noise = {
        "normal": lambda: random.standard_normal(level.shape),
        "lognormal": lambda: 1 - random.lognormal(0, 1, level.shape),  # a distance, of which less is better
        "t, 3 df": lambda: random.standard_t(3, level.shape),
        "t, 2 df": lambda: random.standard_t(2, level.shape),
    }[shape]()
    return level + noise / UNITS[shape]


def family_wise_error(of: Scenario, repetitions: int) -> float:
    """The share of repetitions in which any difference that there is not is said to hold."""
    return float(np.concatenate([(p[:, of.better :] <= ALPHA).any(1) for p in probabilities(of, repetitions)]).mean())


def power(of: Scenario, repetitions: int) -> float:
    """The share of the differences that there are which are said to hold."""
    return float(np.concatenate([(p[:, : of.better] <= ALPHA).mean(1) for p in probabilities(of, repetitions)]).mean())


def detectable(shape: str, settings: int, slope: float, repetitions: int, wanted: float = 0.8) -> float:
    """The least shift of one method, in units, that is found with a probability of 80%; interpolated."""
    before = 0.0
    for shift in SHIFTS:
        found = power(Scenario(shape, settings, slope, 1, float(shift)), repetitions)
        if found >= wanted:
            return float(shift - (SHIFTS[1] - SHIFTS[0]) * (found - wanted) / (found - before))
        before = found
    return float("inf")


def main(repetitions: int) -> None:
    """Print the table: the level of each scenario, and of each shape the least difference that is found."""
    print(f"| scores | settings | levels of settings | truly better | family-wise error, {repetitions:,} repetitions |")
    print("|---|---|---|---|---|")
    for of in scenarios():
        levels = f"{of.slope:g} apart" if of.slope else "all alike"
        error = 100 * family_wise_error(of, repetitions)
        print(f"| {of.shape} | {of.settings} | {levels} | {of.better} of {RIVALS - 1} | {error:.1f}% |", flush=True)
    print("\n| scores | settings | found with 80%, all alike | found with 80%, 0.4 apart |")
    print("|---|---|---|---|")
    few = max(20, repetitions // 20)
    for shape in SHAPES:
        for settings in (7, 21):
            found = [f"{detectable(shape, settings, slope, few):.2g}" for slope in (0.0, 0.4)]
            print(f"| {shape} | {settings} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
