"""Differences between the largest K and the smallest, beside SciPy's paired test."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from saddlery.studies.depth_changes import changed


def study(differences):
    """Two settings, the first of the values 1, 2, 3 and so on."""
    first = np.arange(1.0, len(differences) + 1)
    return xr.Dataset({"found": (("setting", "seed"), [first, first + differences])}, {"setting": ["K = 0", "K = 10"]})


@pytest.mark.parametrize("differences", [[1.0, 1.2, 0.9], [-3.0, -2.0, -2.5, -1.0], [1.0, -1.0, 0.5], [5.0, 0.1, 0.2]])
def test_a_difference_is_said_where_students_test_finds_one(differences):
    change = changed(study(differences), "found")
    found = stats.ttest_1samp(differences, 0)
    np.testing.assert_allclose(change.found, [np.mean(differences), *found.confidence_interval(0.95)])
    assert change.sign == (np.sign(found.statistic) if found.pvalue < 0.05 else 0)
    words = {1: "more with K = 10 than", -1: "fewer with K = 10 than", 0: "K = 10 and K = 0 are not told apart"}
    assert change.sentence("more", "fewer").startswith(words[change.sign])


def test_two_seeds_tell_nothing():
    change = changed(study([1.0, 1.1]), "found")
    assert change.sign == 0
    text = change.sentence("more", "less")
    assert text.endswith("(mean difference +1.05, n = 2, too few that differ for an interval)")


def test_seeds_without_a_value_are_not_counted():
    change = changed(study([1.0, 1.2, 0.9, np.nan]), "found")
    assert change.found == changed(study([1.0, 1.2, 0.9]), "found").found
    assert change.sentence("more", "less").endswith("n = 3)")
