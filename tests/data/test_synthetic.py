"""Mixtures of Gaussians: where the modes are, how wide, how often."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.data import Mixture, grid_centres, ring_centres


def nearest_mode(samples, centres):
    return np.argmin(np.linalg.norm(samples[:, None] - centres[None], axis=-1), axis=1)


@pytest.mark.parametrize("modes", [1, 2, 8, 25])
def test_ring_centres_are_the_roots_of_unity(modes):
    x, y = np.asarray(ring_centres(modes, 2.0), np.float64).T
    found = np.sort_complex(np.round(((x + 1j * y) / 2) ** modes, 3))
    np.testing.assert_allclose(found, np.ones(modes), atol=1e-3)
    assert len(np.unique(np.round(x + 1j * y, 3))) == modes


def test_grid_centres_are_spaced_evenly_about_the_origin():
    centres = np.asarray(grid_centres(5, 2.0))
    np.testing.assert_allclose(np.unique(centres), [-4, -2, 0, 2, 4])
    assert len(np.unique(centres, axis=0)) == 25


def test_balanced_batches_hold_the_modes_in_equal_counts():
    centres = ring_centres(8, 1.0)
    samples = Mixture(centres, 0.01, balanced=True).draw(jax.random.key(0), 512)
    np.testing.assert_array_equal(np.bincount(nearest_mode(samples, centres)), np.full(8, 64))


def test_modes_are_equally_likely_and_of_the_given_width():
    centres = grid_centres(2, 4.0)
    samples = Mixture(centres, 0.1).draw(jax.random.key(1), 4000)
    modes = nearest_mode(samples, centres)
    counts = np.bincount(modes)
    assert np.sum((counts - 1000) ** 2 / 1000) < 21.2  # χ², 3 degrees of freedom, p = 1e-4
    np.testing.assert_allclose(jnp.std(samples - centres[modes]), 0.1, rtol=0.05)
