"""Rivals compared on made-up numbers, each statistic beside another way to it."""

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis import comparison

RATES = [1e-3, 1e-2]


def contest(modes, high_quality, diverged_at=None, **attrs):
    """A study of numbers `(setting, seed, step)`; settings are rivals "a", "b", … at two learning rates each."""
    modes = np.asarray(modes, float)
    settings, seeds, steps = modes.shape
    names = [chr(ord("a") + i // 2) for i in range(settings)]
    lost = np.full((settings, seeds), -1) if diverged_at is None else diverged_at
    dims = ("setting", "seed", "step")
    return xr.Dataset(
        {"modes": (dims, modes), "high_quality": (dims, np.broadcast_to(high_quality, modes.shape)),
         "diverged_at": (("setting", "seed"), lost)},
        {"setting": [f"{name} {rate}" for name, rate in zip(names, RATES * (settings // 2), strict=True)],
         "rival": ("setting", names), "learning_rate": ("setting", RATES * (settings // 2)),
         "seed": np.arange(seeds), "step": 10 * np.arange(steps)},
        {"modes_total": 8, "close": 0.5} | attrs,
    )  # fmt: skip


def ending(last, seeds=4):
    """Numbers `(setting, seed, step)` that rise from 0 to what each setting, or each of its runs, ends at."""
    last = np.asarray(last, float)
    last = np.broadcast_to(last[:, None], (len(last), seeds)) if last.ndim == 1 else last
    return np.stack([0 * last, last / 2, last], axis=-1)


def test_a_run_that_diverged_counts_as_before_training():
    lost = np.full((2, 4), -1)
    lost[0, 1] = 15
    found = comparison.ended(contest(ending([8, 6]), 1.0, lost), "modes")
    np.testing.assert_array_equal(found, [[8, 0, 8, 8], [6] * 4])
    assert comparison.reached(contest(ending([8, 6]), 1.0, lost)).values.tolist() == [
        [20, np.inf, 20, 20],
        [np.inf] * 4,
    ]


def test_a_setting_works_when_half_of_its_seeds_cover_all_modes_closely():
    of = contest(ending([[8, 8, 0, 0], [8, 7, 7, 7], [8] * 4, [8] * 4]), [[[0.9]], [[0.9]], [[0.4]], [[0.5]]])
    assert comparison.works(of).values.tolist() == [True, False, False, True]


def test_images_work_when_they_are_close_to_what_a_perfect_sampler_scores():
    of = contest(ending([8, 8]), 1.0, perfect_sliced_wasserstein=0.1, close=3.0).drop_vars("modes")
    distance = np.stack([np.full((2, 4), 1.0), [[0.29] * 4, [0.31] * 4], [[0.29] * 4, [0.31] * 4]], axis=-1)
    of["sliced_wasserstein"] = ("setting", "seed", "step"), distance
    assert comparison.works(of).values.tolist() == [True, False]
    assert comparison.best(of) == {"a": 0}
    assert comparison.reached(of).values.tolist() == [[10] * 4, [np.inf] * 4]


def test_the_best_has_most_modes_then_most_samples_near_them():
    of = contest(ending([7, 8, 8, 8]), np.array([0.9, 0.1, 0.3, 0.2])[:, None, None])
    assert comparison.best(of) == {"a": 1, "b": 2}
    assert comparison.best(of, by="setting") == {name: i for i, name in enumerate(of["setting"].values)}


def test_each_seed_of_tuning_chooses_and_a_fresh_one_judges():
    """Even seeds find the first learning rate better, odd ones the second; on fresh seeds the second is."""
    of = contest(ending([[8, 2, 8, 2], [1, 7, 1, 7]]), 1.0)
    chosen = comparison.chosen(of)
    assert chosen.values.tolist() == [[0, 1, 0, 1]]
    assert comparison.best(of) == {"a": 0}  # by the median of all of them
    fresh = contest(ending([[3, 4, 5, 6], [7, 8, 7, 8]]), 1.0)
    held = comparison.judged(fresh, chosen)
    assert held["modes"].values.tolist() == [[3, 8, 5, 8]]
    assert held["success"].values.tolist() == [[False, True, False, True]]
    assert held["reached"].values.tolist() == [[np.inf, 20, np.inf, 20]]


def test_differences_are_taken_pair_by_pair():
    """Seeds differ much, rivals by about 1 in each of them: that is sure; the interval is SciPy's."""
    from scipy.stats import ttest_rel

    levels = np.array([1.0, 4.0, 2.0, 6.0, 3.0, 5.0])
    other = levels + np.array([1.0, 1.1, 0.9, 1.2, 0.8, 1.05])
    held = xr.Dataset({"modes": (("rival", "seed"), [levels, other, levels[::-1]])}, {"rival": ["a", "b", "c"]})
    found = comparison.compared(held, "modes", "a")
    assert found["rival"].values.tolist() == ["b", "c"]
    at, known = found.sel(rival="b"), ttest_rel(other, levels).confidence_interval(0.95)
    np.testing.assert_allclose([at["low"], at["high"]], known)
    assert float(at["mean"]) == pytest.approx((other - levels).mean())
    assert float(at["alone"]) == 2 / 2**6
    assert float(at["probability"]) == 4 / 2**6  # of two
    assert float(found["probability"].sel(rival="c")) == 1
