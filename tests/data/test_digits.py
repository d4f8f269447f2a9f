"""The digits that come with scikit-learn."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits

from saddlery.data import digits


def test_digits_are_scikit_learns_scaled():
    data, original = digits(), load_digits()
    assert data.images.shape == (1797, 8, 8, 1)
    assert data.images.dtype == jnp.float32
    assert jnp.issubdtype(data.labels.dtype, jnp.integer)
    np.testing.assert_array_equal((data.images[..., 0] + 1) * 8, original.images)
    np.testing.assert_array_equal(data.labels, original.target)
    assert data.images.min() == -1
    assert data.images.max() == 1


def test_draws():
    drawn = digits().draw(jax.random.key(0), 7)
    assert drawn.shape == (7, 8, 8, 1)
    assert drawn.dtype == jnp.float32
