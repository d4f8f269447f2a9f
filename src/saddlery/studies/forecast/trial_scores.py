"""Scores of short trials: whether what they say of advice holds after full training, with intervals."""

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from saddlery.studies.forecast.models import BOUNDS, resampled, with_interval

WORTH = 0.05  # of shortfall: a gain in full training from which advice helps, and a loss from which it harms
CLAIMED = 0.1  # of shortfall: a gain in a trial from which `diagnose` goes on with advice
LENGTHS = ("sooner", "short")
FEW = 5  # runs, of fewer of which no rank correlation is told
TRIALS = ("one trial", "three trials")
SCORES = ("rank", "signs", "right", "regret", "regret_of_nothing", "regret_of_any")


def trial_scores(advised: xr.Dataset, games: np.ndarray) -> xr.Dataset:
    """Scores of trials of two lengths, by one trial and by the mean of all of a case.

    **Arguments:** `advised`: as of `saddlery.studies.forecast.trials.trials`, with seeds along `trial`; `games`: of its
    runs, `(case,)`.

    **Returns:** along `length`, `by` and `bound`:

    - `rank`: Spearman's rank correlation of the gain in a trial and in full training.
    - `signs`: among cases that help or harm by `WORTH` in full training, the share with the same sign in the trial.
    - `right`: among those that gain `CLAIMED` in a trial, the share that helps by `WORTH` in full training.
    - `regret`: in full training, by how much less than the best of a run's advice and none that gains which the trial
      says is best; `regret_of_nothing`, `regret_of_any`: of changing nothing, and of advice at random; the means.

    Intervals are over runs. Along `group`, kinds of advice and games, `rank_of`: the rank correlation at the end of one
    trial, NaN of fewer than 5 runs. `longer`: by how much that of one trial is higher after the longer of both lengths.
    """
    full, runs = advised["full"].mean("trial").values, advised["advised_run"].values
    samples = resampled(runs)
    rows = np.full((len(LENGTHS), len(TRIALS), len(SCORES), 3), np.nan)
    for i, length in enumerate(LENGTHS):
        values = advised[length].transpose("case", "trial").values
        for j, gains in enumerate((values[:, 0], values.mean(1))):
            of = (
                lambda at, g=gains: spearman(g[at], full[at]),
                lambda at, g=gains: same_sign(g[at], full[at]),
                lambda at, g=gains: helped(g[at], full[at]),
            )
            for k, each in enumerate(of):
                rows[i, j, k] = with_interval(each, len(full), samples)
            for k, regrets in enumerate(regret(gains, full, runs)):
                rows[i, j, 3 + k] = with_interval(
                    lambda at, r=regrets: float(r[at].mean()), len(regrets), resampled(np.arange(len(regrets)))
                )
    kinds = advised["advised"].values.tolist()
    groups = {f"advice on {kind}": np.array(kinds) == kind for kind in dict.fromkeys(kinds)}
    groups |= {f"on {game}": games == game for game in dict.fromkeys(games.tolist())}
    sooner, one = (advised[length].transpose("case", "trial").values[:, 0] for length in LENGTHS)
    apart = [_of_group(one, full, runs, of) for of in groups.values()]
    longer = with_interval(lambda at: spearman(one[at], full[at]) - spearman(sooner[at], full[at]), len(full), samples)
    found = {name: (("length", "by", "bound"), rows[:, :, k]) for k, name in enumerate(SCORES)}
    scores = xr.Dataset(found, {"length": list(LENGTHS), "by": list(TRIALS), "bound": list(BOUNDS)})
    ranks = np.array(apart).reshape(len(groups), 3)
    return scores.assign(rank_of=(("group", "bound"), ranks), longer=("bound", list(longer))).assign_coords(
        group=list(groups)
    )


def _of_group(one: np.ndarray, full: np.ndarray, runs: np.ndarray, of: np.ndarray) -> tuple[float, float, float]:
    if len(np.unique(runs[of])) < FEW:
        return np.nan, np.nan, np.nan
    gains, ends = one[of], full[of]
    return with_interval(lambda at: spearman(gains[at], ends[at]), int(of.sum()), resampled(runs[of]))


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation, NaN of what does not vary.

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    1.0
    """
    a, b = rankdata(one) - (len(one) + 1) / 2, rankdata(other) - (len(other) + 1) / 2
    size = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / size) if size > 0 else np.nan


def same_sign(gains: np.ndarray, full: np.ndarray) -> float:
    """Among cases whose gain in full training is not small, the share with that sign in the trial; NaN of none.

    >>> same_sign(np.array([0.1, -0.2, 0.3]), np.array([0.2, 0.2, 0.01]))
    0.5
    """
    matters = np.abs(full) >= WORTH
    return float((np.sign(gains) == np.sign(full))[matters].mean()) if matters.any() else np.nan


def helped(gains: np.ndarray, full: np.ndarray) -> float:
    """Among cases that gain in a trial, the share that helps in full training; NaN of none.

    >>> helped(np.array([0.2, 0.2, 0.0]), np.array([0.3, 0.0, 0.4]))
    0.5
    """
    found = helping(gains, full)
    return float(found.mean()) if len(found) else np.nan


def helping(gains: np.ndarray, full: np.ndarray) -> np.ndarray:
    """Of each case that gains in a trial whether it helps in full training."""
    return (full >= WORTH)[gains >= CLAIMED]


def regret(gains: np.ndarray, full: np.ndarray, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each run the regret of following a trial, of changing nothing, and of advice at random, `(run,)` each.

    What is followed is the advice with the largest gain in a trial, and none where that is not above zero.

        >>> [each.tolist() for each in regret(np.array([0.1, 0.3]), np.array([0.5, 0.25]), np.array([7, 7]))]
        [[0.25], [0.5], [0.125]]
    """
    found = []
    for run in np.unique(runs):
        own = runs == run
        short, long = gains[own], full[own]
        best = max(0.0, long.max())
        followed = long[short.argmax()] if short.max() > 0 else 0.0
        found.append((best - followed, best, best - long.mean()))
    followed, nothing, anything = map(np.array, zip(*found, strict=True))
    return followed, nothing, anything
