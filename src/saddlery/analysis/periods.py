"""Periods of a recorded number: whether it swings at one frequency more than noise of the same colour does."""

import math
from typing import NamedTuple

import numpy as np

POINTS = 4096  # on which a record is looked at
LEAST = 100  # records that it takes
CYCLES = 5  # at least, in the record
SHORTEST = 4  # points of a cycle
SURE = 1e-4  # chance of noise
SHARE, BESIDE = 0.2, 2  # of the variance about a line, that is at the frequency and this far beside it
DEGREE, WEIGHT = 3, 0.25  # of the cubic, and how much less high frequencies, which are many, count in it


class Period(NamedTuple):
    """A period: its length in steps, how often it is in the record, and its share of the variance about a line."""

    length: float
    cycles: float
    share: float


def period(steps: np.ndarray, values: np.ndarray) -> Period | None:
    """The period of a record; `None` where there is none that is told from noise, or too few records.

    The record is laid on even steps and a line taken out. The largest ordinate of the periodogram is asked for beside
    the spectrum of noise, a cubic in the logarithms of frequency and power (so that what wanders, or is smooth, counts
    as noise): over it the n ordinates of noise are exponential, and their largest is above r with a chance of
    1 − (1 − e^{−r})ⁿ.

        >>> steps = np.arange(0, 5000, 10)
        >>> noise = np.random.default_rng(0).normal(size=500)
        >>> found = period(steps, np.sin(2 * np.pi * steps / 250) + noise)
        >>> round(found.length), round(found.cycles), 0.2 < found.share < 0.5
        (250, 20, True)
        >>> period(steps, noise.cumsum()) is None
        True

    **Arguments:** `steps`, rising, and `values`, finite, `(record,)`.
    """
    if len(values) < LEAST:
        return None
    power, span = _spectrum(steps.astype(float), values.astype(float))
    if not len(power) or not power.sum() > 0:
        return None
    at = np.arange(1, len(power) + 1)
    inside = (at >= CYCLES) & (at <= 2 * len(power) // SHORTEST)
    noise = power / _noise(at, power)
    best = int(at[inside][noise[inside].argmax()])
    apart = np.abs(at - best) > BESIDE
    over = float((power / _noise(at, power, apart))[best - 1])
    chance = -math.expm1(inside.sum() * math.log1p(-math.exp(-over))) if over < 700 else 0.0
    share = float(power[~apart].sum() / power.sum())
    return Period(span / best, float(best), share) if chance <= SURE and share >= SHARE else None


def thinned(values: np.ndarray, points: int) -> np.ndarray:
    """A record as at most so many means of what is next to each other.

    >>> thinned(np.arange(3000.0), 1000)[:2].tolist()
    [1.0, 4.0]
    """
    if len(values) <= points:
        return values
    begun = np.linspace(0, len(values), points + 1)[:-1].astype(int)
    return np.add.reduceat(values, begun) / np.diff(np.append(begun, len(values)))


def _spectrum(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """The periodogram of a record on even steps without its line, from one cycle in it on; and its length in steps."""
    count = min(POINTS, len(values))
    steps, values = thinned(steps, POINTS), thinned(values, POINTS)
    even = np.interp(np.linspace(steps[0], steps[-1], count), steps, values)
    time = np.linspace(-0.5, 0.5, count)
    even = even / (np.abs(even).max() or 1.0)
    even -= even.mean() + time * (time @ even) / (time @ time)
    if not np.abs(even).max() > 1e-9:
        return np.zeros(0), 0.0
    return np.abs(np.fft.rfft(even))[1:] ** 2, float((steps[-1] - steps[0]) * count / (count - 1))


def _noise(at: np.ndarray, power: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
    """The spectrum of noise: a cubic through the logarithms of those ordinates that are kept."""
    frequency = np.log(at / len(at))
    logs = np.log(np.maximum(power, 1e-12 * power.max()))
    kept = np.ones(len(at), bool) if kept is None else kept
    fit = np.polynomial.Polynomial.fit(frequency[kept], logs[kept], DEGREE, w=at[kept] ** -WEIGHT)
    return np.exp(fit(frequency) + np.euler_gamma)  # of an exponential variable the logarithm's mean is −γ
