"""Confidence intervals over seeds: of a median, a mean, a geometric mean and a share, and how they are written.

The coverage of each was measured on the shapes that recorded numbers have: `tests/analysis/test_intervals.py`.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from saddlery.analysis.numbers import number

LEVEL = 0.95  # the confidence
FEW = 5  # seeds from which the least and the greatest are an interval of the median
LEAST = 3  # seeds from which Student's t was measured to cover
TIED = 0.5  # the share of equal values from which Student's t is not used

Of = Literal["median", "mean", "geometric mean"]
KINDS = {  # in words, after "numbers are"
    "median": "medians over seeds with 95% intervals of order statistics, from five seeds on (of five the least to the "
    "greatest, 93.75%)",
    "mean": "means over seeds with Student's intervals of 95%, from three seeds on",
    "geometric mean": "geometric means over seeds with Student's intervals of 95% of their logarithms, from three "
    "seeds on (where a seed's is not positive, medians with theirs)",
}


class Interval(NamedTuple):
    """A statistic over seeds and its interval; the ends are NaN where there are too few seeds for one."""

    middle: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 where the interval lies above zero, −1 where it lies below, and 0 where it holds zero or there is none.

        >>> Interval(2.0, 1.0, 3.0).sign, Interval(0.0, -1.0, 1.0).sign, NONE.sign
        (1, 0, 0)
        """
        return int(self.low > 0) - int(self.high < 0)


NONE = Interval(np.nan, np.nan, np.nan)


def interval(values: xr.DataArray | ArrayLike, of: Of = "median") -> Interval:
    """The 95% confidence interval over seeds of a median, a mean or a geometric mean.

    Seeds without a value (NaN) are left out.

    - `"median"`: the order statistics x₍ₖ₎ and x₍ₙ₊₁₋ₖ₎ with the greatest k for which they cover the median of any
      distribution with at least 95%, which is 1 − 2 P(B < k) with B binomial (n, ½); for n = 5 the least to the
      greatest value, 93.75%.
    - `"mean"`: Student's, x̄ ± t s / √n, from 3 seeds on, and only where fewer than half of the values are equal: a
      standard deviation says little of numbers that hardly differ.
    - `"geometric mean"`: exp of that of log x; where a value is not positive, that of the median.

    >>> interval([1.0, 2.0, 3.0, 4.0, 5.0])
    Interval(middle=3.0, low=1.0, high=5.0)
    >>> interval([1.0, 2.0, 3.0])
    Interval(middle=2.0, low=nan, high=nan)

    **Raises:** `KeyError` for another statistic.
    """
    known = np.asarray(values, float).ravel()
    known = known[~np.isnan(known)]
    if not len(known):
        return NONE
    middle, low, high = (float(each) for each in STATISTICS[of](known[None])[:, 0])
    return Interval(middle, low, high)


def _median(values: np.ndarray) -> np.ndarray:
    k = rank(values.shape[1])
    ordered = np.sort(values, axis=1)
    ends = (ordered[:, k - 1], ordered[:, -k]) if k else (np.full(len(values), np.nan),) * 2
    return np.stack([np.median(values, axis=1), *ends])


def rank(seeds: int) -> int:
    """The place from either end of the order statistics that cover a median with 95%, 0 below five seeds.

    >>> [rank(seeds) for seeds in (4, 5, 8, 16)]
    [0, 1, 1, 4]
    """
    from scipy.stats import binom

    if seeds < FEW:
        return 0
    return max(1, int((2 * binom.cdf(np.arange(seeds // 2), seeds, 0.5) <= 1 - LEVEL).sum()))


def _mean(values: np.ndarray) -> np.ndarray:
    from scipy.stats import t

    count = values.shape[1]
    middle = values.mean(1)
    with np.errstate(invalid="ignore"):
        half = t.ppf((1 + LEVEL) / 2, max(1, count - 1)) * values.std(1, ddof=min(1, count - 1)) / np.sqrt(count)
        half = np.where((count >= LEAST) & (_ties(values) < TIED * count), half, np.nan)
        return np.stack([middle, middle - half, middle + half])


def _ties(values: np.ndarray) -> np.ndarray:
    """How many of the values in each row `(many, n)` are equal, at most, `(many,)`."""
    return (values[:, :, None] == values[:, None, :]).sum(1).max(1)


def _geometric(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        of_logarithms = np.exp(_mean(np.log(values)))
    return np.where((values > 0).all(1), of_logarithms, _median(values))


# From values `(many, n)` to the middles and the ends `(3, many)`.
STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "median": _median,
    "mean": _mean,
    "geometric mean": _geometric,
}


def share(successes: int, trials: int) -> Interval:
    """The share of successes with its exact 95% interval (Clopper, Pearson, 1934).

    Its ends are the shares at which as few, or as many, successes have a probability of 2.5%.

    >>> [round(end, 3) for end in share(8, 8)]
    [1.0, 0.631, 1.0]
    """
    from scipy.stats import beta

    if trials < 1:
        return NONE
    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, successes, trials - successes + 1) if successes else 0.0
    high = beta.ppf(1 - tail, successes + 1, trials - successes) if successes < trials else 1.0
    return Interval(successes / trials, float(low), float(high))


def ends_text(of: Interval, seeds: int, text: Callable[[float], str] = number) -> str:
    """The ends of an interval as text with the number of seeds, `6.8 to 8, n = 8`; or that there is none.

    >>> ends_text(interval([1.0, 2.0, 3.0]), 3)
    'n = 3, too few that differ for an interval'
    """
    if np.isnan(of.low):
        return f"n = {seeds}, too few that differ for an interval"
    return f"{text(of.low)} to {text(of.high)}, n = {seeds}"


def ci_text(values: xr.DataArray | ArrayLike, text: Callable[[float], str] = number, of: Of = "median") -> str:
    """A statistic over seeds as text, with its interval and the number of seeds: `7.5 (6.8 to 8, n = 8)`."""
    found, count = interval(values, of), int((~np.isnan(np.asarray(values, float))).sum())
    return f"{text(found.middle)} ({ends_text(found, count, text)})" if count else "–"


def spread(values: xr.DataArray, of: Of = "median") -> np.ndarray:
    """The `interval` over `seed` at every place along the other dimensions, `(…, 3)`."""
    if values.ndim == 1:
        return np.array(interval(values, of))
    return np.apply_along_axis(interval, -1, values.transpose(..., "seed").values.astype(float), of)
