"""Each loss against the divergence it is named after, computed in NumPy on random discrete distributions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.losses import LOSSES, as_loss

ZERO_SUM = ("minimax", "tv", "wasserstein", "f_kl", "f_reverse_kl", "f_pearson", "f_hellinger", "f_js")
EXPONENTIAL = ("f_kl", "f_reverse_kl", "f_hellinger")


def kl(p, q):
    return np.sum(p * np.log(p / q))


def js(p, q):
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


DIVERGENCES = {
    "minimax": lambda p, q: 2 * js(p, q) - 2 * np.log(2),
    "tv": lambda p, q: np.sum(np.abs(p - q)),
    "f_kl": kl,
    "f_reverse_kl": lambda p, q: kl(q, p),
    "f_pearson": lambda p, q: np.sum((p - q) ** 2 / q),
    "f_hellinger": lambda p, q: np.sum((np.sqrt(p) - np.sqrt(q)) ** 2),
    "f_js": lambda p, q: 2 * js(p, q),
}


@functools.partial(jax.jit, static_argnums=1)
@jax.value_and_grad
def discriminator(scores, loss, real, generated):
    return loss(scores[real], scores[generated]).discriminator


class Discrete:
    """Two random distributions on six points, as batches in which each point occurs as often as it is likely."""

    def __init__(self, seed, n=60, points=6):
        random = np.random.default_rng(seed)
        counts = [1 + random.multinomial(n - points, random.dirichlet(np.ones(points))) for _ in range(2)]
        self.real, self.generated = (np.repeat(np.arange(points), count) for count in counts)
        self.p, self.q = (count / n for count in counts)

    def losses(self, loss, scores):
        return loss(scores[self.real], scores[self.generated])

    def best_scores(self, loss):
        """The scores of the six points that make the discriminator's loss least."""
        return scipy.optimize.minimize(
            lambda scores: tuple(map(np.asarray, discriminator(scores, loss, self.real, self.generated))),
            np.zeros(len(self.p)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-25, 25)] * len(self.p),
            options={"ftol": 1e-15, "gtol": 1e-11, "maxiter": 1000},
        ).x


@pytest.fixture(params=range(3))
def discrete(request, float64):
    return Discrete(request.param)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_saddle_value_is_the_divergence(name, discrete):
    best = discrete.losses(LOSSES[name], discrete.best_scores(LOSSES[name]))
    np.testing.assert_allclose(best.generator, DIVERGENCES[name](discrete.p, discrete.q), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_no_scores_exceed_the_divergence(name, discrete):
    for scores in np.random.default_rng(0).normal(scale=3, size=(50, 6)):
        value = -discriminator(scores, LOSSES[name], discrete.real, discrete.generated)[0]
        assert value <= DIVERGENCES[name](discrete.p, discrete.q)


def test_kl_generator_at_the_best_discriminator_is_reverse_kl(discrete):
    best = discrete.losses(LOSSES["kl"], discrete.best_scores(LOSSES["kl"]))
    np.testing.assert_allclose(best.generator, kl(discrete.q, discrete.p), rtol=1e-6)


@pytest.mark.parametrize("name", ["kl", "nonsaturating"])
def test_best_classifier_measures_jensen_shannon(name, discrete):
    scores = discrete.best_scores(LOSSES[name])
    np.testing.assert_allclose(scores, np.log(discrete.p / discrete.q), atol=1e-5)
    best = discrete.losses(LOSSES[name], scores).discriminator
    np.testing.assert_allclose(best, 2 * np.log(2) - 2 * js(discrete.p, discrete.q), rtol=1e-9)


def test_best_hinge_discriminator_measures_total_variation(discrete):
    p, q = discrete.p, discrete.q
    best = discrete.losses(LOSSES["hinge"], np.where(p >= q, 1.0, -1.0)).discriminator
    np.testing.assert_allclose(best, 2 - np.sum(np.abs(p - q)), rtol=1e-12)
    for scores in np.random.default_rng(1).normal(scale=2, size=(50, 6)):
        assert discriminator(scores, LOSSES["hinge"], discrete.real, discrete.generated)[0] >= best


def test_best_least_squares_scores_are_the_probability_of_real(discrete):
    p, q = discrete.p, discrete.q
    scores = discrete.best_scores(LOSSES["least_squares"])
    np.testing.assert_allclose(scores, p / (p + q), atol=1e-6)
    best = discrete.losses(LOSSES["least_squares"], scores)
    np.testing.assert_allclose(best.discriminator, np.sum(p * q / (p + q)) / 2, rtol=1e-9)
    np.testing.assert_allclose(best.generator, np.sum(q * (q / (p + q)) ** 2) / 2, rtol=1e-6)


def test_wasserstein_over_lipschitz_scores_is_the_distance(float64):
    """On a line, with a linear programme over all 1-Lipschitz scores."""
    discrete, at = Discrete(4), np.arange(6.0)
    differences = np.eye(6)[1:] - np.eye(6)[:-1]
    program = scipy.optimize.linprog(
        discrete.q - discrete.p, np.vstack([differences, -differences]), np.ones(10), bounds=[(-10, 10)] * 6
    )
    value = discrete.losses(LOSSES["wasserstein"], program.x).generator
    distance = scipy.stats.wasserstein_distance(at, at, discrete.p, discrete.q)
    np.testing.assert_allclose(value, distance, rtol=1e-9)


F_GAN = {  # f and g_f as in the paper's tables; f* is computed from f below
    "f_kl": (lambda u: u * np.log(u), lambda v: v),
    "f_reverse_kl": (lambda u: -np.log(u), lambda v: -np.exp(-v)),
    "f_pearson": (lambda u: (u - 1) ** 2, lambda v: v),
    "f_hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda v: 1 - np.exp(-v)),
    "f_js": (lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2), lambda v: np.log(2) - np.log1p(np.exp(-v))),
}


