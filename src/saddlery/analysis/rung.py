"""Alarms that rang in records: of a run, of a trial run after it, and of every run of an experiment."""

from collections.abc import Container, Mapping

import numpy as np
import xarray as xr

from saddlery.analysis.alarms import ALARMS, EVERY, Alarm, Rung, apart, ringing
from saddlery.analysis.signals import SIGNALS, SPACED, signals

OF_TRIAL = {"position": "sketch"}  # what a trial run calls what signals are made of
SINCE_START = ("generator_norm", "discriminator_norm")  # of which signals are told beside a run's first records only


def in_history(history: xr.Dataset) -> list[Rung]:
    """The alarms that rang along a run's records; those whose signals cannot be made of what was recorded did not.

    >>> steps = np.arange(0, 1000, 50)
    >>> history = xr.Dataset({"generator_loss": ("step", np.where(steps > 500, 1e9, 0.7))}, {"step": steps})
    >>> [str(rung.alarm.signal) for rung in in_history(history)] in ([], ["generator_loss"])
    True

    **Arguments:** `history`: along `step`, as of `saddlery.train`.
    """
    arrays = {
        str(name): each.transpose("step", ...).values for name, each in history.data_vars.items() if "step" in each.dims
    }
    return ringing(signals(arrays), history["step"].values)


def in_trial(path: xr.Dataset, after: int) -> list[Rung]:
    """The alarms that rang along a trial run, of records as far apart as in the study.

    **Arguments:** `path`: as of a trial run; `after`: how many steps of training lie before it.
    """
    steps = path["step"].values
    thinned = max(1, round(EVERY / apart(steps))) if len(steps) > 1 else 1
    held = path.isel(step=slice(None, None, thinned)).drop_vars([each for each in SINCE_START if each in path])
    held = held.rename({old: new for old, new in OF_TRIAL.items() if old in held})
    return in_history(held.assign_coords(step=held["step"] + after))


def first(*parts: list[Rung]) -> list[Rung]:
    """Of each alarm that rang in any of some parts of a run where it did first, in the order of steps."""
    found: dict[str, Rung] = {}
    for rung in sorted((rung for part in parts for rung in part), key=lambda rung: rung.since):
        found.setdefault(rung.alarm.code, rung)
    return list(found.values())


def missing(recorded: Container | xr.Dataset, alarms: Mapping[str, Alarm] | None = None) -> list[Alarm]:
    """The alarms, by default all, whose signals cannot be made of what was recorded."""
    held = (ALARMS if alarms is None else alarms).values()
    return [alarm for alarm in held if not all(need in recorded for need in SIGNALS[alarm.signal].needs)]


def in_experiment(dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """Of each alarm that rang in any run of an experiment since which step it did in each, `(setting, seed)`; or NaN.

    **Arguments:** `dataset`: along `setting`, `seed` and `step`.
    """
    shape = dataset.sizes["setting"], dataset.sizes["seed"]
    found: dict[str, np.ndarray] = {}
    along = [str(name) for name, each in dataset.data_vars.items() if {"setting", "seed", "step"} <= {*each.dims}]
    needed = {*SPACED, *(need for alarm in ALARMS.values() for need in SIGNALS[alarm.signal].needs)}
    held = dataset[[name for name in along if name in needed]]
    for i, j in np.ndindex(shape) if held.data_vars else ():
        for rung in in_history(held.isel(setting=i, seed=j)):
            found.setdefault(rung.alarm.code, np.full(shape, np.nan))[i, j] = rung.since
    return {code: found[code] for code in ALARMS if code in found}
