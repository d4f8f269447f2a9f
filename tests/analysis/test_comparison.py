"""Rivals compared on made-up numbers, each statistic beside another way to it."""

import itertools

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


def test_a_seed_is_judged_at_the_setting_that_the_other_half_chose():
    """Even seeds find the first learning rate better, odd ones the second: each is judged at the other."""
    of = contest(ending([[8, 2, 8, 2], [1, 7, 1, 7]]), 1.0)
    held = comparison.held_out(of)
    assert held["chosen"].values.tolist() == [[1, 0, 1, 0]]
    assert held["modes"].values.tolist() == [[1, 2, 1, 2]]
    assert comparison.best(of) == {"a": 0}  # by all of them
    assert comparison.held_out(of.isel(seed=[0]))["modes"].values.tolist() == [[8]]


def test_intervals_are_those_of_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).gamma(2.0, size=(2, 12))
    found = comparison.intervals(xr.DataArray(values, {"rival": ["a", "b"]}, ("rival", "seed")))
    for i, row in enumerate(values):
        known = bootstrap((row,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1))
        expected = [known.confidence_interval.low, known.confidence_interval.high]
        np.testing.assert_allclose([found["low"][i], found["high"][i]], expected, rtol=0.04)
        assert found["mean"][i] == pytest.approx(row.mean())


def test_alone_a_difference_has_the_probability_of_fishers_test():
    from scipy.stats import permutation_test

    values = np.random.default_rng(0).normal(0.6, size=8)
    known = permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    found = comparison.swapped(xr.DataArray(values[None], {"rival": ["a"]}, ("rival", "seed")))
    assert float(found[0]) == pytest.approx(known.pvalue)


def test_of_several_differences_each_is_compared_with_those_that_are_no_greater():
    random = np.random.default_rng(1)
    values = random.normal([[3.0], [0.0], [-1.0]], 1.0, size=(3, 6))
    signs = np.array(list(itertools.product([1, -1], repeat=6)))
    sizes = [np.hypot(row.mean(), row.std()) for row in values]
    weighted = values / (np.array(sizes) + sorted(sizes)[1])[:, None]
    statistics = abs(np.array([[(s * row).mean() for row in weighted] for s in signs]))
    order, least, expected = np.argsort(-statistics[0]), 0.0, np.empty(3)
    for place, rival in enumerate(order):
        least = max(least, (statistics[:, order[place:]].max(1) >= statistics[0, rival] - 1e-12).mean())
        expected[rival] = least
    found = comparison.swapped(xr.DataArray(values, {"rival": list("abc")}, ("rival", "seed")))
    np.testing.assert_allclose(found, expected)
    assert float(found[0]) == 2 / 2**6


def test_a_rival_whose_seeds_differ_much_does_not_hide_the_others():
    random = np.random.default_rng(2)
    sure, wild, small, same = (
        random.normal(1.0, 0.3, 8), random.normal(0.0, 50.0, 8), random.choice([-0.1, 0.1], (5, 8)), np.zeros((1, 8))
    )  # fmt: skip
    values = np.stack([sure, wild, *small, *same])
    found = comparison.swapped(xr.DataArray(values, {"rival": list("abcdefgh")}, ("rival", "seed"))).values
    assert found[0] <= 4 / 2**8
    assert (found[1:] > 0.05).all()
    assert found[-1] == 1
    scaled = comparison.swapped(xr.DataArray(-3 * values, {"rival": list("abcdefgh")}, ("rival", "seed"))).values
    np.testing.assert_array_equal(found, scaled)


def test_where_nothing_differs_few_differences_hold():
    """Family-wise: in at most about 5% of studies without any difference, one is said to hold."""
    random = np.random.default_rng(5)
    false = 0
    for _ in range(200):
        seeds = random.normal(size=(11, 8))
        differences = xr.DataArray(seeds[1:] - seeds[0], {"rival": list("abcdefghij")}, ("rival", "seed"))
        false += bool((comparison.swapped(differences) <= 0.05).any())
    assert false / 200 <= 0.09


def test_differences_are_taken_seed_by_seed():
    """Seeds differ much, rivals by 1 in each of them: the difference is sure."""
    levels = np.array([1.0, 4.0, 2.0, 6.0, 3.0, 5.0])
    of = contest(ending(np.stack([levels, levels, levels + 1, levels + 1]), seeds=6), 1.0)
    found = comparison.compared(of, "modes", "a")
    assert found["rival"].values.tolist() == ["b"]
    numbers = [found[name].item() for name in ("mean", "low", "high", "probability")]
    assert numbers == [1, 1, 1, 2 / 2**6]