@pytest.mark.parametrize("name", F_GAN)
def test_f_gan_objective_is_the_activation_less_its_conjugate(name, float64):
    f, activation = F_GAN[name]

    def conjugate(t):
        found = scipy.optimize.minimize_scalar(
            lambda log_u: f(np.exp(log_u)) - t * np.exp(log_u), bounds=(-12, 12), options={"xatol": 1e-10}
        )
        return -found.fun

    random = np.random.default_rng(5)
    for real, generated in random.uniform(-1.5, 1.5, (20, 2, 4)):
        expected = activation(real).mean() - np.mean([conjugate(t) for t in activation(generated)])
        np.testing.assert_allclose(LOSSES[name](real, generated).generator, expected, rtol=1e-8, atol=1e-8)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


GENERATOR_SLOPES = {  # of the generator's loss in one generated score v, times the batch
    "minimax": lambda v: -sigmoid(v),
    "nonsaturating": lambda v: -sigmoid(-v),
    "kl": lambda v: -np.ones_like(v),
    "tv": lambda v: np.tanh(v) ** 2 - 1,
    "wasserstein": lambda v: -np.ones_like(v),
    "hinge": lambda v: -np.ones_like(v),
    "least_squares": lambda v: v - 1,
    "f_kl": lambda v: -np.exp(v - 1),
    "f_reverse_kl": lambda v: -np.ones_like(v),
    "f_pearson": lambda v: -v / 2 - 1,
    "f_hellinger": lambda v: -np.exp(v),
    "f_js": lambda v: -sigmoid(v),
}


