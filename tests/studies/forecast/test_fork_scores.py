"""Scores of forks: what recovers, where it is known by construction."""

import numpy as np
import pytest
import xarray as xr

from saddlery.studies.forecast.fork_scores import (
    CURVATURE,
    ROTATION,
    STEPS,
    alone,
    ended,
    fork_scores,
    recovered,
)
from saddlery.studies.forecast.forks import BRANCHES

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
    assert found["recovers_beyond"].sel(branch="symplectic", bound="value") == pytest.approx(1 - share)
    assert found["recovers_beyond"].sel(branch="smaller steps").values.tolist() == [0, 0, 0]
    assert found["harms"].sel(branch="unchanged", bound="value") == pytest.approx(1 - plain[60:].mean())


def test_rotation_is_the_cause_only_where_nothing_else_helps():
    rows = {
        "rotation": ["symplectic"], "both": ["symplectic", "diagonal"], "luck": ["off-diagonal", "random"],
        "rates": ["off-diagonal", "smaller steps"], "curvature": ["diagonal"], "none": [], "steps": ["smaller steps"],
        "discriminator": ["symplectic", "more discriminator steps"],
    }  # fmt: skip
    made = forks([[0.2 if name in good else 0.9 for name in NAMES] for good in rows.values()])
    assert [name for name, own in zip(rows, alone(made, ROTATION), strict=True) if own] == ["rotation", "discriminator"]
    assert [name for name, own in zip(rows, alone(made, CURVATURE), strict=True) if own] == ["curvature"]
    assert [name for name, own in zip(rows, alone(made, STEPS), strict=True) if own] == ["steps"]
