"""What is measured of distances, where it is known."""

import jax
import numpy as np
import pytest

from saddlery.data import as_data
from saddlery.data.distinct import distinct
from saddlery.metrics import noise_like
from saddlery.studies.pairwise.experiment import BINS, REFERENCE, SPACES, Reference, _distances, compared, left, others

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def reference():
    real = np.random.default_rng(0).uniform(-1, 1, (40, 2, 2, 1))
    features = lambda images: np.asarray(images)[..., :1].sum((1, 2))  # noqa: E731
    distances = _distances(real, features)
    edges = {name: np.linspace(0, 2 * each.max(), BINS + 1) for name, each in distances.items()}
    return Reference(
        real, features, distances, edges, {name: float(np.quantile(each, 1e-2)) for name, each in distances.items()}
    )


def test_real_images_are_not_apart_from_themselves_and_copies_are_by_the_whole_distance(reference):
    same = compared(reference.images, reference)
    np.testing.assert_allclose(same["apart"], 0, atol=1e-12)
    np.testing.assert_allclose(same["histogram"].sum(1), 1)
    np.testing.assert_allclose(same["median"], [np.median(reference.distances[name]) for name in SPACES])
    collapsed = compared(np.repeat(reference.images[:1], 40, 0), reference)
    expected = [reference.distances[name].mean() / np.median(reference.distances[name]) for name in SPACES]
    np.testing.assert_allclose(collapsed["apart"], expected)
    np.testing.assert_allclose(collapsed["support"], 1)
    np.testing.assert_allclose(collapsed["histogram"][:, 0], 1)


def test_twice_the_distances_are_apart_by_their_mean(reference):
    double = compared(2 * reference.images, reference)
    expected = [reference.distances[name].mean() / np.median(reference.distances[name]) for name in SPACES]
    np.testing.assert_allclose(double["apart"], expected)


def test_noise_has_the_real_images_mean_squared_distance_in_pixels():
    real = jax.random.normal(jax.random.key(0), (500, 4, 4, 1))
    squares = [np.mean(_distances(x, np.asarray)["pixels"] ** 2) for x in (real, noise_like(real, jax.random.key(1)))]
    np.testing.assert_allclose(*squares, rtol=1e-5)


def test_other_real_images_are_drawn_anew_and_are_never_those_compared_with():
    """Of scikit-learn's 1,797 digits, all different, 600 are compared with; a draw of 600 has half of the rest."""
    (reference,) = distinct(as_data("digits(split='train')"), jax.random.key(REFERENCE), 600)
    rows = lambda images: {each.tobytes() for each in np.asarray(images)}  # noqa: E731
    one, other = (rows(others("digits", 600, jax.random.key(seed))) for seed in (0, 1))
    assert len(one) == len(other) == len(rows(reference)) == 600
    assert not (one | other) & rows(reference)
    pool = left("digits", 600)
    assert pool == 1797 - 600
    assert abs(len(one & other) - 600**2 / pool) < 60  # hypergeometric, standard deviation 12
