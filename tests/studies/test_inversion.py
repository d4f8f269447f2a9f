"""The study of inversion at a tiny scale, and its measures where they are known."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from saddlery.metrics import Identity
from saddlery.networks import MLP
from saddlery.studies import inversion
from saddlery.studies.controls import beside, generators
from saddlery.studies.inversion import STDS, Scale, Search, Training, identity_likelihood, inverted, run

SEARCH = Search(images=3, restarts=2, iterations=20, adam=10, points=4, likely=2, temperatures=10, chains=4)
TINY = Scale(Training("digits", "mlp(width=4)", 2, 8, "adam(learning_rate=1e-3, b1=0.5)", 2, 2, (0, 2)), SEARCH)
SHAPE = (2, 2, 1)


@pytest.fixture(scope="module")
def images():
    return jnp.clip(jax.random.normal(jax.random.key(0), (2, 3, *SHAPE)) / 2, -1, 1)


@pytest.fixture(scope="module")
def identity(images):
    return inverted(Identity(SHAPE), (), images, jax.random.key(1), noise=4, search=SEARCH)


def test_the_identity_makes_everything_and_the_noise_is_the_image(identity, images):
    assert identity["error"].max() < 1e-8
    density = multivariate_normal(np.zeros(4)).logpdf(np.asarray(images).reshape(2, 3, 4))
    np.testing.assert_allclose(identity["density"], density, atol=1e-3)
    assert identity["converged"].all()
    assert identity["agreeing"].all()
    np.testing.assert_allclose(identity["frobenius"], 2.0)
    np.testing.assert_allclose(identity["spectral"], 1.0, rtol=1e-6)


def test_the_excess_is_in_standard_deviations_of_the_priors_own_log_density(identity):
    draws = np.random.default_rng(0).normal(size=(100_000, 4))
    own = multivariate_normal(np.zeros(4)).logpdf(draws)
    expected = (identity["density"] - own.mean()) / own.std()
    np.testing.assert_allclose(identity["excess"], expected, atol=0.02)


def test_the_identitys_likelihood_is_near_its_closed_form(images):
    search = SEARCH._replace(temperatures=60, chains=16)
    found = inverted(Identity(SHAPE), (), images, jax.random.key(1), noise=4, search=search)
    for i, std in enumerate(STDS):
        exact = identity_likelihood(images[1, :2], std)
        flat = np.asarray(images[1, :2]).reshape(2, 4)
        np.testing.assert_allclose(exact, multivariate_normal(np.zeros(4), (1 + std**2) * np.eye(4)).logpdf(flat))
        np.testing.assert_allclose(found["likelihood"][i], exact, atol=0.5)


def test_a_constant_generator_makes_one_image_only(images):
    generator = MLP(3, SHAPE, ())
    parameters = jax.tree.map(jnp.zeros_like, generator.init(jax.random.key(0)))
    found = inverted(generator, parameters, images, jax.random.key(1), noise=3, search=SEARCH)
    np.testing.assert_allclose(found["error"], (np.asarray(images) ** 2).mean((2, 3, 4)), rtol=1e-6)
    assert not found["frobenius"].any()
    for i, std in enumerate(STDS):  # whatever z, so that the likelihood is the noise's
        flat = np.asarray(images[1, :2]).reshape(2, 4)
        exact = -((flat**2).sum(1) / std**2 + 4 * math.log(2 * math.pi * std**2)) / 2
        np.testing.assert_allclose(found["likelihood"][i], exact, rtol=1e-4)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """With two values of K only; the patches last as long as the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(inversion.SCALES, "quick", TINY)
        folder = tmp_path_factory.mktemp("study")
        yield run(folder, "quick"), folder


def test_generators_and_controls_are_measured_alike(study):
    results, _ = study
    assert list(results["generator"].values) == ["K = 0", "K = 2", "untrained", "identity"]
    assert results["error"].dims == ("generator", "seed", "split", "image")
    assert results["error"].shape == (4, 2, 2, 3)
    assert results["error"].sel(generator="identity").max() < 1e-6
    assert results["likelihood"].sizes["std"] == len(STDS)
    assert results["diverged_at"].dims == ("setting", "seed")
    alone = generators(results)
    assert list(alone["method"].values) == ["unrolled"] * 2 + ["untrained", "identity"]
    assert "sliced_wasserstein" not in alone


def test_all_have_the_same_images_and_seeds_have_other_generators(study):
    results, _ = study
    error = results["error"].sel(generator="untrained")
    assert not np.allclose(error.isel(seed=0), error.isel(seed=1))
    made = results["reconstructed"].sel(generator="identity")
    np.testing.assert_array_equal(made.isel(seed=0), made.isel(seed=1))


def test_what_is_there_is_not_computed_again(study, monkeypatch):
    results, folder = study
    monkeypatch.setattr(inversion, "inverted", None)
    assert run(folder, "quick").identical(results)


def test_controls_follow_the_settings(study):
    import xarray as xr

    results = xr.Dataset(
        {"error": (("setting", "seed"), [[1.0, 2.0]])}, {"setting": ["K = 0"], "method": ("setting", ["unrolled"])}
    )
    joined = beside(results, ["error"], {"none": [{"error": 5.0}, {"error": 6.0}]})
    np.testing.assert_array_equal(joined["error"], [[1, 2], [5, 6]])
    assert list(joined["kind"].values) == ["unrolled", "none"]


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'qick'; did you mean 'quick'"):
        run(tmp_path, "qick")
