"""Thresholds of alarms: fitted to half of the kinds of runs, all together rarely false, and scored on the others."""

import warnings
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import xarray as xr
from sklearn.model_selection import GroupKFold

from saddlery.analysis.alarms import CODES, EVERY, FROM, beyond
from saddlery.analysis.forecast import Share
from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast.models import FOLDS
from saddlery.studies.forecast.scores import PER_RUN, alarm

MARGINS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)  # beyond the farthest healthy run that counts, in deviations of these
NUMBERS = (1, 2, 3, 4, 6, 8, 12)  # of alarms at most
WORTH = 0.2  # of failing runs, that all alarms must catch, or there are none: chance catches as many as healthy ones
LEAST = 0.02  # of failing runs, that an alarm catches beside those before it; with fewer it is left out
PRICE = 0.05  # of failing runs, that must be caught for each healthy run that is given up to false alarms
DEVIATION = 1.349  # interquartile ranges to standard deviations of a normal distribution


def reach(dataset: xr.Dataset, codes: Sequence[str]) -> np.ndarray:
    """How far each run goes in the direction of each alarm, at each record, `(code, run, record)`; see `beyond`.

    **Arguments:** `dataset`: as of `trained`.
    """
    steps = dataset["step"].values
    return np.array(
        [beyond(CODES[code], dataset[CODES[code].signal].transpose("run", "step").values, steps) for code in codes]
    )


def before(reached: np.ndarray, steps: np.ndarray, until: np.ndarray) -> np.ndarray:
    """The farthest that each run goes before a step of its own, `(code, run)`; of a run without one, ever."""
    until = np.where(np.isfinite(until), until, np.inf)
    return np.where(steps < until[:, None], reached, -np.inf).max(2)


def thresholds(farthest: np.ndarray, failed: np.ndarray, kinds: np.ndarray) -> dict[int, float]:
    """The thresholds of the alarms that are kept, by their places, in the direction in which each rings.

    How many there are, and how far beyond the healthy runs each lies, is what catches most failing runs of kinds that
    they were not fitted to, while all together ring in at most one of `PER_RUN` healthy ones of these.

    **Arguments:** `farthest` (code, run): as of `before`; `failed`, `kinds` (run,): of the runs to fit to.
    """
    best, found = WORTH * failed.sum(), None
    folds = list(GroupKFold(min(FOLDS, len(np.unique(kinds)))).split(kinds, groups=kinds))
    for number, margin in product(NUMBERS, MARGINS):
        rings = np.zeros(len(failed), bool)
        for seen, unseen in folds:
            rings[unseen] = rang(farthest[:, unseen], _chosen(farthest[:, seen], failed[seen], number, margin))
        caught, false = int(rings[failed].sum()), int(rings[~failed].sum())
        if false * PER_RUN <= (~failed).sum() and caught > best:
            best, found = caught, (number, margin)
    return {} if found is None else _chosen(farthest, failed, *found)


def rang(farthest: np.ndarray, chosen: Mapping[int, float]) -> np.ndarray:
    """Whether any of these alarms rang in each run, `(run,)`."""
    found = np.zeros(farthest.shape[1], bool)
    for place, threshold in chosen.items():
        found |= farthest[place] > threshold
    return found


def _chosen(farthest: np.ndarray, failed: np.ndarray, number: int, margin: float) -> dict[int, float]:
    """At most so many alarms, one after another that which catches most of what is left.

    Each lies beyond all healthy runs by a margin, but for those that are given up: at most half of the false alarms
    that are allowed, and each only where it lets `PRICE` of the failing runs be caught.
    """
    healthy, left, chosen = farthest[:, ~failed], failed.copy(), {}
    counted = np.ones(healthy.shape[1], bool)
    spread = np.where(np.isfinite(healthy), healthy, np.nan)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a signal that nobody has
        quarters = np.nanquantile(spread, [0.25, 0.75], axis=1) if healthy.size else np.full((2, len(farthest)), np.nan)
    beyond_them = margin * (quarters[1] - quarters[0]) / DEVIATION
    spare = healthy.shape[1] // (2 * PER_RUN)
    while len(chosen) < number:
        candidates = []
        for place in set(range(len(farthest))) - set(chosen):
            order = np.sort(healthy[place][counted])[::-1]
            for given_up in range(min(spare - int((~counted).sum()), len(order) - 1) + 1):
                limit = order[given_up] + beyond_them[place]
                caught = int((left & (farthest[place] > limit)).sum()) if np.isfinite(limit) else 0
                if caught >= max(1, LEAST * failed.sum()):
                    candidates.append((caught - given_up * PRICE * failed.sum(), -place, limit))
        if not candidates:
            break
        _, place, limit = max(candidates)
        chosen[-place] = float(limit)
        left &= ~(farthest[-place] > limit)
        counted &= ~(healthy[-place] > limit)
    return chosen


