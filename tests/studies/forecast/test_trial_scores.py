"""Scores of trials: what a short trial is worth, where it is known by construction."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from saddlery.studies.forecast.trial_scores import helped, regret, same_sign, spearman, trial_scores


def scored(*args):
    """The scores of cases on one game."""
    made = advised(*args)
    return trial_scores(made, np.array(["ring"] * made.sizes["case"]))


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
    told = scored(full, full, runs).sel(by="one trial", length="short")
    assert told["rank"].values[0] == told["signs"].values[0] == 1
    assert told["regret"].values.tolist() == [0, 0, 0]
    assert told["regret_of_nothing"].values[1] > 0
    noise = scored(random.normal(size=(180, 3)), full, runs).sel(by="one trial", length="short")
    _, low, high = noise["rank"].values
    assert low < 0 < high
    assert noise["regret"].values[1] > 0


def test_three_noisy_trials_are_worth_more_than_one():
    random = np.random.default_rng(2)
    truth = random.normal(size=(200, 1))
    found = scored(truth + random.normal(size=(200, 3)), truth + np.zeros((200, 3)), np.arange(200) // 3)
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


def test_games_and_kinds_of_advice_are_told_apart_and_the_longer_trial_from_the_shorter():
    random = np.random.default_rng(3)
    truth, noise = random.normal(size=(120, 1)) + np.zeros((120, 3)), random.normal(size=(120, 3))
    games = np.array(["ring", "grid"] * 60)
    made = advised(np.where(games[:, None] == "ring", truth, noise), truth, np.arange(120), ["rates", "method"] * 60)
    made["sooner"] = ("case", "trial"), noise
    found = trial_scores(made, games)
    rank = {group: found["rank_of"].sel(group=group).values for group in found["group"].values}
    assert set(rank) == {"advice on rates", "advice on method", "on ring", "on grid"}
    assert rank["on ring"][0] == rank["advice on rates"][0] == 1
    assert abs(rank["on grid"][0]) < 0.5
    assert found["longer"].values[1] > 0.2