@pytest.mark.parametrize("name", GENERATOR_SLOPES)
def test_generator_slopes_as_in_the_papers(name, float64):
    real, generated = np.random.default_rng(6).normal(size=(2, 9))
    slopes = jax.grad(lambda v: LOSSES[name](real, v).generator)(generated)
    np.testing.assert_allclose(slopes, GENERATOR_SLOPES[name](generated) / 9, rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_equal_finite_differences(name, float64):
    """Along a random line."""
    start, direction = np.random.default_rng(7).uniform(-0.9, 0.9, (2, 2, 5))

    def value(t):
        losses = LOSSES[name](*(start + t * direction))
        return losses.generator + 0.3 * losses.discriminator

    h = 1e-5
    derivatives = jax.jit(jax.vmap(lambda t: (value(t), jax.grad(value)(t), jax.grad(jax.grad(value))(t))))
    values, first, second = derivatives(jnp.asarray([-h, 0.0, h]))
    np.testing.assert_allclose(first[1], (values[2] - values[0]) / (2 * h), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(second[1], (first[2] - first[0]) / (2 * h), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_discriminator_tells_apart_and_generator_is_to_seem_real(name):
    real, generated = jax.random.uniform(jax.random.key(0), (2, 8), minval=0.1, maxval=0.9)
    slopes = jax.jacrev(LOSSES[name], argnums=(0, 1))(real, generated)
    assert (slopes.discriminator[0] < 0).all()
    assert (slopes.discriminator[1] > 0).all()
    assert (slopes.generator[1] < 0).all()


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), scale=st.floats(0.01, 5))
def test_exactly_the_saddles_are_zero_sum(name, seed, scale):
    real, generated = scale * jax.random.normal(jax.random.key(seed), (2, 6))
    losses = LOSSES[name](real, generated)
    assert (losses.generator == -losses.discriminator) == (LOSSES[name] in [LOSSES[each] for each in ZERO_SUM])


@pytest.mark.parametrize("name", sorted(set(LOSSES) - set(EXPONENTIAL)))
def test_extreme_scores_give_finite_values_and_derivatives(name):
    real = jnp.asarray([[1e3, 0.5], [1e3, 0.5], [-1e3, 0.5], [-1e3, 0.5]])
    generated = jnp.asarray([[1e3, 0.5], [-1e3, 0.5], [1e3, 0.5], [-1e3, 0.5]])
    for derivative in (LOSSES[name], jax.jacrev(LOSSES[name], (0, 1)), jax.hessian(LOSSES[name], (0, 1))):
        values = jax.jit(jax.vmap(derivative))(real, generated)
        assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(values))


@pytest.mark.parametrize(
    ("name", "real", "generated", "value"),
    [
        ("f_kl", -1e3, -1e3, -1e3),  # E_Q exp(v − 1) vanishes
        ("f_reverse_kl", 1e3, 1e3, -999.0),
        ("f_hellinger", 1e3, -1e3, 2.0),
        ("minimax", -1e3, 0.0, -1e3 - np.log(2)),
        ("nonsaturating", 0.0, -1e3, 1e3),
    ],
)
def test_values_at_extreme_scores(name, real, generated, value):
    found = LOSSES[name](jnp.asarray([real]), jnp.asarray([generated])).generator
    np.testing.assert_allclose(found, value, rtol=1e-6)
    slopes = jax.jacrev(LOSSES[name], (0, 1))(jnp.asarray([real]), jnp.asarray([generated]))
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.floats(-100, 100))
def test_relativistic_sees_differences_only_and_the_players_mirror_each_other(seed, shift):
    real, generated = jax.random.normal(jax.random.key(seed), (2, 7))
    losses = LOSSES["relativistic"](real, generated)
    shifted = LOSSES["relativistic"](real + shift, generated + shift)
    np.testing.assert_allclose(shifted, losses, rtol=1e-4)
    assert losses.generator == LOSSES["relativistic"](generated, real).discriminator
    np.testing.assert_allclose(losses.generator - losses.discriminator, jnp.mean(real - generated), atol=1e-5)


def test_relativistic_needs_as_many_generated_as_real():
    with pytest.raises(ValueError, match=r"generated: got scores of shape \(1,\), expected \(3,\)"):
        LOSSES["relativistic"](jnp.zeros(3), jnp.zeros(1))


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"relativistic"}))
def test_real_and_generated_batches_may_differ_in_size(name):
    real, generated = jnp.asarray([0.3, 0.3, 0.3]), jnp.asarray([-0.2, -0.2])
    np.testing.assert_allclose(LOSSES[name](real, generated), LOSSES[name](real[:1], generated[:1]), rtol=1e-6)


def test_names():
    assert as_loss("standard") is as_loss("nonsaturating")
    assert as_loss("indicator") is as_loss("wasserstein")
    own = lambda real, generated: None  # noqa: E731
    assert as_loss(own) is own
    with pytest.raises(ValueError, match="did you mean 'wasserstein'"):
        as_loss("wassertein")
    with pytest.raises(TypeError, match="loss: got 3"):
        as_loss(3)
