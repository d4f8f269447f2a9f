"""What is measured of one generator, where it is known."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from saddlery.metrics import Identity
from saddlery.networks import MLP
from saddlery.studies.controls import beside, generators
from saddlery.studies.inversion.experiment import STDS, Search, identity_likelihood, inverted

pytestmark = pytest.mark.long

SEARCH = Search(images=3, restarts=2, iterations=20, adam=10, points=4, likely=2, temperatures=10, chains=4)
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


def test_controls_follow_the_settings():
    results = xr.Dataset(
        {"error": (("setting", "seed"), [[1.0, 2.0]])}, {"setting": ["K = 0"], "method": ("setting", ["unrolled"])}
    )
    joined = beside(results, ["error"], {"none": [{"error": 5.0}, {"error": 6.0}]})
    np.testing.assert_array_equal(joined["error"], [[1, 2], [5, 6]])
    assert list(joined["kind"].values) == ["unrolled", "none"]
    assert list(generators(joined)["method"].values) == ["unrolled", "none"]
