"""The study of pairwise distances at a tiny scale, and its measures where they are known."""

import jax
import numpy as np
import pytest

from saddlery.metrics import noise_like
from saddlery.studies import inversion, pairwise
from saddlery.studies.inversion import Scale, Search, Training
from saddlery.studies.pairwise import BINS, SPACES, Reference, compared, run


@pytest.fixture(scope="module")
def reference():
    real = np.random.default_rng(0).uniform(-1, 1, (40, 2, 2, 1))
    features = lambda images: np.asarray(images)[..., :1].sum((1, 2))  # noqa: E731
    distances = pairwise._distances(real, features)
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


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    search = Search()
    tiny = Training("digits", "mlp(width=4)", 2, 8, "adam(learning_rate=1e-3, b1=0.5)", 2, 2, (0, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(inversion.SCALES, "quick", Scale(tiny, search))
        patch.setitem(pairwise.SAMPLES, "quick", 60)
        folder = tmp_path_factory.mktemp("pairwise")
        yield run(folder, "quick"), folder


def test_generators_and_controls_are_compared_alike(study):
    results, _ = study
    assert list(results["generator"].values) == ["K = 0", "K = 2", "real", "noise", "untrained"]
    assert results["apart"].dims == ("generator", "seed", "space")
    assert results["histogram"].shape == (5, 2, 2, BINS)
    assert results["edges"].shape == (2, BINS + 1)
    apart = results["apart"].mean("seed").sel(space="features")
    assert float(apart.sel(generator="real")) < float(apart.sel(generator="untrained"))


def test_noise_has_the_real_images_mean_squared_distance_in_pixels(study):
    results, _ = study
    real = jax.random.normal(jax.random.key(0), (500, 4, 4, 1))
    squares = [
        np.mean(pairwise._distances(x, np.asarray)["pixels"] ** 2) for x in (real, noise_like(real, jax.random.key(1)))
    ]
    np.testing.assert_allclose(*squares, rtol=1e-5)
    medians = results["median"].mean("seed").sel(space="pixels")
    assert abs(float(medians.sel(generator="noise") / medians.sel(generator="real")) - 1) < 0.15


def test_what_is_there_is_not_computed_again(study, monkeypatch):
    results, folder = study
    monkeypatch.setattr(pairwise, "compared", None)
    assert run(folder, "quick").identical(results)


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'qick'; did you mean 'quick'"):
        run(tmp_path, "qick")
