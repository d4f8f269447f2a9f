"""Features by which images are compared: what is chosen for which data, and that what they say is true."""

from importlib import import_module

import jax
import numpy as np
import pytest

from saddlery.data import Images, digits
from saddlery.metrics import contrastive, frechet_distance
from saddlery.metrics import image_features as module
from saddlery.metrics.image_features import features_of, pixel_features, trained_features

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def coloured():
    """Pictures of a square of any colour on a ground of another, 12 × 12."""
    random = np.random.default_rng(0)
    images = np.empty((400, 12, 12, 3), np.uint8)
    images[:] = random.integers(0, 128, (400, 1, 1, 3))
    for image, (i, j), colour in zip(images, random.integers(0, 8, (400, 2)), random.integers(128, 256, (400, 3)),
                                     strict=True):  # fmt: skip
        image[i : i + 4, j : j + 4] = colour
    return Images(images)


def test_digits_are_compared_by_their_classifier_and_pictures_by_contrast(coloured):
    found = trained_features(digits())
    assert found.name == "classifier"
    assert "of 300 held out" in found.meaning
    assert found.probabilities is not None
    other = trained_features(coloured)
    assert other.name == "contrastive"
    assert "seen at 12×12" in other.meaning
    assert other.features(coloured.images[:5]).shape == (5, 128)


def test_labels_that_a_network_cannot_tell_are_not_made_features_of():
    data = digits()
    shuffled = Images(data.images, np.random.default_rng(0).permutation(np.asarray(data.labels)))
    assert trained_features(shuffled).name == "contrastive"


def test_contrastive_features_tell_changes_of_images_better_than_pixels_do(coloured):
    real, other = np.asarray(coloured.images[:200]), np.asarray(coloured.images[200:])
    half = other.copy()
    half[:, :, 6:] = half[:, :1, :1]  # what is in the right half is gone
    few = other[np.arange(200) % 20]  # twenty images, ten times each
    of = {"contrastive": trained_features(coloured).features, "pixel": pixel_features(coloured).features}
    ratio = {
        name: [frechet_distance(f(each), f(real)) / frechet_distance(f(other), f(real)) for each in (half, few)]
        for name, f in of.items()
    }
    assert all(each > 1.2 for each in ratio["contrastive"])
    assert ratio["contrastive"][0] > ratio["pixel"][0]


def test_contrastive_features_do_not_change_when_trained_again(coloured, tmp_path):
    one, two = contrastive(coloured, tmp_path / "a"), contrastive(coloured, tmp_path / "b")
    jax.tree.map(np.testing.assert_array_equal, one.parameters, two.parameters)
    assert len(list((tmp_path / "a").glob("*.npz"))) == 1


def test_large_pictures_are_seen_smaller(monkeypatch):
    monkeypatch.setattr(import_module("saddlery.metrics.contrastive"), "PASSES", 1)
    images = np.random.default_rng(0).integers(0, 256, (20, 64, 48, 3), np.uint8)
    assert contrastive(Images(images)).features(images).shape == (20, 128)


def test_pixels_are_averaged_to_at_most_2048_numbers():
    random = np.random.default_rng(0)
    for shape, expected in (((32, 32, 3), "26×26×3"), ((8, 8, 1), "8×8×1"), ((64, 32, 3), None)):
        data = Images(random.integers(0, 256, (4, *shape), np.uint8))
        found = pixel_features(data)
        assert found.features(data.images).shape[1] <= 2048
        assert expected is None or expected in found.meaning
    assert found.name == "pixel"


def test_too_few_images_and_unknown_features_are_named():
    with pytest.raises(ValueError, match="got 15 images, expected at least 16"):
        contrastive(Images(np.zeros((15, 4, 4, 3), np.uint8)))
    data = digits()
    with pytest.raises(ValueError, match="unknown features 'pixel'; did you mean 'pixels'"):
        features_of(data, "pixel", trained_features)
    with pytest.raises(TypeError, match="features: got 3, expected one of trained, pixels, inception"):
        features_of(data, 3, trained_features)


def test_inception_that_is_not_there_is_said(monkeypatch):
    def missing():
        raise ImportError("pip install 'saddlery[inception]'")

    monkeypatch.setattr(module, "inception", missing)
    with pytest.raises(ValueError, match="inception"):
        features_of(digits(), "inception", trained_features)


def test_a_covariance_of_more_than_2048_features_is_refused():
    with pytest.raises(ValueError, match="got 2,049 features, expected at most 2,048"):
        frechet_distance(np.zeros((3, 2049)), np.zeros((3, 2049)))
