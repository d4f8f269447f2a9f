"""Scores of forks: the share of runs that each branch recovers, beside the same runs unchanged, with intervals."""

from collections.abc import Collection

import numpy as np
import xarray as xr

from saddlery.studies.forecast.failures import FAR, WORST
from saddlery.studies.forecast.forks import BRANCHES
from saddlery.studies.forecast.models import BOUNDS, resampled, with_interval

LATE = 0.75  # of a run, from where on its quality counts
ROTATION = tuple(name for name, each in BRANCHES.items() if each.kind == "rotation")
CURVATURE, STEPS = ("diagonal",), ("smaller steps",)
OTHERS = ("unchanged", "smaller steps", "diagonal", "random")  # that recover where rotation is not the cause


def ended(forks: xr.Dataset) -> xr.DataArray:
    """The shortfall that each branch ends with, `(fork, branch)`: the median over the run's last quarter; 1 if lost."""
    steps = forks["fork_step"]
    late = forks["fork_shortfall"].sel(fork_step=steps[steps >= LATE * float(steps[-1])]).median("fork_step")
    return xr.where((forks["fork_lost"] >= 0) | ~np.isfinite(late), WORST, late).transpose("fork", "branch")


def recovered(forks: xr.Dataset) -> xr.DataArray:
    """Whether a branch ends well, `(fork, branch)`: with a shortfall up to that of a healthy run.

    >>> paths = [[0.9, 0.9, 0.4, 0.4], [0.9, 0.4, 0.9, 0.9]]
    >>> values = {"fork_shortfall": (("fork", "branch", "fork_step"), [paths])}
    >>> forks = xr.Dataset(values | {"fork_lost": (("fork", "branch"), [[-1, -1]])}, {"fork_step": [25, 50, 75, 100]})
    >>> recovered(forks).values.tolist()
    [[True, False]]
    """
    return ended(forks) <= FAR


def fork_scores(forks: xr.Dataset, failed: np.ndarray, kinds: np.ndarray) -> xr.Dataset:
    """The share of forked runs that each branch recovers, and by how much more than unchanged.

    **Arguments:** `failed`, `kinds` (fork,): of the runs that fork.

    **Returns:** along `branch` and `bound`: `recovers`, of failing runs; `recovers_more`, less the share of the same
    runs unchanged, and `recovers_beyond`, less that by smaller steps; `harms`, the share of healthy ones that end ill;
    `shorter`, by how much less the shortfall of failing runs is than unchanged, the mean. Intervals
    of 95% are over kinds of runs.
    """
    well, short = recovered(forks).values, ended(forks).values
    at = {str(name): i for i, name in enumerate(forks["branch"].values)}
    plain, smaller = at["unchanged"], at["smaller steps"]
    found: dict[str, list] = {}
    for i in at.values():
        rows = {
            "recovers": (failed, well[:, i]),
            "recovers_more": (failed, well[:, i] * 1.0 - well[:, plain]),
            "recovers_beyond": (failed, well[:, i] * 1.0 - well[:, smaller]),
            "harms": (~failed, ~well[:, i]),
            "shorter": (failed, short[:, plain] - short[:, i]),
        }
        for name, (of, values) in rows.items():
            found.setdefault(name, []).append(mean_of(values[of].astype(float), kinds[of]))
    return xr.Dataset(
        {name: (("branch", "bound"), np.array(each, float)) for name, each in found.items()},
        {"branch": list(at), "bound": list(BOUNDS)},
    )


def mean_of(values: np.ndarray, kinds: np.ndarray) -> tuple[float, float, float]:
    """A mean with its 95% interval by a bootstrap over kinds of runs; NaN of nothing."""
    if not len(values):
        return np.nan, np.nan, np.nan
    return with_interval(lambda at: float(values[at].mean()), len(values), resampled(kinds))


def alone(forks: xr.Dataset, of: Collection[str]) -> np.ndarray:
    """Whether one of some branches recovers a run, and no other of `ROTATION` and `OTHERS` does, `(fork,)`."""
    well, others = recovered(forks), [name for name in (*ROTATION, *OTHERS) if name not in of]
    return (well.sel(branch=list(of)).any("branch") & ~well.sel(branch=others).any("branch")).values
