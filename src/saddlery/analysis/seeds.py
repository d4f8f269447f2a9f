"""Seeds of an experiment: their records, and the median seed that stands for a setting."""

import numpy as np
import xarray as xr


def recorded(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """A variable `(setting, seed, step)` as floats, NaN from the step at which its seed diverged."""
    diverged_at = dataset["diverged_at"]
    finite = dataset[name].astype(float).where((diverged_at < 0) | (dataset["step"] < diverged_at))
    return finite.where(np.isfinite(finite)).transpose("setting", "seed", "step")


def last(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """The last record of a variable, `(setting, seed)`, NaN for seeds that diverged or have none."""
    return recorded(dataset, name).isel(step=-1, drop=True)


def diverged(dataset: xr.Dataset) -> xr.DataArray:
    """Which seeds diverged, `(setting, seed)`."""
    return (dataset["diverged_at"] >= 0).transpose("setting", "seed")


def unfinished(dataset: xr.Dataset) -> xr.DataArray:
    """Which seeds have no last record without having diverged, `(setting, seed)`: stopped early.

    By the variable that ranks them; where that was not recorded, by any number that was.
    """
    numbers = [name for name, each in dataset.items() if set(each.dims) == {"setting", "seed", "step"}]
    name = next((name for name in (ranking(dataset), *numbers) if name in dataset), None)
    if name is None:
        return xr.zeros_like(diverged(dataset))
    return last(dataset, str(name)).isnull() & ~diverged(dataset)


def ranking(dataset: xr.Dataset) -> str:
    """The variable by which seeds are ranked: modes where there are any, else the sliced Wasserstein distance."""
    for name in ("modes", "sliced_wasserstein"):
        if name in dataset:
            return name
    return "generator_loss"


def median_seeds(dataset: xr.Dataset) -> list[int]:
    """For each setting the position of its median seed: by modes, then by high-quality share, at the last record.

    Of an even number the worse of the two in the middle; seeds that diverged rank lowest. Without modes, by sliced
    Wasserstein distance; where nothing is known to rank them by, the one in the middle of their order.
    """
    name = ranking(dataset)
    if name not in dataset:
        return [(dataset.sizes["seed"] - 1) // 2] * dataset.sizes["setting"]
    score = last(dataset, name).values * (1 if name == "modes" else -1)
    score = np.nan_to_num(score, nan=-np.inf)
    second = np.nan_to_num(last(dataset, "high_quality").values) if "high_quality" in dataset else score
    order = np.lexsort((second, score), axis=-1)
    return [int(row[(len(row) - 1) // 2]) for row in order]


def spaced(dataset: xr.Dataset, most: int) -> np.ndarray:
    """Positions of at most `most` records, evenly spaced, with the first and the last."""
    records = dataset.sizes["step"]
    return np.unique(np.linspace(0, records - 1, min(most, records)).round().astype(int))


def drawable(dataset: xr.Dataset) -> str | None:
    """The kind of a dataset's samples, `None` for what no figure can show.

    Those of a `"mixture"` in the plane, other `"points"` of the plane, or `"images"`.
    """
    if "samples" not in dataset:
        return None
    if dataset.sizes.get("coordinate") == 2:
        return "mixture" if "centres" in dataset else "points"
    return "images" if "channel" in dataset["samples"].dims else None


def last_known(values: np.ndarray) -> np.ndarray:
    """The last record of each run, along the last axis, that is not NaN; NaN where there is none."""
    rows = np.where(np.isnan(values), -1, np.arange(values.shape[-1])).max(-1)
    return np.take_along_axis(values, rows[..., None], -1)[..., 0]


def ended(record: xr.Dataset) -> bool:
    """Whether a seed had diverged by a record, given the dataset at one setting, seed and step."""
    return 0 <= int(record["diverged_at"]) <= int(record["step"])
