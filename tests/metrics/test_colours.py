import math

import jax
import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from saddlery.data import Coloured, colours, digits
from saddlery.metrics import colour_divergence, perfect_colours


def uniform(seed, n=4000):
    return np.random.default_rng(seed).uniform(size=(n, 3))


def test_the_divergence_is_scipys_of_the_histograms():
    x, y = uniform(0), uniform(1, 900) ** 2
    p, q = (np.histogramdd(each, bins=4, range=[(0, 1)] * 3)[0].ravel() for each in (x, y))
    assert colour_divergence(x, y, bins=4) == pytest.approx(jensenshannon(p, q) ** 2, rel=1e-12)
    assert colour_divergence(x, y) == pytest.approx(colour_divergence(y, x), rel=1e-12)


def test_it_is_zero_for_equal_sets_and_at_most_log_two():
    assert colour_divergence(uniform(0), uniform(0)) == 0
    assert colour_divergence(uniform(0) / 3, 1 - uniform(1) / 3) == pytest.approx(math.log(2))
    assert colour_divergence(np.array([[-0.1, 2.0, 1.0]]), np.array([[0.0, 1.0, 0.99]])) == 0


def test_a_perfect_sampler_scores_as_two_draws_of_the_data():
    perfect = perfect_colours(500, 800)
    assert perfect.low < perfect.mean < perfect.high
    values = [colour_divergence(uniform(i, 500), uniform(100 + i, 800)) for i in range(60)]
    assert np.mean(values) == pytest.approx(perfect.mean, rel=0.05)


def test_coloured_digits_are_as_even_as_a_perfect_sampler():
    images = Coloured(digits()).draw(jax.random.key(0), 2000)
    perfect = perfect_colours(2000, 2000)
    divergence = colour_divergence(np.asarray(colours(images)), uniform(0, 2000))
    assert perfect.low * 0.9 < divergence < perfect.high * 1.1
    assert colour_divergence(np.asarray(colours(images))[:500] ** 2, uniform(0, 2000)) > 2 * perfect.high


def test_colours_are_triples():
    with pytest.raises(ValueError, match=r"reference: got shape \(4, 2\)"):
        colour_divergence(uniform(0), np.zeros((4, 2)))
