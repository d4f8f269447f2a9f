"""Outcomes of runs, from their samples and parameters alone: which failed, how, and since when."""

from enum import StrEnum
from itertools import pairwise

import numpy as np
import xarray as xr

WORST = 1.0  # shortfall that counts: worse than untrained samples are as bad as these
FAR = 0.5  # shortfall over the last quarter from which a run has failed …
LOST = 0.25  # … or this much above the least that it held over a tenth of the run
SIZE = 8.0  # diverged: samples this many times as spread as real ones
MOVED = 0.2  # too slow: the generator is nearer to its start than this share of its size, or …
GAINS, MORE = 0.03, 4  # … the shortfall fell by this much from the third quarter to the last, and so reaches `FAR` soon
SWINGS, CROSSINGS = 0.2, 3  # oscillating: the shortfall crosses a band of this width this often in the second half
NARROW, NARROWED = 0.35, 0.5  # collapsed: this share of the real ones' spread or neighbours' distance, and of its start
FEW, NEAR = 0.5, 0.5  # … or this share of the modes, while this share of the samples is near one


class Failure(StrEnum):
    """The kinds of failure, and none."""

    HEALTHY = "healthy"
    DIVERGED = "diverged"
    SLOW = "too slow"
    OSCILLATING = "oscillating"
    DRIFTED = "drifted"
    COLLAPSED = "collapsed"
    STALLED = "stalled"


MEANINGS = {
    Failure.HEALTHY: f"a median shortfall up to {FAR} over the last quarter, and not {LOST} more than was once held",
    Failure.DIVERGED: f"a number is no longer finite, or samples are {SIZE:g} times as spread as real ones",
    Failure.SLOW: f"the generator is within {MOVED:.0%} of where it began, or at its pace is good after as long again",
    Failure.OSCILLATING: f"quality comes and goes: it crosses a band of {SWINGS} {CROSSINGS} times in the second half",
    Failure.DRIFTED: f"it once held a shortfall {LOST} below that of the last quarter",
    Failure.COLLAPSED: "samples draw together, or are near few of the modes",
    Failure.STALLED: "none of these: the players move, and samples are far from real ones and stay so",
}


def failures(dataset: xr.Dataset) -> np.ndarray:
    """The outcome of each run, `(run,)` of `Failure`: the first of its kinds that applies, in their order.

    **Arguments:** `dataset`: as of `trained`.
    """
    return np.array([_failure(dataset.isel(run=i)) for i in range(dataset.sizes["run"])])


def _failure(run: xr.Dataset) -> Failure:
    short = np.minimum(run["shortfall"].values, WORST)  # NaN stays
    quarter, half = -(-len(short) // 4), -(-len(short) // 2)
    late = {name: run[name].values[-quarter:] for name in ("spread", "nearest", "covered", "generator_moved")}
    if int(run["diverged_at"]) >= 0 or not np.isfinite(short[-quarter:]).all():
        return Failure.DIVERGED
    if np.exp(np.median(late["spread"])) >= SIZE:
        return Failure.DIVERGED
    now, before = np.median(short[-quarter:]), np.median(short[-2 * quarter : -quarter])
    lost = now - held(short[None])[0] > LOST
    if now <= FAR and not lost:
        return Failure.HEALTHY
    if np.median(late["generator_moved"]) < MOVED or before - now >= max(GAINS, (now - FAR) / MORE):
        return Failure.SLOW
    if crossings(short[-half:]) >= CROSSINGS:
        return Failure.OSCILLATING
    if lost:
        return Failure.DRIFTED
    narrow = any(_narrow(run[name].values, late[name]) for name in ("spread", "nearest"))
    if narrow or _few(float(np.median(late["covered"])), float(now)):
        return Failure.COLLAPSED
    return Failure.STALLED


def _narrow(whole: np.ndarray, late: np.ndarray) -> bool:
    """Whether the logarithm of a width is small beside real samples', and beside what it began with."""
    return bool(np.median(late) <= np.log(NARROW) and np.median(late) <= whole[0] + np.log(NARROWED))


def _few(covered: float, shortfall: float) -> bool:
    """Whether of modes few are covered, by samples that are near them: 1 − shortfall is their product."""
    return bool(0 < covered < FEW and (1 - shortfall) / covered >= NEAR)


def held(short: np.ndarray) -> np.ndarray:
    """The least shortfall that each run held: the least median over a tenth of its records, `(run,)`.

    >>> held(np.array([[1.0, 0.2, 0.1, 0.3, 1.0]])).tolist()
    [0.2]
    """
    width = max(3, short.shape[1] // 10)
    windows = [np.median(short[:, i : i + width], axis=1) for i in range(short.shape[1] - width + 1)]
    return np.nanmin(np.where(np.isfinite(windows), windows, np.inf), axis=0)


def crossings(values: np.ndarray) -> int:
    """How often values go from one side of a band to the other, of width `SWINGS` about the middle of their range.

    >>> crossings(np.array([0.0, 1.0, 0.0, 0.5, 0.45, 1.0]))
    3
    """
    low, high = np.quantile(values, [0.05, 0.95])
    if high - low < SWINGS:
        return 0
    middle = (low + high) / 2
    sides = [np.sign(each - middle) for each in values if abs(each - middle) > SWINGS / 2]
    return int(sum(one != other for one, other in pairwise(sides)))


def visible(dataset: xr.Dataset, failed: np.ndarray, deadlines: dict[str, float]) -> np.ndarray:
    """The step at which the samples of each failed run first show it, `(run,)`; NaN for healthy ones.

    A run that diverged shows it there. Another one shows it from the step on after which it is never again good, but
    not before its game's deadline: until then healthy runs are not good yet either.

    **Arguments:** `deadlines`: of each game the step by which nine of ten healthy runs are good.
    """
    short, steps = dataset["shortfall"].transpose("run", "step").values, dataset["step"].values
    found = np.full(len(short), np.nan)
    for i in np.flatnonzero(failed):
        good = np.flatnonzero(short[i] <= FAR)
        since = steps[min(good[-1] + 1, len(steps) - 1)] if len(good) else steps[0]
        found[i] = max(float(since), deadlines[str(dataset["game"].values[i])])
        if (lost := dataset["diverged_at"].values[i]) >= 0:
            found[i] = min(found[i], float(lost))
    return found


def deadlines(dataset: xr.Dataset, healthy: np.ndarray) -> dict[str, float]:
    """Of each game the step by which nine of ten healthy runs are good for good; the last where none is healthy."""
    short, steps = dataset["shortfall"].transpose("run", "step").values, dataset["step"].values
    found = {}
    for game in np.unique(dataset["game"].values):
        own = np.flatnonzero(healthy & (dataset["game"].values == game))
        reached = [steps[min(np.flatnonzero(short[i] > FAR).max(initial=-1) + 1, len(steps) - 1)] for i in own]
        found[str(game)] = float(np.quantile(reached, 0.9)) if len(own) else float(steps[-1])
    return found
