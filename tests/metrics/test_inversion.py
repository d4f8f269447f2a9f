import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.stats import multivariate_normal

from saddlery.data import digits
from saddlery.metrics import Identity, invert, log_prior
from saddlery.networks import MLP, from_functions

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


def linear(d=3, pixels=6):
    """G(z) = z A + b, and A and b."""
    random = np.random.default_rng(0)
    A, b = random.normal(size=(d, pixels)), random.normal(size=pixels)
    return MLP(d, pixels, ()), ({"weight": jnp.asarray(A), "bias": jnp.asarray(b)},), A, b


def test_a_linear_generator_is_inverted_by_least_squares(float64):
    generator, parameters, A, b = linear()
    images = np.random.default_rng(1).normal(size=(7, 6))
    found = invert(generator, parameters, images, KEY, noise=3, restarts=2, tolerance=1e-9)
    assert found.z.shape == (7, 2, 3)
    assert found.converged.all()
    for i, image in enumerate(images):
        z, (residual,), *_ = np.linalg.lstsq(A.T, image - b, rcond=None)
        np.testing.assert_allclose(found.z[i], [z, z], atol=1e-7)
        np.testing.assert_allclose(found.error[i], residual / 6, rtol=1e-9)


def test_results_do_not_depend_on_how_searches_are_cut(float64):
    generator = MLP(4, (2, 3, 1), (8,), "tanh", "tanh")
    parameters = generator.init(KEY)
    images = np.random.default_rng(1).uniform(-1, 1, size=(5, 2, 3, 1))
    whole, cut = (invert(generator, parameters, images, KEY, noise=4, restarts=3, lanes=n) for n in (15, 4))
    np.testing.assert_allclose(whole.z, cut.z, rtol=1e-5)
    np.testing.assert_allclose(whole.error, cut.error, rtol=1e-6)
    np.testing.assert_array_equal(whole.best_error, whole.error.min(1))
    np.testing.assert_allclose(
        whole.best_error,
        ((np.asarray(generator.apply(parameters, jnp.asarray(whole.best_z))) - images) ** 2).mean((1, 2, 3)),
        rtol=1e-9,
    )


def test_what_a_generator_made_is_found_again():
    generator = MLP(4, 30, (16,), "tanh", "tanh")
    parameters = generator.init(KEY)
    z = jax.random.normal(jax.random.key(1), (20, 4))
    found = invert(generator, parameters, generator.apply(parameters, z), KEY, noise=4)
    assert np.quantile(found.best_error, 0.9) < 1e-6
    assert (found.best_error <= found.error[:, 0]).all()
    np.testing.assert_allclose(found.log_density, log_prior(np.asarray(z)), atol=1.0)


def test_another_optimiser_finds_no_other_minimum(float64):
    generator, parameters, *_ = linear()
    images = np.random.default_rng(1).normal(size=(4, 6))
    first = invert(generator, parameters, images, KEY, noise=3, restarts=2)
    second = invert(
        generator, parameters, images, KEY, noise=3, restarts=2, iterations=2000, optimiser=optax.adam(0.03)
    )
    np.testing.assert_allclose(first.error, second.error, rtol=1e-6)
    assert second.iterations.mean() > 5 * first.iterations.mean()


def test_searches_that_end_early_say_so():
    generator = MLP(8, 20, (32, 32), "relu")
    images = np.random.default_rng(1).uniform(-1, 1, size=(6, 20))
    found = invert(generator, generator.init(KEY), images, KEY, noise=8, restarts=2, iterations=3)
    assert not found.converged.any()
    assert (found.iterations == 3).all()
    assert (found.gradient_norm > 1e-5).all()


def test_the_identity_makes_anything_and_the_prior_tells():
    images = digits().images[:10]
    control = Identity((8, 8, 1))
    found = invert(control, control.init(KEY), images, KEY, noise=control.noise, restarts=1)
    assert found.best_error.max() < 1e-9
    np.testing.assert_allclose(found.best_z, np.asarray(images).reshape(10, -1), atol=1e-4)
    np.testing.assert_allclose(found.log_density, log_prior(np.asarray(images).reshape(10, -1)), rtol=1e-4)


def test_the_priors_density_is_that_of_a_standard_normal(float64):
    z = np.random.default_rng(0).normal(size=(4000, 5))
    np.testing.assert_allclose(log_prior(z[:9]), multivariate_normal(np.zeros(5)).logpdf(z[:9]), rtol=1e-12)
    values = log_prior(z)
    assert values.mean() == pytest.approx(-5 / 2 * (1 + math.log(2 * math.pi)), abs=0.1)
    assert values.std() == pytest.approx(math.sqrt(5 / 2), rel=0.05)


def test_what_cannot_be_inverted_is_refused():
    generator = MLP(4, (2, 3, 1), (8,))
    parameters = generator.init(KEY)
    with pytest.raises(ValueError, match=r"got the shape \(6,\), expected the generator's, \(2, 3, 1\)"):
        invert(generator, parameters, np.zeros((2, 6)), KEY, noise=4)
    normalised = from_functions(generator.init, generator.apply, independent=False)
    with pytest.raises(ValueError, match="see each other"):
        invert(normalised, parameters, np.zeros((2, 2, 3, 1)), KEY, noise=4)
