"""The level of the fair comparisons: in how many studies without a difference one is said to hold.

Two hundred repetitions of each scenario, or as many as SADDLERY_REPETITIONS says: `make torture` asks for 4,000.
"""

import os

import pytest
from scipy import stats

from checks.level import ALPHA, Scenario, family_wise_error, power, scenarios

REPETITIONS = int(os.environ.get("SADDLERY_REPETITIONS", "200"))
MOST = 0.06  # with repetitions enough to tell; with fewer, what 5% exceeds once in ten thousand times


@pytest.mark.parametrize("of", scenarios(), ids=str)
def test_without_a_difference_few_are_said_to_hold(of):
    most = max(MOST, stats.binom.ppf(0.9999, REPETITIONS, ALPHA) / REPETITIONS) if REPETITIONS < 4000 else MOST
    assert family_wise_error(of, REPETITIONS) <= most


@pytest.mark.parametrize(("shape", "large"), [("normal", 2.5), ("lognormal", 4.0), ("t, 3 df", 3.5)])
def test_a_large_difference_is_found_and_a_small_one_is_not_promised(shape, large):
    assert power(Scenario(shape, 7, 0.4, 1, large), min(REPETITIONS, 400)) >= 0.8
    assert power(Scenario(shape, 7, 0.4, 1, 0.25), min(REPETITIONS, 400)) <= 0.3
