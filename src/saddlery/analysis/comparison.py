"""Comparison of methods at their best settings: chosen on other seeds than those that judge, paired, with intervals.

Of a study of `saddlery.studies.fair`, or any dataset (`setting`, `seed`, `step`) with the levels `rival` and
`learning_rate` and the attribute `close`.
"""

import itertools

import numpy as np
import xarray as xr

from saddlery.analysis.facts import along
from saddlery.analysis.intervals import intervals
from saddlery.analysis.measures import MEASURES

MOST = 16  # seeds up to which all their swaps are counted, 65,536


def measures(dataset: xr.Dataset) -> tuple[str, ...]:
    """The variables that rank runs, the first counting first: of samples, or where there are none, of the gradient."""
    if "modes" in dataset:
        return ("modes", "high_quality")
    return ("sliced_wasserstein",) if "sliced_wasserstein" in dataset else ("generator_norm",)


def named(dataset: xr.Dataset, by: str = "rival") -> list[str]:
    """The names of the methods compared, in the order of their settings."""
    return list(dict.fromkeys(str(name) for name in dataset[by].values))


def ranking(numbers: dict[str, np.ndarray]) -> np.ndarray:
    """The positions of numbers of some measures, the best first; equally good ones in their order."""
    return np.lexsort(
        [-values if MEASURES[name].better == "more" else values for name, values in reversed(numbers.items())]
    )


def ended(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """A variable at the last record, `(setting, seed)`; a run that diverged counts as it was before training."""
    values = dataset[name].astype(float).transpose("setting", "seed", "step")
    return values.isel(step=-1, drop=True).where(dataset["diverged_at"] < 0, values.isel(step=0, drop=True))


def success(dataset: xr.Dataset) -> xr.DataArray:
    """Whether a run works, by the criterion of success, at each record.

    All modes are covered and at least the share `close` of the samples is near one; without modes, the sliced
    Wasserstein distance is at most `close` times a perfect sampler's.
    """
    alive = (dataset["diverged_at"] < 0) | (dataset["step"] < dataset["diverged_at"])
    close = dataset.attrs["close"]
    if "modes" in dataset:
        near = (dataset["modes"] >= along(dataset, "modes_total")) & (dataset["high_quality"] >= close)
    else:
        near = dataset["sliced_wasserstein"] <= close * along(dataset, "perfect_sliced_wasserstein")
    return (near & alive).transpose("setting", "seed", "step")


def works(dataset: xr.Dataset) -> xr.DataArray:
    """Whether a setting works: at least half of its seeds succeed at the last record."""
    return success(dataset).isel(step=-1, drop=True).mean("seed") >= 0.5


def covers(dataset: xr.Dataset) -> xr.DataArray:
    """Whether a setting covers all modes: at least half of its seeds do at the last record, however imprecisely."""
    return (ended(dataset, "modes") >= along(dataset, "modes_total")).mean("seed") >= 0.5


def reached(dataset: xr.Dataset) -> xr.DataArray:
    """The step of the first record with all modes covered (without modes: that works), `(setting, seed)`, or ∞."""
    there = dataset["modes"] >= along(dataset, "modes_total") if "modes" in dataset else success(dataset)
    alive = (dataset["diverged_at"] < 0) | (dataset["step"] < dataset["diverged_at"])
    return xr.where(there & alive, dataset["step"].astype(float), np.inf).min("step").transpose("setting", "seed")


def best(dataset: xr.Dataset, seeds: np.ndarray | None = None, by: str = "rival") -> dict[str, int]:
    """The position of each method's best setting: by the median over these seeds of the first measure, then others."""
    chosen = dataset if seeds is None else dataset.isel(seed=seeds)
    order = ranking({name: ended(chosen, name).median("seed").values for name in measures(dataset)})
    names = dataset[by].values
    return {name: int(next(i for i in order if names[i] == name)) for name in named(dataset, by)}


def held_out(dataset: xr.Dataset) -> xr.Dataset:
    """Held-out results: each seed of each method, `(rival, seed)`, at the setting that is best on the other half.

    **Returns:** the measures at the end, `success`, `reached`, and `chosen`, the setting's position. Seeds at even
    places are one half, those at odd places the other; a single seed is judged by itself.
    """
    names, count = named(dataset), dataset.sizes["seed"]
    chosen = np.empty((len(names), count), int)
    for half in (0, 1):
        others = np.flatnonzero(np.arange(count) % 2 != half) if count > 1 else np.array([0])
        chosen[:, half::2] = np.array(list(best(dataset, others).values()))[:, None]
    values = {name: ended(dataset, name) for name in measures(dataset)}
    values |= {"success": success(dataset).isel(step=-1, drop=True), "reached": reached(dataset)}
    every = np.arange(count)
    found = {name: (("rival", "seed"), each.values[chosen, every]) for name, each in values.items()}
    return xr.Dataset(found | {"chosen": (("rival", "seed"), chosen)}, {"rival": names, "seed": dataset["seed"]})


def swapped(differences: xr.DataArray) -> xr.DataArray:
    """Permutation p-values of differences `(rival, seed)` between paired results, corrected for multiple comparisons.

    Where a rival and what it is compared with are as good, swapping their results changes nothing. Of all ways to swap
    in some of the seeds, for all rivals alike, it is the share in which any rival's statistic is as great as this
    one's, among the rivals whose own is no greater; and no less than the probability of a greater one (Westfall, Young,
    1993, step down). For n seeds it is at least 2 / 2ⁿ.

    The statistic is |mean d| / (r + r₀) with r the root mean square of a rival's differences d, which swapping leaves
    as it is, and r₀ the median of r over rivals. So a rival whose seeds differ wildly does not hide what is sure of the
    others, nor do small differences that happen to be alike (after Tusher, Tibshirani, Chu, 2001, equation 1).
    """
    values = differences.transpose("rival", "seed").values.astype(float)
    count = values.shape[1]
    if count <= MOST:
        signs = np.array(list(itertools.product([1.0, -1.0], repeat=count)))
    else:
        signs = np.random.default_rng(0).choice([1.0, -1.0], size=(2**MOST, count))
        signs[0] = 1.0
    sizes = np.sqrt((values**2).mean(1, keepdims=True))
    values = values / np.maximum(sizes + np.median(sizes), np.finfo(float).tiny)
    order = np.argsort(-abs(values.sum(1)))  # the greatest first
    statistics = abs(signs @ values[order].T)
    greatest = np.maximum.accumulate(statistics[:, ::-1], axis=1)[:, ::-1]  # of a rival and all that come after it
    shares = (greatest >= abs(values[order].sum(1)) * (1 - 1e-12)).mean(0)
    probability = np.empty(len(order))
    probability[order] = np.maximum.accumulate(shares)
    return differences.isel(seed=0, drop=True).copy(data=probability)


def compared(dataset: xr.Dataset, name: str, baseline: str = "simultaneous") -> xr.Dataset:
    """Every other method's difference from one of them in a measure, seed by seed.

    **Returns:** `mean`, `low`, `high` as in `intervals`, for each difference alone; and `probability` as in `swapped`.
    """
    values = held_out(dataset)[name]
    differences = (values - values.sel(rival=baseline)).drop_sel(rival=baseline)
    return intervals(differences).assign(probability=swapped(differences))
