"""Verification of a candidate: training from the same players with it and without it, over seeds."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy import stats

from saddlery.diagnosis.candidates import Candidate
from saddlery.diagnosis.subject import Subject
from saddlery.diagnosis.trial import measures
from saddlery.text.arguments import whole
from saddlery.training import train

RECORDS = 40

# What is compared, and how much better it must be on average to be worth recommending: whole modes, and factors of the
# samples' distance and of ‖v‖.
LEAST = {"modes": 1.0, "sliced_wasserstein": math.log(1.1), "field": math.log(2.0)}


class Verification(NamedTuple):
    """The verification of a candidate: its seeds beside the same seeds without it.

    - `measure`: `modes`, `sliced_wasserstein` or, for a game without samples to measure, `field` (‖v‖): the mean over
      the second half of each run; of the last two the geometric mean.
    - `without`, `with_it`: its values, a seed each.
    - `gain`, `low`, `high`: the mean gain over the seeds and its 95% interval: modes, or the logarithm of the factor by
      which the measure is smaller.
    - `diverged`: seeds that left the finite numbers, without it and with it.
    - `confirmed`: see `verified`.
    - `histories`: the measure along `step` for each seed, without and with it: `xarray.Dataset`s.
    """

    candidate: Candidate
    measure: str
    without: np.ndarray
    with_it: np.ndarray
    gain: float
    low: float
    high: float
    diverged: tuple[int, int]
    confirmed: bool
    histories: tuple[Any, Any]


def verified(
    subject: Subject, candidates: list[Candidate], seeds: int, steps: int, on_progress: Callable | None = None
) -> list[Verification]:
    """Verify candidates: train from the subject's players with each and without, each seed on the same batches in both.

    All begin with fresh optimisers' states, so that what differs is the candidate alone. A candidate is confirmed when

    1. no seed of it leaves the finite numbers,
    2. the 95% interval of the mean gain lies above zero: Student's, over the seeds' paired differences,
    3. the mean gain is at least that of `LEAST`, and
    4. where ‖v‖ is compared, it ends below where it began, the median over seeds: slower growth is no remedy.

    A seed that leaves the finite numbers is scored by what it recorded before.

    **Arguments:** `on_progress`: called with a candidate's name (`""` for none) and training's `Progress`.

    **Raises:** `ValueError` when there are fewer than two seeds.
    """
    whole("seeds", seeds, 2)  # an interval needs them
    if not candidates:
        return []
    without = _trained(subject, subject.game, subject.method, seeds, steps, "", on_progress)
    return [
        compared(each, without, _trained(subject, each.game, each.method, seeds, steps, each.name, on_progress))
        for each in candidates
    ]


def _trained(subject, game, method, seeds, steps, name, on_progress):
    return train(
        game, method, steps=steps, every=max(1, steps // RECORDS), seeds=seeds, key=subject.key, probes=measures(game),
        players=subject.players, on_progress=None if on_progress is None else lambda report: on_progress(name, report),
    ).history  # fmt: skip


def compared(candidate: Candidate, without: xr.Dataset, with_it: xr.Dataset) -> Verification:
    """The verification of a candidate from both histories, `xarray.Dataset`s with dimensions `seed` and `step`."""
    measure = next((name for name in ("modes", "sliced_wasserstein") if name in without), "field")
    logarithmic = measure != "modes"
    scores = [_scores(history, measure, logarithmic) for history in (without, with_it)]
    gains = scores[0] - scores[1] if logarithmic else scores[1] - scores[0]
    gain, low, high = interval(gains)
    diverged = int((without["diverged_at"] >= 0).sum()), int((with_it["diverged_at"] >= 0).sum())
    values = np.exp(scores) if logarithmic else scores
    return Verification(
        candidate, measure, values[0], values[1], gain, low, high, diverged,
        diverged[1] == 0 and low > 0 and gain >= LEAST[measure] and (measure != "field" or _falls(with_it)),
        (without, with_it),
    )  # fmt: skip


def interval(gains: np.ndarray) -> tuple[float, float, float]:
    """The mean of a sample and its 95% confidence interval by Student's t."""
    mean = float(gains.mean())
    error = gains.std(ddof=1) / math.sqrt(len(gains))
    reach = float(stats.t.ppf(0.975, len(gains) - 1) * error)
    return mean, mean - reach, mean + reach


def measured(history: xr.Dataset, measure: str) -> np.ndarray:
    """The measure along training, `(seed, step)`; NaN where a seed had left the finite numbers."""
    if measure == "field":
        return np.hypot(history["generator_norm"].values, history["discriminator_norm"].values)
    return history[measure].values.astype(float)


def _falls(history: xr.Dataset) -> bool:
    """Whether ‖v‖ is smaller at the end than at the start, the median over seeds."""
    norms = measured(history, "field")
    return bool(np.median(norms[:, -1]) < np.median(norms[:, 0]))


def _scores(history: xr.Dataset, measure: str, logarithmic: bool) -> np.ndarray:
    """Each seed's mean over the second half of what it recorded, of logarithms where asked for."""
    scores = []
    for values in measured(history, measure):
        known = values[np.isfinite(values)]
        known = np.log(np.maximum(known, np.finfo(np.float32).tiny)) if logarithmic else known
        scores.append(known[len(known) // 2 :].mean() if len(known) else np.nan)
    return np.asarray(scores)
