import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate
from scipy.stats import multivariate_normal, norm
from sklearn.decomposition import PCA

from saddlery.data import digits
from saddlery.metrics import Identity, invert, log_likelihood
from saddlery.networks import MLP

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


@pytest.mark.parametrize("std", [0.5, 0.1])
def test_of_a_linear_generator_it_is_within_half_a_nat_of_the_closed_form(std):
    random = np.random.default_rng(0)
    A, b = random.normal(size=(4, 12)) / 2, random.normal(size=12)
    images = random.normal(size=(8, 4)) @ A + b + std * random.normal(size=(8, 12))
    parameters = ({"weight": jnp.float32(A), "bias": jnp.float32(b)},)
    found = log_likelihood(MLP(4, 12, ()), parameters, images, KEY, noise=4, std=std, chains=32)
    expected = multivariate_normal(b, A.T @ A + std**2 * np.eye(12)).logpdf(images)
    np.testing.assert_allclose(found.value, expected, atol=0.5)
    assert ((found.accepted > 0.5) & (found.accepted < 0.8)).all()
    assert (found.effective > 3).all()


def test_of_a_curved_generator_it_is_the_integral():
    generator = MLP(1, 3, (8,), "tanh", gain=2.0)
    parameters = generator.init(KEY)
    images = np.asarray(generator.apply(parameters, jnp.array([[-1.0], [0.3], [2.0]]))) + 0.1
    found = log_likelihood(generator, parameters, images, KEY, noise=1, std=0.2, temperatures=400, chains=64)
    z = np.linspace(-8, 8, 20_001)
    made = np.asarray(generator.apply(parameters, jnp.float32(z)[:, None]), float)
    for image, value in zip(images, found.value, strict=True):
        density = norm.pdf(z) * norm.pdf(image, made, 0.2).prod(1)
        assert value == pytest.approx(math.log(integrate.simpson(density, x=z)), abs=0.2)


def test_weights_are_unbiased_however_few_temperatures_there_are():
    images = np.array([[0.3, -0.8]])
    control = Identity((2,))
    found = log_likelihood(control, (), images, KEY, noise=2, std=0.5, temperatures=4, chains=4000, leapfrog=3)
    ratio = np.exp(found.log_weights[0] - multivariate_normal(np.zeros(2), 1.25 * np.eye(2)).logpdf(images[0]))
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / math.sqrt(4000)
    assert ratio.std() > 0.1


def test_the_identity_inverts_best_but_is_not_the_likeliest():
    images = np.asarray(digits().images).reshape(-1, 64)
    order = np.random.default_rng(0).permutation(len(images))
    seen, held = images[order[:1500]], images[order[1500:1508]]
    pca = PCA(16).fit(seen)
    scales = np.sqrt(pca.explained_variance_)
    generator = MLP(16, 64, ())
    parameters = ({"weight": jnp.float32(scales[:, None] * pca.components_), "bias": jnp.float32(pca.mean_)},)
    control, std = Identity((64,)), float(np.sqrt(pca.noise_variance_))
    errors = [
        invert(each, values, held, KEY, noise=d, restarts=1).best_error
        for each, values, d in ((generator, parameters, 16), (control, (), 64))
    ]
    assert (errors[1] < 1e-6).all()
    assert (errors[0] > 1e-3).all()
    trained = log_likelihood(generator, parameters, held, KEY, noise=16, std=std, temperatures=400)
    identity = log_likelihood(control, (), held, KEY, noise=64, std=std, temperatures=400)
    assert (trained.value > identity.value + 10).all()
    exact = multivariate_normal(np.zeros(64), (1 + std**2) * np.eye(64)).logpdf(held)
    assert (identity.value < exact + 5).all()  # beyond b nats with a probability of at most exp −b: E w = p(x)
    assert (trained.value > exact + 10).all()  # nor by the closed form
    best = -32 * (np.log(2 * np.pi * (held**2).mean(1)) + 1)  # nor would it with the best variance for each image
    assert (trained.value > best).all()


def test_images_do_not_depend_on_their_neighbours_number():
    images = np.random.default_rng(0).normal(size=(5, 3))
    values = [
        log_likelihood(Identity((3,)), (), images, KEY, noise=3, std=0.5, temperatures=100, lanes=lanes).value
        for lanes in (16, 48)
    ]
    np.testing.assert_allclose(*values, atol=0.5)


def test_the_noise_must_be_positive():
    with pytest.raises(ValueError, match="std: got 0"):
        log_likelihood(Identity((3,)), (), np.zeros((1, 3)), KEY, noise=3, std=0.0)
