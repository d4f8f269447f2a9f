"""Tests of paired differences, beside SciPy's, by hand, and their level."""

import itertools

import numpy as np
import pytest

from saddlery.analysis.paired import holm, sign_flips


def test_the_probability_is_that_of_fishers_test():
    from scipy.stats import permutation_test

    values = np.random.default_rng(0).normal(0.6, size=(3, 8))
    for row, found in zip(values, sign_flips(values), strict=True):
        known = permutation_test((row,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert found == pytest.approx(known.pvalue)


def test_ties_and_no_differences_count_as_they_are():
    """Of signs of (1, 1, 0): all sums are 2, 0 or −2, half of them as far from 0 as 2."""
    np.testing.assert_allclose(sign_flips(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])), [0.5, 1.0])
    with pytest.raises(ValueError, match="no pair"):
        sign_flips(np.zeros((3, 0)))


def test_scale_and_sign_of_differences_change_nothing():
    values = np.random.default_rng(1).standard_t(2, size=(5, 9))
    np.testing.assert_array_equal(sign_flips(values), sign_flips(-1e-3 * values))


def test_many_pairs_are_sampled_and_agree_with_students_test():
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(2).normal(0.3, size=(4, 40))
    np.testing.assert_allclose(sign_flips(values), ttest_1samp(values, 0, axis=1).pvalue, atol=0.01)
    assert sign_flips(np.ones(40)) == 1 / 2**16  # the choice that was observed is among those that are drawn


def test_holms_correction_is_the_closed_test_by_bonferroni():
    """A hypothesis is rejected when every intersection with it is: its p is the greatest of |I| min p over I ∋ i."""
    given = np.random.default_rng(3).uniform(0, 0.3, size=(6, 4))
    for row, found in zip(given, holm(given), strict=True):
        sets = [each for n in range(1, 5) for each in itertools.combinations(range(4), n)]
        closed = [max(min(1, len(each) * row[list(each)].min()) for each in sets if i in each) for i in range(4)]
        np.testing.assert_allclose(found, closed)


@pytest.mark.parametrize("degrees", [2, 30])
def test_where_nothing_differs_five_in_a_hundred_are_told_apart(degrees):
    """Of 8 pairs, where at most 12 of 256 ways may be as far: the level is 12 / 256 for any symmetric distribution."""
    values = np.random.default_rng(4).standard_t(degrees, size=(4000, 8))
    level = 12 / 256
    assert abs((sign_flips(values) <= 0.05).mean() - level) < 4 * np.sqrt(level / 4000)
