"""Equal tuning: what the best of m settings comes to, at equal steps, gradients or time, and what becomes of runs.

Settings are chosen on one seed of tuning and scored on another, each seed in one pair alone, so that pairs are
independent. Of datasets as `saddlery.analysis.comparison` takes them.
"""

from typing import Literal

import numpy as np
import xarray as xr

from saddlery.analysis import comparison

Budget = Literal["steps", "gradients", "time"]
PRICES: dict[str, str] = {"gradients": "gradients", "time": "cost"}  # of a step, variables along `setting`
OUTCOMES = ("reached", "lost", "not yet", "diverged")


def weights(settings: int, drawn: int) -> np.ndarray:
    """The probability that the j-th best setting is the best of those drawn without replacement, `(settings,)`.

    C(S − j, m − 1) / C(S, m) for the j-th of S, of which m are drawn (j from 1): what the mean over all subsets weighs.

    >>> weights(3, 2).round(3).tolist()  # the worst is never the best of two
    [0.667, 0.333, 0.0]
    """
    from scipy.special import comb

    return np.asarray(comb(settings - 1 - np.arange(settings), drawn - 1) / comb(settings, drawn))


def until(dataset: xr.Dataset, name: str, budget: Budget = "steps") -> np.ndarray:
    """A measure of every run when its budget is spent, `(setting, seed)`.

    The budget is that of all steps of a method of one gradient, or of simultaneous descent's time: a step that costs c
    of them leaves a c-th of the steps. A run that diverged by then counts as it was before training.
    """
    values = dataset[name].astype(float).transpose("setting", "seed", "step").values
    steps, lost = dataset["step"].values, dataset["diverged_at"].transpose("setting", "seed").values
    last = last_records(dataset, budget)
    found = np.take_along_axis(values, last[:, None, None], 2)[..., 0]
    return np.where((lost >= 0) & (lost <= steps[last][:, None]), values[..., 0], found)


def last_records(dataset: xr.Dataset, budget: Budget = "steps") -> np.ndarray:
    """The place of each setting's last record within a budget, `(setting,)`."""
    steps = dataset["step"].values
    prices = dataset[PRICES[budget]].values.astype(float) if budget in PRICES else np.ones(dataset.sizes["setting"])
    return np.searchsorted(steps, steps[-1] / np.maximum(1, prices) + 1e-9, side="right") - 1


def best_of(dataset: xr.Dataset, drawn: int, budget: Budget = "steps") -> xr.DataArray:
    """The first measure at the best of m settings, the mean over all subsets of so many, (`rival`, `pair`).

    On each seed of a pair the settings are ranked by all measures; the score is that of the same setting on the other
    seed, and of both ways the mean. NaN for a rival of fewer settings.

    **Arguments:** `drawn`: m; `budget`: as of `until`.
    """
    names, rivals = comparison.named(dataset), dataset["rival"].values
    values = {name: until(dataset, name, budget) for name in comparison.measures(dataset)}
    first, pairs = next(iter(values.values())), dataset.sizes["seed"] // 2
    found = np.full((len(names), pairs), np.nan)
    for i, name in enumerate(names):
        here = np.flatnonzero(rivals == name)
        if len(here) < drawn:
            continue
        share = weights(len(here), drawn)
        for pair in range(pairs):
            seeds = (2 * pair, 2 * pair + 1)
            scores = [
                share @ first[here, judge][comparison.ranking({key: each[here, tune] for key, each in values.items()})]
                for tune, judge in (seeds, seeds[::-1])
            ]
            found[i, pair] = np.mean(scores)
    return xr.DataArray(found, {"rival": names}, ("rival", "pair"))


def fewest(dataset: xr.Dataset) -> int:
    """The number of settings of the rival that has fewest: m at which all can be compared."""
    return min(int((dataset["rival"] == name).sum()) for name in comparison.named(dataset))


def outcomes(dataset: xr.Dataset) -> xr.DataArray:
    """What became of each run, its place in `OUTCOMES`, (`setting`, `seed`).

    `reached`: it works at the last record; `lost`: it worked at an earlier one; `diverged`: it left the finite numbers;
    `not yet`: none of these, so that more steps may help.
    """
    working = comparison.success(dataset)
    code = np.select(
        [working.isel(step=-1).values, (dataset["diverged_at"].transpose("setting", "seed") >= 0).values,
         working.any("step").values],
        [OUTCOMES.index("reached"), OUTCOMES.index("diverged"), OUTCOMES.index("lost")],
        OUTCOMES.index("not yet"),
    )  # fmt: skip
    return xr.DataArray(code, {"seed": dataset["seed"]}, ("setting", "seed"))


def working(dataset: xr.Dataset, share: float) -> xr.DataArray:
    """Whether at least a share of its seeds work at the last record, along `setting`."""
    return comparison.success(dataset).isel(step=-1, drop=True).mean("seed") >= share
