"""What tests of runs share."""

import pytest
from checks import training
from checks.training import method_with_memory, small_ring  # noqa: F401


@pytest.fixture(scope="session")
def train():
    """`train(game, method, **arguments)`: a short run that records its whole path."""
    return training.train


@pytest.fixture(scope="session")
def same():
    """`same(one, other)`: whether two histories agree in every bit, times apart."""
    return training.same
