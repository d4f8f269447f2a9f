"""Bootstrap intervals over seeds."""

import numpy as np
import xarray as xr

RESAMPLES = 10_000
LEVEL = 0.95


def interval(values: xr.DataArray | np.ndarray) -> tuple[float, float, float]:
    """The median of some seeds' values, and its percentile bootstrap interval of 95%: median, low, high.

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


def intervals(values: xr.DataArray) -> xr.Dataset:
    """The mean over seeds of values `(rival, seed)`, and its percentile bootstrap interval, `mean`, `low`, `high`.

    Seeds are drawn with replacement, the same for all rivals.
    """
    values = values.transpose("rival", "seed")
    count = values.sizes["seed"]
    drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    means = values.values[:, drawn].mean(-1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    numbers = {"mean": values.values.mean(1), "low": low, "high": high}
    return xr.Dataset({name: ("rival", each) for name, each in numbers.items()}, {"rival": values["rival"]})
