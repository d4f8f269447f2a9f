"""Scores of forecasts: AUROC and gains with intervals, alarms with their false alarms and lead times, calibration."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.signals import KINDS
from saddlery.studies.forecast.failures import Failure
from saddlery.studies.forecast.forecasts import TABLED
from saddlery.studies.forecast.models import auroc, resampled, with_interval

PER_RUN = 20  # healthy runs in which one false alarm is allowed
BINS = 5  # of predicted risk, in which failures are counted
Interval = tuple[float, float, float]  # a number, and the ends of its 95% interval


def tabled(forecasts: xr.Dataset) -> list[float]:
    """The looks at which sets of signals are compared: those of `TABLED` that there are."""
    return [look for look in TABLED if look in forecasts["look"].values]


def areas(forecasts: xr.Dataset, failed: np.ndarray, of: np.ndarray, kinds: np.ndarray) -> dict[str, list[Interval]]:
    """The AUROC of each set of signals at the looks `TABLED`, with intervals over kinds of runs.

    **Arguments:** `failed`, `kinds` (run,); `of` (run,): those that are scored, if they did not diverge before.
    """
    return {
        str(name): [
            area(forecasts["risk"].sel(signals=name, look=look).values, failed, of, kinds) for look in tabled(forecasts)
        ]
        for name in forecasts["signals"].values
    }


def areas_elsewhere(forecasts: xr.Dataset, failed: np.ndarray, games: np.ndarray) -> dict[str, list[float]]:
    """The AUROC in each game by models of the other games, the mean over games, at the looks `TABLED`."""
    found = {}
    for name in forecasts["signals"].values:
        each = forecasts["risk_elsewhere"].sel(signals=name)
        found[str(name)] = [
            _mean([plain(each.sel(look=look).values, failed, games == game) for game in np.unique(games)])
            for look in tabled(forecasts)
        ]
    return found


def gains(forecasts: xr.Dataset, failed: np.ndarray, of: np.ndarray, kinds: np.ndarray) -> dict[str, list[Interval]]:
    """By how much each nested set's AUROC exceeds that of the one before it, on the same runs, at the looks `TABLED`.

    With the settings beside both, too; and of the smallest, by how much it exceeds the settings alone.
    """
    order = list(KINDS)
    pairs = {f"{more} over {less}": (more, less) for less, more in pairwise(order)}
    pairs |= {
        f"{more} over {less}, with the settings": (f"{more}, settings", f"{less}, settings")
        for less, more in pairwise(order)
    }
    pairs |= {f"{kind} and settings over settings": (f"{kind}, settings", "settings") for kind in order}
    risk = {str(name): forecasts["risk"].sel(signals=name) for name in forecasts["signals"].values}
    return {
        name: [
            _gain([risk[each].sel(look=look).values for each in pair], failed, of, kinds) for look in tabled(forecasts)
        ]
        for name, pair in pairs.items()
        if set(pair) <= risk.keys()
    }


def by_failure(
    forecasts: xr.Dataset, outcomes: np.ndarray, of: np.ndarray, kinds: np.ndarray, look: float
) -> dict[str, dict[str, Interval]]:
    """The AUROC of each set for each kind of failure against healthy runs, at a look."""
    healthy = outcomes == Failure.HEALTHY
    return {
        str(kind): {
            str(name): area(
                forecasts["risk"].sel(signals=name, look=look).values, outcomes == kind,
                of & (healthy | (outcomes == kind)), kinds,
            )
            for name in forecasts["signals"].values
        }
        for kind in Failure
        if kind is not Failure.HEALTHY and (outcomes[of] == kind).any()
    }  # fmt: skip


class Alarm(NamedTuple):
    """An alarm: it rings at the first look at which the risk is at least a threshold.

    - `threshold`: found on runs that models are fitted to, where it rings in one of `PER_RUN` healthy runs at most.
    - `rang`: of each run the step at which it rang first, NaN where it never did.
    - `false_alarms`: of healthy runs among those scored, the share in which it rang, and how many they are.
    - `caught`: of failed ones, the share in which it rang before the failure was visible; `lead`: in these, the median
      of how many steps before, as a share of the run.
    """

    threshold: float
    rang: np.ndarray
    false_alarms: tuple[float, int]
    caught: tuple[float, int]
    lead: float


def alarm(
    risk: np.ndarray, looks: np.ndarray, steps: float, failed: np.ndarray, fit: np.ndarray, visible: np.ndarray
) -> Alarm:
    """The alarm that rings once a run's risk reaches a threshold.

    **Arguments:** `risk` (look, run); `looks`: their shares of the run, of so many `steps`; `failed`, `fit`, `visible`
    (run,), the last as of `failures.visible`.
    """
    highest = np.where(np.isfinite(risk), risk, -np.inf).max(0)
    healthy = np.sort(highest[fit & ~failed])[::-1]
    allowed = len(healthy) // PER_RUN
    known = len(healthy) > allowed and np.isfinite(healthy[allowed])
    threshold = np.nextafter(healthy[allowed], np.inf) if known else np.inf
    rings = risk >= threshold
    rang = np.where(rings.any(0), looks[rings.argmax(0)] * steps, np.nan)
    good, bad = ~fit & ~failed, ~fit & failed
    early = bad & (rang < visible)
    return Alarm(
        threshold=float(threshold),
        rang=rang,
        false_alarms=(_share(np.isfinite(rang)[good]), int(good.sum())),
        caught=(_share(early[bad]), int(bad.sum())),
        lead=float(np.median((visible - rang)[early]) / steps) if early.any() else np.nan,
    )


def calibration(risk: np.ndarray, failed: np.ndarray) -> list[tuple[float, float, int]]:
    """The mean risk, the share that failed and the number of runs in each fifth of the risks, in their order."""
    known = np.flatnonzero(np.isfinite(risk))
    order = known[np.argsort(risk[known], kind="stable")]
    return [
        (float(risk[part].mean()), float(failed[part].mean()), len(part))
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def _mean(values: Sequence[float]) -> float:
    """The mean of what is known, NaN of nothing."""
    known = [each for each in values if np.isfinite(each)]
    return float(np.mean(known)) if known else np.nan


def _share(of: np.ndarray) -> float:
    return float(of.mean()) if len(of) else np.nan


def plain(risk: np.ndarray, failed: np.ndarray, of: np.ndarray) -> float:
    """The AUROC of risks (run,) among some runs, those that are known of."""
    known = of & np.isfinite(risk)
    return auroc(failed[known], risk[known])


def area(risk: np.ndarray, failed: np.ndarray, of: np.ndarray, kinds: np.ndarray) -> Interval:
    """The AUROC of `plain` with its interval over kinds of runs."""
    known = np.flatnonzero(of & np.isfinite(risk))
    own, score = failed[known], risk[known]
    return with_interval(lambda at: auroc(own[at], score[at]), len(known), resampled(kinds[known]))


def _gain(pair: Sequence[np.ndarray], failed: np.ndarray, of: np.ndarray, kinds: np.ndarray) -> Interval:
    more, less = pair
    known = np.flatnonzero(of & np.isfinite(more) & np.isfinite(less))
    own, one, other = failed[known], more[known], less[known]
    return with_interval(
        lambda at: auroc(own[at], one[at]) - auroc(own[at], other[at]), len(known), resampled(kinds[known])
    )
