import itertools

import jax
import numpy as np
import pytest

from saddlery.data import digits
from saddlery.metrics import noise_like, pairwise_distances

KEY = jax.random.key(0)


def test_distances_are_those_of_all_pairs():
    x = np.random.default_rng(0).normal(size=(6, 2, 3))
    expected = [np.linalg.norm(a - b) for a, b in itertools.combinations(x, 2)]
    np.testing.assert_allclose(pairwise_distances(x), expected, rtol=1e-12)
    np.testing.assert_allclose(pairwise_distances(x, lambda x: 2 * x[:, 0]), [
        2 * np.linalg.norm(a[0] - b[0]) for a, b in itertools.combinations(x, 2)
    ])  # fmt: skip


def test_noise_keeps_each_pixels_values_and_nothing_else():
    images = np.asarray(digits().images[:300])
    noise = np.asarray(noise_like(images, KEY))
    assert noise.shape == images.shape
    np.testing.assert_array_equal(np.sort(noise, axis=0), np.sort(images, axis=0))
    correlation = np.corrcoef(images[:, 3, 3, 0], images[:, 4, 3, 0])[0, 1]
    assert abs(np.corrcoef(noise[:, 3, 3, 0], noise[:, 4, 3, 0])[0, 1]) < 0.2 < abs(correlation)


def test_noise_matches_the_mean_squared_distance_of_pixels_but_not_the_spread():
    images = np.asarray(digits().images[:400])
    real, noise = pairwise_distances(images), pairwise_distances(noise_like(images, KEY))
    assert (noise**2).mean() == pytest.approx((real**2).mean(), rel=1e-5)
    assert noise.std() < 0.6 * real.std()


def test_a_collapsed_set_is_close_together():
    images = np.asarray(digits().images[:100])
    collapsed = images[np.arange(100) % 5]
    assert np.quantile(pairwise_distances(collapsed), 0.15) == 0
    assert pairwise_distances(images).min() > 0


def test_one_sample_has_no_pairs():
    with pytest.raises(ValueError, match="samples: got 1"):
        pairwise_distances(np.zeros((1, 4)))
