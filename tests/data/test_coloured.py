"""Coloured digits: the colours are uniform, and can be read off."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from saddlery.data import Coloured, Images, colours, digits, mnist

draw = jax.jit(lambda data, key, n: data.labelled(key, n), static_argnums=2)


def test_colours_are_uniform_and_recovered_exactly():
    images, drawn = draw(Coloured(digits()), jax.random.key(0), 4000)
    assert images.shape == (4000, 8, 8, 3)
    np.testing.assert_allclose(colours(images), drawn, atol=1e-6)
    for channel in np.asarray(drawn).T:
        assert stats.kstest(channel, "uniform").pvalue > 1e-4
    assert np.abs(np.corrcoef(np.asarray(drawn).T) - np.eye(3)).max() < 0.08


def test_the_ink_is_that_of_the_digits_scaled_to_full():
    source = digits()
    ink = (np.asarray(source.images)[..., 0] + 1) / 2
    ink = ink / ink.max(axis=(1, 2), keepdims=True)
    images, drawn = draw(Coloured(source), jax.random.key(1), 20)
    for image, colour in zip(np.asarray(images, float), np.asarray(drawn, float), strict=True):
        found = (image + 1) / 2 @ colour / (colour @ colour)
        assert np.abs(ink - found).max(axis=(1, 2)).min() < 1e-5


def test_real_mnist_stays_uint8_in_memory(real):
    data = Coloured(mnist("test", real("mnist")))
    images, drawn = draw(data, jax.random.key(2), 500)
    assert data.images.dtype == jnp.uint8
    np.testing.assert_allclose(colours(images), drawn, atol=1e-5)
    assert images.min() == -1
    np.testing.assert_array_equal(data.draw(jax.random.key(2), 500), data.labelled(jax.random.key(2), 500)[0])


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="images of 3 channels"):
        Coloured(Images(np.zeros((2, 2, 2, 3), np.uint8)))
    blank = np.ones((3, 2, 2, 1), np.uint8)
    blank[1] = 0
    with pytest.raises(ValueError, match="image 1 is blank"):
        Coloured(Images(blank))
