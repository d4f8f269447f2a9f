"""Bootstrap intervals over seeds."""

import numpy as np

from saddlery.analysis.intervals import interval


def test_intervals_are_of_the_median_over_seeds_that_have_a_value():
    assert interval(np.array([3.0])) == (3, 3, 3)
    assert interval(np.array([np.nan, np.nan]))[0] != 0  # NaN
    median, low, high = interval(np.array([1.0, 2, 3, np.nan]))
    assert (median, low, high) == (2, 1, 3)
    many = np.random.default_rng(3).normal(size=400)
    median, low, high = interval(many)
    assert median == np.median(many)
    assert 0.8 * 1.96 * 1.2533 / 20 < (high - low) / 2 < 1.2 * 1.96 * 1.2533 / 20  # the median's standard error
