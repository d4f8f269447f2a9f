"""Two moons, against scikit-learn's."""

import jax
import numpy as np
import pytest
from sklearn.datasets import make_moons

from saddlery.data import Moons


@pytest.mark.parametrize("std", [0.05, 0.2])
def test_they_are_distributed_as_scikit_learn_s(std):
    """By the empirical characteristic function at random frequencies, of which each has an error of 1/√n."""
    ours = np.asarray(Moons(std).draw(jax.random.key(0), 20_000))
    theirs, _ = make_moons(20_000, noise=std, random_state=0)
    frequencies = np.random.default_rng(0).normal(size=(2, 50)) * 3
    found, expected = (np.exp(1j * x @ frequencies).mean(0) for x in (ours, theirs))
    assert np.abs(found - expected).max() < 5 / np.sqrt(20_000)


def test_a_deviation_that_is_none_is_named():
    with pytest.raises(ValueError, match="std"):
        Moons(0.0)
