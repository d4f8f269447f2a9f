"""The digits that come with scikit-learn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
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


def test_every_sixth_is_held_out_and_the_splits_are_all_of_them():
    whole, train, test = digits(), digits("train"), digits("test")
    assert (len(train), len(test)) == (1498, 299)
    np.testing.assert_array_equal(test.images, whole.images[5::6])
    np.testing.assert_array_equal(train.labels[:6], whole.labels[jnp.asarray([0, 1, 2, 3, 4, 6])])
    assert set(np.unique(test.labels)) == set(range(10))


def test_another_split_is_refused():
    with pytest.raises(ValueError, match="unknown split 'tset'; did you mean 'test'"):
        digits("tset")
