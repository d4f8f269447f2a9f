"""Stacked digits: what is in the channels, which label, how likely."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.data import Images, Stacked, digits, mnist

draw = jax.jit(lambda data, key, n: data.labelled(key, n), static_argnums=2)


@pytest.mark.parametrize("balanced", [True, False])
def test_each_channel_holds_a_digit_of_the_label(balanced):
    source = digits()
    images, labels = draw(Stacked(source, balanced), jax.random.key(0), 64)
    assert images.shape == (64, 8, 8, 3)
    of = {
        image.tobytes(): int(label)
        for image, label in zip(*map(np.asarray, (source.images, source.labels)), strict=True)
    }
    for image, label in zip(np.asarray(images), np.asarray(labels), strict=True):
        found = [of[np.ascontiguousarray(image[..., channel]).tobytes()] for channel in range(3)]
        assert 100 * found[0] + 10 * found[1] + found[2] == label


def chi_square(labels, expected):
    counts = np.bincount(labels, minlength=1000)
    return float(np.sum((counts - expected) ** 2 / expected))


def test_modes_are_equally_likely_when_balanced_and_as_in_the_set_otherwise():
    shares = np.asarray([1, 1, 1, 1, 1, 1, 1, 1, 1, 3]) / 12
    labels = np.repeat(np.arange(10), (12 * shares).astype(int))
    source = Images(np.zeros((12, 1, 1, 1), np.uint8), labels)
    n, bound = 100_000, 1165.0  # χ², 999 degrees of freedom, p = 2e-4
    balanced = draw(Stacked(source), jax.random.key(1), n)[1]
    assert chi_square(balanced, np.full(1000, n / 1000)) < bound
    weighted = draw(Stacked(source, balanced=False), jax.random.key(2), n)[1]
    assert chi_square(weighted, n * np.einsum("i,j,k->ijk", shares, shares, shares).ravel()) < bound
    assert chi_square(weighted, np.full(1000, n / 1000)) > 10 * bound


def test_every_image_of_a_digit_is_as_likely_as_any_other():
    images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    data = Stacked(Images(images, np.arange(40) % 10))
    drawn = np.asarray(jnp.round((draw(data, jax.random.key(3), 20_000)[0] + 1) * 127.5), int).ravel()
    counts = np.bincount(drawn, minlength=40)
    assert np.sum((counts - 1500) ** 2 / 1500) < 80.1  # χ², 39 degrees of freedom, p = 1e-4


def test_draw_is_what_labelled_draws_and_the_images_are_an_argument():
    data = Stacked(digits())
    np.testing.assert_array_equal(data.draw(jax.random.key(4), 5), data.labelled(jax.random.key(4), 5)[0])
    assert data.modes == 1000
    assert sum(leaf.size for leaf in jax.tree.leaves(data)) >= 1797 * 64


def test_real_mnist_stays_uint8_in_memory(real):
    data = Stacked(mnist("test", real("mnist")))
    images, labels = draw(data, jax.random.key(5), 2000)
    assert data.images.dtype == jnp.uint8
    assert images.shape == (2000, 28, 28, 3)
    np.testing.assert_allclose([images.min(), images.max()], [-1, 1], atol=1e-6)
    assert len(np.unique(labels)) == pytest.approx(1000 * (1 - np.exp(-2)), abs=50)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((10, 2, 2, 3), np.uint8), np.arange(10), "3 channels"),
        (np.zeros((10, 2, 2, 1), np.uint8), None, "no labels"),
        (np.zeros((9, 2, 2, 1), np.uint8), np.arange(9), "expected 0 to 9, each of them"),
        (np.zeros((11, 2, 2, 1), np.uint8), np.arange(11), "expected 0 to 9"),
        (np.zeros((11, 2, 2, 1), np.uint8), np.arange(-1, 10), "expected 0 to 9"),
    ],
)
def test_other_images_are_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        Stacked(Images(images, labels))