def calibrated(
    dataset: xr.Dataset, failed: np.ndarray, fit: np.ndarray, visible: np.ndarray, kinds_of_signals: Sequence[str]
) -> dict:
    """What `saddlery.analysis.alarms` reads: thresholds of alarms, with what each does on runs of other kinds.

    **Arguments:**
    - `dataset`: as of `trained`, with the `failure` of each run; `failed`, `fit`, `visible` (run,): which failed, which
      thresholds are fitted to, and when the failure was visible in samples.
    - `kinds_of_signals`: those that alarms are made of.
    """
    codes = [code for code, each in CODES.items() if SIGNALS[each.signal].kind in kinds_of_signals]
    steps, kinds = dataset["step"].values, dataset["kind"].values
    reached = reach(dataset, codes)
    farthest = before(reached, steps, visible)
    chosen = thresholds(farthest[:, fit], failed[fit], kinds[fit])
    until, good, bad = np.where(failed, visible, np.inf), ~fit & ~failed, ~fit & failed

    def in_time(rings: np.ndarray) -> np.ndarray:
        """Whether an alarm that rings at these records, `(run, record)`, does so before a failure is visible."""
        return np.any(rings & (steps < until[:, None]), axis=1)

    def told(rings: np.ndarray) -> dict:
        """What an alarm does that rings at these records, `(run, record)`."""
        rang = in_time(rings)
        lead = (visible - steps[rings.argmax(1)])[bad & rang]
        return {
            "false_alarms": Share(int(rang[good].sum()), int(good.sum())),
            "caught": Share(int(rang[bad].sum()), int(bad.sum())),
            "lead": float(np.median(lead)) if len(lead) else None,
        }

    rings = {place: reached[place] > chosen[place] for place in sorted(chosen)}
    together = np.any(list(rings.values()), axis=0) if rings else np.zeros(reached.shape[1:], bool)
    alarms = {
        codes[place]: {"threshold": chosen[place] * CODES[codes[place]].sign, **told(each)}
        for place, each in rings.items()
    }
    rang, kinds_of_failure = in_time(together)[bad], dataset["failure"].values[bad]
    of = {str(name): rang[kinds_of_failure == name] for name in np.unique(kinds_of_failure)}
    failures = {name: Share(int(caught.sum()), len(caught)) for name, caught in of.items()}
    about = {"every": EVERY, "from": FROM, "steps": int(steps[-1]), "failures": failures}
    return {**told(together), **about, "alarms": alarms}


def singles(dataset: xr.Dataset, failed: np.ndarray, fit: np.ndarray, visible: np.ndarray) -> xr.Dataset:
    """Each signal alone, in each direction, as an alarm that is false in one of `PER_RUN` healthy runs it is fitted to.

    **Returns:** along `code`: `single_threshold`, in the signal's units, `single_false`, `single_caught`, shares of
    healthy and of failing runs of other kinds, and `single_lead`, the median of how many steps before.
    """
    codes, steps = list(CODES), dataset["step"].values
    last, rows = float(steps[-1]), []
    for code, reached in zip(codes, reach(dataset, codes), strict=True):
        found = alarm(reached.T, steps / last, last, failed, fit, visible)
        rows.append((found.threshold * CODES[code].sign, found.false_alarms[0], found.caught[0], found.lead * last))
    names = ("single_threshold", "single_false", "single_caught", "single_lead")
    return xr.Dataset(
        {name: ("code", np.array(each)) for name, each in zip(names, zip(*rows, strict=True), strict=True)},
        {"code": codes},
    )
