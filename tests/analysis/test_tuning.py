"""Equal tuning: the best of m settings against all subsets, budgets, and what becomes of runs."""

import itertools

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis import tuning

DIMS = ("setting", "seed", "step")


@pytest.fixture
def study():
    """Five settings of one rival and two of another, four seeds, random scores that grow along training."""
    random = np.random.default_rng(0)
    ends = random.uniform(0, 8, (7, 4))
    return xr.Dataset(
        {"modes": (DIMS, np.stack([0 * ends, ends / 2, ends], -1)),
         "high_quality": (DIMS, np.ones((7, 4, 3))),
         "diverged_at": (DIMS[:2], np.full((7, 4), -1)),
         "cost": ("setting", [1.0] * 5 + [2.0] * 2), "gradients": ("setting", [1.0] * 5 + [3.0] * 2)},
        {"setting": list("abcdefg"), "rival": ("setting", ["one"] * 5 + ["two"] * 2), "seed": range(4),
         "step": [0, 10, 20]},
        {"modes_total": 8, "close": 0.5},
    )  # fmt: skip


@pytest.mark.parametrize("drawn", [1, 2, 3, 5])
def test_the_best_of_m_settings_is_the_mean_over_all_subsets(study, drawn):
    """Of every subset, the setting that is best on one seed, scored on the other, both ways."""
    ends = study["modes"].values[:5, :, -1]
    for pair, found in enumerate(tuning.best_of(study, drawn).sel(rival="one").values):
        a, b = ends[:, 2 * pair], ends[:, 2 * pair + 1]
        scores = []
        for subset in map(list, itertools.combinations(range(5), drawn)):
            scores += [b[subset][a[subset].argmax()], a[subset][b[subset].argmax()]]
        assert found == pytest.approx(np.mean(scores))


def test_a_rival_of_fewer_settings_has_no_best_of_more(study):
    found = tuning.best_of(study, 3)
    assert found.sel(rival="two").isnull().all()
    assert tuning.fewest(study) == 2
    assert np.isfinite(tuning.best_of(study, 2)).all()


def test_a_dearer_step_leaves_fewer_of_them(study):
    """Of 20 steps, one of twice the time leaves 10, the second record, and one of three gradients 6, the first."""
    assert tuning.last_records(study).tolist() == [2] * 7
    assert tuning.last_records(study, "time").tolist() == [2] * 5 + [1] * 2
    assert tuning.last_records(study, "gradients").tolist() == [2] * 5 + [0] * 2
    study["cost"][:] = 0.5  # a cheaper one has no more of them
    assert tuning.last_records(study, "time").tolist() == [2] * 7


def test_a_run_that_diverged_within_its_budget_counts_as_before_training(study):
    study["diverged_at"][5, 0] = 15
    assert tuning.until(study, "modes")[5, 0] == 0
    assert tuning.until(study, "modes", "time")[5, 0] == study["modes"][5, 0, 1]


def test_what_became_of_runs(study):
    study["modes"][:4] = np.array([[0, 8, 8], [0, 8, 7], [0, 7, 7], [0, 8, 8]])[:, None]
    study["diverged_at"][3] = 15
    names = [[tuning.OUTCOMES[code] for code in row] for row in tuning.outcomes(study).values[:4]]
    assert names == [["reached"] * 4, ["lost"] * 4, ["not yet"] * 4, ["diverged"] * 4]
    study["modes"][0, 0, -1] = 7
    assert tuning.working(study, 0.75).values.tolist()[0]
    assert not tuning.working(study, 1.0).values.any()
