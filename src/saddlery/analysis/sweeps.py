"""Large sweeps: which settings are shown where all would be too many."""

import numpy as np
import xarray as xr

from saddlery.analysis.comparison import best

FEW = 12  # settings that are all shown


def axis(dataset: xr.Dataset) -> str | None:
    """The level along the columns of the heat map: the learning rate, else the number with the most values.

    `None` for an experiment of few settings, or without such a level: all of it is shown.
    """
    if dataset.sizes["setting"] <= FEW:
        return None
    numbers = {name: each.values for name, each in levels_of(dataset).items() if each.dtype.kind in "if"}
    counts = {name: len(np.unique(values[~np.isnan(values)])) for name, values in numbers.items()}
    several = {name: count for name, count in counts.items() if count > 1}
    if "learning_rate" in several:
        return "learning_rate"
    return max(several, key=lambda name: several[name], default=None)


def levels_of(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """The levels of the settings, what they were set to, by name."""
    return {str(name): each for name, each in dataset.coords.items() if each.dims == ("setting",) and name != "setting"}


def shown(dataset: xr.Dataset) -> xr.Dataset:
    """The settings that are shown: all where they are few, else the best of each method, by its median seed."""
    if axis(dataset) is None:
        return dataset
    return dataset.isel(setting=sorted(best(dataset, by="method").values()))
