"""Bootstrap confidence intervals over seeds, and how they are written."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import number

RESAMPLES = 10_000
LEVEL = 0.95


def interval(values: xr.DataArray | np.ndarray) -> tuple[float, float, float]:
    """The median over seeds, and its percentile bootstrap interval of 95%: median, low, high.

    Seeds without a value are left out; NaN where none has one.
    """
    known = np.asarray(values, float).ravel()
    known = known[~np.isnan(known)]
    if not len(known):
        return np.nan, np.nan, np.nan
    drawn = np.random.default_rng(0).integers(len(known), size=(RESAMPLES, len(known)))
    medians = np.median(known[drawn], axis=1)
    low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="inverted_cdf")
    return float(np.median(known)), float(low), float(high)


def ci_text(values: xr.DataArray | np.ndarray, text: Callable[[float], str] = number) -> str:
    """The median over seeds as text, with its interval where there are several, `7.5 (6.8 to 8)`."""
    median, low, high = interval(values)
    if np.isnan(median) or np.size(values) < 2:
        return text(median) if not np.isnan(median) else "–"
    return f"{text(median)} ({text(low)} to {text(high)})"


def spread(values: xr.DataArray) -> np.ndarray:
    """The bootstrap `interval` over `seed` at every place along the other dimensions, `(…, 3)`."""
    if values.ndim == 1:
        return np.array(interval(values))
    return np.apply_along_axis(interval, -1, values.transpose(..., "seed").values.astype(float))


def intervals(values: xr.DataArray) -> xr.Dataset:
    """The mean over seeds of values `(rival, seed)`, with its bootstrap interval of 95%: `mean`, `low`, `high`.

    Seeds are drawn with replacement, the same for all rivals.
    """
    values = values.transpose("rival", "seed")
    count = values.sizes["seed"]
    drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    means = values.values[:, drawn].mean(-1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    numbers = {"mean": values.values.mean(1), "low": low, "high": high}
    return xr.Dataset({name: ("rival", each) for name, each in numbers.items()}, {"rival": values["rival"]})
