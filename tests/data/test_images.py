"""Images in memory: what is drawn, in which range, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.data import Images


def numbered(n=5, dtype=np.uint8):
    """Images whose every pixel is their number."""
    return np.broadcast_to(np.arange(n, dtype=dtype)[:, None, None, None], (n, 2, 3, 1))


def test_uint8_stays_in_memory_and_is_drawn_in_minus_one_to_one():
    data = Images(np.asarray([0, 51, 255], np.uint8).reshape(3, 1, 1, 1))
    drawn = data.draw(jax.random.key(0), 100)
    assert data.images.dtype == jnp.uint8
    assert drawn.dtype == jnp.float32
    np.testing.assert_allclose(np.unique(drawn), [-1, -0.6, 1], atol=1e-6)


def test_floating_images_are_drawn_as_they_are():
    images = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 2, 3, 1)
    drawn = np.asarray(Images(images).draw(jax.random.key(1), 32))
    assert drawn.shape == (32, 2, 3, 1)
    assert all(any((image == original).all() for original in images) for image in drawn)


def test_draws_are_uniform_with_replacement():
    drawn = Images(numbered()).draw(jax.random.key(2), 5000)[:, 0, 0, 0]
    counts = np.bincount(np.round((np.asarray(drawn) + 1) * 127.5).astype(int), minlength=5)
    assert np.sum((counts - 1000) ** 2 / 1000) < 23.5  # χ², 4 degrees of freedom, p = 1e-4


def test_the_images_are_an_argument_of_compiled_programs():
    draw = jax.jit(lambda data, key: data.draw(key, 8))
    first, second = (draw(Images(images), jax.random.key(3)) for images in (numbered(), numbered()[::-1]))
    np.testing.assert_allclose(first + second, 4 / 127.5 - 2, atol=1e-6)
    assert draw._cache_size() == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_resized_images_keep_their_averages_type_and_labels(dtype):
    noise = np.random.default_rng(0).integers(60, 200, (3, 24, 24, 2))
    data = Images(noise.astype(dtype) if dtype == np.uint8 else (noise / 127.5 - 1).astype(dtype), np.arange(3))
    small = data.resized(8)
    assert small.images.shape == (3, 8, 8, 2)
    assert small.images.dtype == dtype
    np.testing.assert_array_equal(small.labels, data.labels)
    step = 1.0 if dtype == np.uint8 else 1 / 127.5
    means = (np.asarray(each.images, float).mean((1, 2)) for each in (data, small))
    np.testing.assert_allclose(*means, atol=4 * step)
    assert data.resized(24) is data
    level = Images(np.full((1, 4, 4, 1), 77, np.uint8)).resized(9)
    np.testing.assert_array_equal(level.images, np.full((1, 9, 9, 1), 77))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((3, 2, 2), np.uint8), None, r"images: got shape \(3, 2, 2\)"),
        (np.zeros((0, 2, 2, 1), np.uint8), None, r"images: got shape \(0, 2, 2, 1\)"),
        (np.zeros((3, 0, 2, 1), np.uint8), None, r"images: got shape \(3, 0, 2, 1\)"),
        (np.full((3, 2, 2, 1), 255.0), None, "images: got values from 255 to 255"),
        (np.full((3, 2, 2, 1), np.nan), None, "images: got values from nan"),
        (np.zeros((3, 2, 2, 1), np.int32), None, "images: got int32"),
        (np.zeros((3, 2, 2, 1), np.uint8), np.zeros(2, int), r"labels: got shape \(2,\), expected \(3,\)"),
        (np.zeros((3, 28, 28), np.uint8), None, r"images: got shape .* grey images: x\[\.\.\., None\]"),
        (
            np.zeros((3, 3, 32, 32), np.uint8),
            None,
            r"looks like channels first.*: move .*, x\.transpose\(0, 2, 3",
        ),
        (np.zeros((3, 1, 28, 28), np.float32), None, "looks like channels first"),
        (
            np.zeros((3, 2, 2, 1), np.uint8),
            np.zeros(3),
            r"labels: got float64, expected whole .*astype\(int\)",
        ),
        (np.zeros((3, 2, 2, 1), np.uint8), [0, np.nan, 1], "labels: got float64, expected whole numbers"),
        (np.zeros((3, 2, 2, 1), np.uint8), np.eye(3), r"labels: got float64, .* labels\.argmax\(1\)"),
        (np.zeros((3, 2, 2, 1), np.uint8), np.eye(3, dtype=int), r"labels: got shape \(3, 3\)"),
        (np.zeros((3, 2, 2, 1), np.uint8), [True, False, True], "labels: got bool"),
        (np.zeros((3, 2, 2, 1), np.uint8), [0, 1, 2**40], "labels: got numbers from 0 to 1099511627776"),
    ],
)
def test_other_arrays_are_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        Images(images, labels)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((3, 2, 2, 1), np.uint8), ["cat", "dog", "cat"], r"labels: got texts, .* np\.unique\(labels"),
        (np.zeros((3, 2, 2, 1), np.uint8), np.array(["cat", "dog", "cat"], object), "labels: got texts"),
        (np.zeros((3, 2, 2, 1), np.uint8), 3, "labels: got 3, expected 3 whole numbers"),
        (np.zeros((3, 2, 2, 1), object), None, "images: got an array of objects"),
        ("digits.png", None, "images: got an array of texts"),
    ],
)
def test_what_holds_no_numbers_is_refused(images, labels, message):
    with pytest.raises(TypeError, match=message):
        Images(images, labels)


def test_few_pixels_with_more_channels_than_rows_are_not_taken_for_channels_first():
    assert Images(np.zeros((3, 8, 8, 10), np.uint8)).images.shape == (3, 8, 8, 10)
    assert Images(np.zeros((3, 3, 4, 4), np.uint8)).images.shape == (3, 3, 4, 4)
