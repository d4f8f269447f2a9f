"""Comparison of methods at their best settings: chosen on one seed, judged on another, paired, tested together.

Of a study of `saddlery.studies.fair`, or any dataset (`setting`, `seed`, `step`) with the levels `rival` and
`learning_rate` and the attribute `close`.
"""

import numpy as np
import xarray as xr

from saddlery.analysis.facts import along
from saddlery.analysis.intervals import spread
from saddlery.analysis.measures import MEASURES
from saddlery.analysis.paired import holm, sign_flips
from saddlery.analysis.seeds import last


def measures(dataset: xr.Dataset) -> tuple[str, ...]:
    """The variables that rank runs, the first counting first: of samples, or where there are none, of the gradient."""
    if "modes" in dataset:
        return ("modes", "high_quality") if "high_quality" in dataset else ("modes",)
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
    return (last(dataset, "modes") >= along(dataset, "modes_total")).mean("seed") >= 0.5


def reached(dataset: xr.Dataset) -> xr.DataArray:
    """The step of the first record with all modes covered (without modes: that works), `(setting, seed)`, or ∞."""
    there = dataset["modes"] >= along(dataset, "modes_total") if "modes" in dataset else success(dataset)
    alive = (dataset["diverged_at"] < 0) | (dataset["step"] < dataset["diverged_at"])
    return xr.where(there & alive, dataset["step"].astype(float), np.inf).min("step").transpose("setting", "seed")


def best(dataset: xr.Dataset, seeds: np.ndarray | None = None, by: str = "rival") -> dict[str, int]:
    """The position of each method's best setting: by the median over these seeds of the first measure, then others."""
    order = _order(dataset if seeds is None else dataset.isel(seed=seeds))
    names = dataset[by].values
    return {name: int(next(i for i in order if names[i] == name)) for name in named(dataset, by)}


def first(dataset: xr.Dataset) -> int:
    """The position of the best setting of all, as of `best`."""
    return int(_order(dataset)[0])


def _order(dataset: xr.Dataset) -> np.ndarray:
    """The positions of the settings, the best first, by the median over the seeds of the measures that rank them."""
    return ranking({name: ended(dataset, name).median("seed").values for name in measures(dataset)})


def chosen(dataset: xr.Dataset) -> xr.DataArray:
    """The positions of the settings that are best on each seed alone, (`rival`, `seed`): one tuning for each seed."""
    found = [list(best(dataset, np.array([seed])).values()) for seed in range(dataset.sizes["seed"])]
    return xr.DataArray(np.array(found).T, {"rival": named(dataset)}, ("rival", "seed"))


def judged(tests: xr.Dataset, at: xr.DataArray) -> xr.Dataset:
    """The results of seeds that chose nothing, each at the setting that one seed of tuning chose.

    **Arguments:** `tests`: (`setting`, `seed`, `step`), of other seeds; `at` (`rival`, `seed`): where in them each
    setting is that was chosen.

    **Returns:** (`rival`, `seed`) the measures at the end, `success` and `reached`. Its seeds are independent, tuning
    included: each has a seed of its own that chose and one that judges.
    """
    values = {name: ended(tests, name) for name in measures(tests)}
    values |= {"success": success(tests).isel(step=-1, drop=True), "reached": reached(tests)}
    every, places = np.arange(at.sizes["seed"]), at.transpose("rival", "seed").values
    return xr.Dataset(
        {name: (("rival", "seed"), each.values[places, every]) for name, each in values.items()},
        {"rival": at["rival"].values, "seed": every},
    )


def compared(held: xr.Dataset, name: str, baseline: str = "simultaneous") -> xr.Dataset:
    """Every other method's difference from one of them in a measure, pair by pair.

    **Arguments:** `held`: (`rival`, `seed`), as of `judged`.

    **Returns:** (`rival`) `mean` of the differences with the ends `low` and `high` of its interval, as of
    `saddlery.analysis.intervals.interval`; `alone`, the p-value of each as of `sign_flips`; and `probability`, the same
    after Holm's correction for their number.
    """
    values = held[name].astype(float)
    differences = (values - values.sel(rival=baseline)).drop_sel(rival=baseline).transpose("rival", "seed")
    alone = sign_flips(differences.values)
    numbers = dict(zip(("mean", "low", "high"), spread(differences, "mean").T, strict=True))
    numbers |= {"alone": alone, "probability": holm(alone)}
    return xr.Dataset({key: ("rival", each) for key, each in numbers.items()}, {"rival": differences["rival"]})
