"""Penalties against closed forms, finite differences, and at the points where a norm has no derivative."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.data import Mixture, ring_centres
from saddlery.game import Pair, gradients
from saddlery.games.gan import Gan
from saddlery.losses import DRAGAN, PENALTIES, R1, R2, WGANGP, as_penalties
from saddlery.networks import from_functions


def linear(w):
    return lambda x: x.reshape(len(x), -1) @ w + 0.3


def network(parameters, x):
    """A small smooth discriminator."""
    return jnp.tanh(x @ parameters["in"]) @ parameters["out"]


def parameters_of(seed):
    random = np.random.default_rng(seed)
    shapes = {"in": (2, 4), "out": (4,)}
    return {name: jnp.asarray(random.normal(size=shape)) for name, shape in shapes.items()}


def evaluate(penalty, score, real, generated):
    return penalty(score, real, generated, penalty.draw(jax.random.key(0), real))


@pytest.mark.parametrize("shape", [(1,), (4,), (3, 3, 2)])
def test_linear_discriminators_have_closed_forms(shape):
    random = np.random.default_rng(0)
    real, generated = jnp.asarray(random.normal(size=(2, 5, *shape)), jnp.float32)
    w, weight = random.normal(size=np.prod(shape)), random.uniform(0, 20)
    square = np.sum(w**2)
    expected = {
        "r1": weight * square / 2,
        "r2": weight * square / 2,
        "wgan_gp": weight * (np.sqrt(square) - 1) ** 2,
        "dragan": weight * (np.sqrt(square) - 1) ** 2,
    }
    for name, value in expected.items():
        found = evaluate(PENALTIES[name](weight), linear(jnp.asarray(w, jnp.float32)), real, generated)
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_quadratic_discriminators_have_closed_forms(seed, float64):
    """D(x) = ½xᵀAx + bᵀx, whose gradient is Ax + b."""
    random = np.random.default_rng(seed)
    real, generated, noise = random.normal(size=(3, 5, 4))
    a = random.normal(size=(4, 4))
    a, b, epsilon = a + a.T, random.normal(size=4), random.uniform(size=(5, 1))

    def score(x):
        return 0.5 * jnp.einsum("ni,ij,nj->n", x, a, x) + x @ b

    def squares(x):
        return np.sum((x @ a + b) ** 2, axis=1)

    def from_one(x):
        return np.mean((np.sqrt(squares(x)) - 1) ** 2)

    def close(found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    close(R1(3.0)(score, real, generated, ()), 1.5 * squares(real).mean())
    close(R2(3.0)(score, real, generated, ()), 1.5 * squares(generated).mean())
    close(WGANGP(3.0)(score, real, generated, epsilon), 3 * from_one(epsilon * real + (1 - epsilon) * generated))
    close(DRAGAN(3.0, scale=0.2)(score, real, generated, noise), 3 * from_one(real + 0.2 * real.std() * noise))


def test_input_gradients_equal_finite_differences(float64):
    parameters = parameters_of(0)
    real, generated = np.random.default_rng(1).normal(size=(2, 6, 2))
    h = 1e-5
    for penalty, x in ((R1(1.0), real), (R2(1.0), generated)):
        slopes = [(network(parameters, x + h * e) - network(parameters, x - h * e)) / (2 * h) for e in np.eye(2)]
        expected = 0.5 * np.mean(np.sum(np.square(slopes), axis=0))
        found = evaluate(penalty, lambda x: network(parameters, x), real, generated)
        np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("name", PENALTIES)
def test_twice_differentiable_in_discriminator_generated_samples_and_weight(name, float64):
    """Along a random line through all three, against finite differences."""
    real, generated = (jnp.asarray(x) for x in np.random.default_rng(2).normal(size=(2, 3, 2)))
    penalty = PENALTIES[name](2.0)
    draw = penalty.draw(jax.random.key(1), real)

    start, direction = (parameters_of(3), generated, 2.0), (parameters_of(5), real - generated, 1.0)

    def value(t):
        parameters, generated, weight = jax.tree.map(lambda a, b: a + t * b, start, direction)
        return type(penalty)(weight)(lambda x: network(parameters, x), real, generated, draw)

    h = 1e-6
    derivatives = jax.jit(jax.vmap(lambda t: (value(t), jax.grad(value)(t), jax.grad(jax.grad(value))(t))))
    values, first, second = derivatives(jnp.asarray([-h, 0.0, h]))
    np.testing.assert_allclose(first[1], (values[2] - values[0]) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(second[1], (first[2] - first[0]) / (2 * h), rtol=1e-6)


@pytest.mark.parametrize("name", PENALTIES)
def test_vanishing_gradients_have_finite_derivatives(name):
    """Up to the third, which unrolling through a penalty takes; the gradient of D is of order scale²."""
    real, generated = jax.random.normal(jax.random.key(2), (2, 3, 2))
    directions = parameters_of(4)

    def value(t):
        parameters = jax.tree.map(lambda leaf: t * leaf, directions)
        return evaluate(PENALTIES[name](1.0), lambda x: network(parameters, x), real, generated)

    first = jax.grad(value)
    second = jax.grad(first)
    scales = jnp.asarray([0.0, 1e-12, 1e-6, 1e-3])
    values, *derivatives = jax.jit(jax.vmap(lambda t: (value(t), first(t), second(t), jax.grad(second)(t))))(scales)
    assert jnp.isfinite(jnp.asarray(derivatives)).all()
    np.testing.assert_allclose(values, 1.0 if name in ("wgan_gp", "dragan") else 0.0, atol=1e-5)


def test_wgan_gp_draws_one_point_on_each_segment():
    draw = WGANGP().draw(jax.random.key(3), jnp.zeros((64, 3, 3, 2)))
    assert draw.shape == (64, 1, 1, 1)
    assert 0 <= draw.min() < 0.1 < 0.9 < draw.max() < 1


def test_dragan_noise_is_standard_normal_of_the_samples_shape():
    draw = DRAGAN().draw(jax.random.key(4), jnp.zeros((500, 4, 4, 1)))
    assert draw.shape == (500, 4, 4, 1)
    assert abs(float(draw.mean())) < 0.05
    assert abs(float(draw.std()) - 1) < 0.05


@pytest.mark.parametrize("name", PENALTIES)
def test_draws_depend_on_the_key_only(name):
    real, penalty = jnp.ones((4, 2)), PENALTIES[name]()
    first, again, other = (penalty.draw(jax.random.key(seed), real) for seed in (0, 0, 1))
    assert eqx.tree_equal(first, again)
    assert not eqx.tree_equal(first, other) or first == ()


@pytest.mark.parametrize("name", PENALTIES)
def test_another_weight_is_not_another_compilation(name):
    traced = []

    @eqx.filter_jit
    def value(penalty, real, generated):
        traced.append(penalty)
        return evaluate(penalty, linear(jnp.asarray([3.0, 4.0])), real, generated)

    real, generated = jax.random.normal(jax.random.key(5), (2, 3, 2))
    single, double = (value(PENALTIES[name](weight), real, generated) for weight in (1.0, 2.0))
    np.testing.assert_allclose(double, 2 * single, rtol=1e-6)
    assert len(traced) == 1


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_move_the_discriminator_only(name):
    generator = from_functions(lambda key: jnp.asarray([[1.0, 0.5], [-0.3, 2.0]]), lambda w, z: jnp.tanh(z @ w))
    discriminator = from_functions(lambda key: parameters_of(6), network)

    def game(penalty):
        return Gan(generator, discriminator, Mixture(ring_centres(8, 1.0), 0.1), penalty=penalty, noise=2, batch=16)

    plain, penalised = game(None), game(PENALTIES[name](1.5))
    players = plain.init(jax.random.key(6))
    batch = penalised.draw(jax.random.key(7))
    samples = penalised.act(players.generator, batch)

    def flat(pair):
        return Pair(*(ravel_pytree(each)[0] for each in pair))

    def penalty(discriminator):
        return penalised.penalty[0](lambda x: network(discriminator, x), batch.real, samples, batch.penalties[0])

    without = flat(eqx.filter_jit(gradients)(plain, players, batch._replace(penalties=())))
    found = flat(eqx.filter_jit(gradients)(penalised, players, batch))
    added = ravel_pytree(jax.jit(jax.grad(penalty))(players.discriminator))[0]
    np.testing.assert_allclose(found.generator, without.generator, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.discriminator, without.discriminator + added, rtol=1e-5, atol=1e-6)
    assert jnp.linalg.norm(added) > 1e-2


@pytest.mark.parametrize("weight", [-1.0, float("nan"), "ten"])
def test_weights_are_numbers_from_zero(weight):
    with pytest.raises(ValueError, match=r"weight: got .*, expected a number of 0 or more"):
        R1(weight)


def test_wgan_gp_needs_as_many_generated_as_real():
    with pytest.raises(ValueError, match=r"generated: got shape \(3, 2\)"):
        evaluate(WGANGP(), linear(jnp.ones(2)), jnp.zeros((4, 2)), jnp.zeros((3, 2)))


def test_arguments_can_be_read_from_the_table():
    assert list(inspect.signature(PENALTIES["r1"]).parameters) == ["weight"]
    assert list(inspect.signature(PENALTIES["dragan"]).parameters) == ["weight", "scale"]


def test_penalties_by_name():
    assert as_penalties(None) == ()
    (one,) = as_penalties("r1(weight=2.5)")
    assert isinstance(one, R1)
    assert one.weight == 2.5
    assert [type(each) for each in as_penalties(["r2", WGANGP(1.0)])] == [R2, WGANGP]
    with pytest.raises(ValueError, match="unknown penalty 'r3'; did you mean 'r"):
        as_penalties("r3")
    with pytest.raises(TypeError, match="penalty: got 3, expected a penalty or its name"):
        as_penalties(3)
