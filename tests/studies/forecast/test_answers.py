"""Scores of forks and of trials: what recovers, and what a short trial is worth, where it is known by construction."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from saddlery.studies.forecast.fork_scores import by_curvature, by_rotation, ended, fork_scores, recovered
from saddlery.studies.forecast.forks import BRANCHES
from saddlery.studies.forecast.trial_scores import helped, regret, same_sign, spearman, trial_scores

NAMES = list(BRANCHES)


def forks(ends, lost=None):
    """Forks whose branches end with these shortfalls, `(fork, branch)`."""
    ends = np.asarray(ends, float)
    paths = np.repeat(ends[:, :, None], 4, axis=2)
    paths[:, :, :2] = 0.9
    return xr.Dataset(
        {
            "fork_shortfall": (("fork", "branch", "fork_step"), paths),
            "fork_lost": (("fork", "branch"), np.full(ends.shape, -1) if lost is None else lost),
        },
        {"fork": range(len(ends)), "branch": NAMES, "fork_step": [25, 50, 75, 100]},
    )


def test_only_the_last_quarter_of_the_run_counts_and_what_is_lost_is_not_recovered():
    lost = np.full((1, 7), -1)
    lost[0, 2] = 60
    made = forks([[0.9, 0.4, 0.4, 0.5, 0.6, 0.2, np.nan]], lost)
    assert ended(made).values[0].tolist() == [0.9, 0.4, 1.0, 0.5, 0.6, 0.2, 1.0]
    assert recovered(made).values[0].tolist() == [False, True, False, True, False, True, False]


def test_a_branch_that_recovers_all_is_told_from_one_that_does_not_and_pairs_are_kept():
    random = np.random.default_rng(0)
    plain = random.random(80) < 0.3  # those that recover unchanged
    ends = np.where(plain[:, None], 0.2, 0.9) * np.ones((80, 7))
    ends[:, NAMES.index("symplectic")] = 0.1
    failed = np.arange(80) < 60
    found = fork_scores(forks(ends), failed, np.arange(80) // 2)
    share = plain[:60].mean()
    assert found["recovers"].sel(branch="unchanged", bound="value") == pytest.approx(share)
    assert found["recovers_more"].sel(branch="symplectic").values[0] == pytest.approx(1 - share)
    assert found["recovers_more"].sel(branch="symplectic").values[1] > 0
    assert found["recovers_more"].sel(branch="random").values.tolist() == [0, 0, 0]  # paired: not even by chance
    assert found["harms"].sel(branch="unchanged", bound="value") == pytest.approx(1 - plain[60:].mean())


def test_rotation_is_the_cause_only_where_nothing_else_helps():
    rows = {
        "rotation": ["symplectic"], "both": ["symplectic", "diagonal"], "luck": ["off-diagonal", "random"],
        "rates": ["off-diagonal", "smaller steps"], "curvature": ["diagonal"], "none": [],
        "discriminator": ["symplectic", "more discriminator steps"],
    }  # fmt: skip
    made = forks([[0.2 if name in good else 0.9 for name in NAMES] for good in rows.values()])
    assert [name for name, own in zip(rows, by_rotation(made), strict=True) if own] == ["rotation", "discriminator"]
    assert [name for name, own in zip(rows, by_curvature(made), strict=True) if own] == ["curvature"]


def advised(short, full, runs, kinds=None):
    """Cases with these gains, `(case, trial)`."""
    return xr.Dataset(
        {"short": (("case", "trial"), short), "sooner": (("case", "trial"), short), "full": (("case", "trial"), full)},
        {"advised_run": ("case", runs), "advised": ("case", kinds or ["rates"] * len(runs))},
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_rank_correlation_is_scipys_with_ties(seed):
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 6, 30), random.integers(0, 6, 30)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_trials_that_tell_all_have_no_regret_and_those_that_tell_nothing_have_that_of_chance():
    random = np.random.default_rng(1)
    runs, full = np.repeat(np.arange(60), 3), np.repeat(random.normal(size=180)[:, None], 3, 1)
    told = trial_scores(advised(full, full, runs)).sel(by="one trial", length="short")
    assert told["rank"].values[0] == told["signs"].values[0] == 1
    assert told["regret"].values.tolist() == [0, 0, 0]
    assert told["regret_of_nothing"].values[1] > 0
    noise = trial_scores(advised(random.normal(size=(180, 3)), full, runs)).sel(by="one trial", length="short")
    _, low, high = noise["rank"].values
    assert low < 0 < high
    assert noise["regret"].values[1] > 0


def test_three_noisy_trials_are_worth_more_than_one():
    random = np.random.default_rng(2)
    truth = random.normal(size=(200, 1))
    found = trial_scores(advised(truth + random.normal(size=(200, 3)), truth + np.zeros((200, 3)), np.arange(200) // 3))
    one, three = (
        float(found["rank"].sel(by=by, length="short", bound="value")) for by in ("one trial", "three trials")
    )
    assert three > one + 0.05
    assert float(found["rank"].sel(by="one trial", length="short", bound="low")) > 0.5


def test_advice_that_harms_is_not_followed_and_small_gains_are_no_signs():
    followed, nothing, anything = regret(np.array([-0.1, -0.2]), np.array([0.4, -0.2]), np.array([3, 3]))
    assert (followed.tolist(), nothing.tolist()) == ([0.4], [0.4])
    assert anything[0] == pytest.approx(0.3)
    assert np.isnan(same_sign(np.array([0.2]), np.array([0.01])))
    assert np.isnan(helped(np.array([0.05]), np.array([0.9])))
