"""GANs linear in random features: the inner problem is convex, its solution known, Danskin's gradient the value's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy import optimize

import saddlery as sd
from saddlery.game import Pair, fixed
from saddlery.games import convex
from saddlery.networks import RandomFeatures

KEY = jax.random.key(0)


def small(**arguments):
    return sd.games.random_features("ring(preset='numerics', width=4, batch=32, noise=3)", number=24, **arguments)


def in_float64(game, key=KEY):
    """Players and a batch in float64."""
    wide = lambda tree: jax.tree.map(lambda x: x.astype(jnp.float64), tree)  # noqa: E731
    return wide(game.init(key)), wide(game.draw(jax.random.fold_in(key, 1)))


def test_features_are_those_of_the_kernel(float64):
    network = RandomFeatures(3, 40_000, scales=(0.5, 2.0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 3)))
    found = network.features({}, x) @ network.features({}, x).T
    squares = ((x[:, None] - x) ** 2).sum(-1)
    kernel = sum(np.exp(-squares / (2 * scale**2)) for scale in (0.5, 2.0)) / 2
    np.testing.assert_allclose(found, kernel, atol=0.03)
    parameters = {"weight": jnp.arange(40_000.0), "bias": jnp.asarray(2.0)}
    np.testing.assert_allclose(network.apply(parameters, x), network.features({}, x) @ jnp.arange(40_000.0) + 2)


@pytest.mark.parametrize("loss", ["minimax", "nonsaturating", "least_squares"])
@pytest.mark.parametrize("seed", range(2))
def test_the_best_response_is_scipy_s_and_its_kkt_residual_is_nothing(loss, seed, float64):
    game = sd.games.random_features(sd.games.ring("numerics", width=4, batch=32, noise=3, loss=loss), number=24)
    players, batch = in_float64(game, jax.random.key(seed))
    found = jax.jit(lambda g: game.minimum(g, batch))(players.generator)
    assert float(found.residual) <= 1e-8
    samples = game.act(players.generator, batch)
    flat, unravel = ravel_pytree(players.discriminator)
    f = jax.jit(jax.value_and_grad(lambda x: game.losses(unravel(x), samples, batch).discriminator))
    other = optimize.minimize(lambda x: tuple(map(np.asarray, f(x))), flat, jac=True, method="BFGS",
                              options={"gtol": 1e-9, "maxiter": 5000})  # fmt: skip
    np.testing.assert_allclose(ravel_pytree(found.at)[0], other.x, rtol=1e-4, atol=1e-5)
    assert float(f(ravel_pytree(found.at)[0])[0]) <= other.fun + 1e-12


def test_the_end_does_not_depend_on_the_start(float64):
    game = small()
    players, batch = in_float64(game)
    far = jax.tree.map(lambda x: x + 30.0, players.discriminator)
    one, other = (game.minimum(players.generator, batch, start) for start in (None, far))
    np.testing.assert_allclose(one.at["weight"], other.at["weight"], rtol=1e-5, atol=1e-6)


def test_the_generator_s_gradient_against_it_is_that_of_its_value(float64, walk):
    """Danskin: d/dg min_d L_D(g, d) = ∂L_D/∂g at the minimiser; of the zero-sum loss the generator's with the sign."""
    game = sd.games.random_features(sd.games.ring("numerics", width=4, batch=32, noise=3, loss="minimax"), number=24)
    players, batch = in_float64(game)
    flat, unravel = ravel_pytree(players.generator)
    flat = flat + 0.1 * np.random.default_rng(1).normal(size=flat.size)  # biases of zero are kinks of relu
    players = players._replace(generator=unravel(flat))

    def value(x):
        at = unravel(x)
        return -game.losses(game.minimum(at, batch).at, game.act(at, batch), batch).discriminator

    value = jax.jit(value)
    sgd = "sgd(learning_rate=1.0)"
    method = sd.methods.simultaneous(schedule="best_response", generator=sgd, discriminator=sgd)
    still = fixed(game, batch)
    moved, _ = method.step(still, players, method.init(still, players), KEY)
    gradient = flat - ravel_pytree(moved.generator)[0]
    random, h = np.random.default_rng(0), 1e-5
    for _ in range(5):
        u = random.normal(size=flat.size)
        slope = float(value(flat + h * u) - value(flat - h * u)) / (2 * h)
        assert slope == pytest.approx(float(gradient @ u), rel=1e-5, abs=1e-9)


def test_the_ridge_is_in_the_discriminator_s_loss_alone(float64):
    players, batch = in_float64(small())
    discriminator = jax.tree.map(lambda x: x + 1.0, players.discriminator)
    one, other = (
        game.losses(discriminator, game.act(players.generator, batch), batch)
        for game in (small(ridge=1e-3), small(ridge=0.5))
    )
    assert float(one.generator) == float(other.generator)
    assert float(other.discriminator - one.discriminator) == pytest.approx(0.5 * (0.5 - 1e-3) * 25)


def test_newton_s_method_stops_where_nothing_descends_and_after_so_many_steps(float64):
    quartic = lambda x: jnp.sum(jnp.cosh(x - 1.0))  # noqa: E731
    found = convex.minimise(quartic, jnp.full(3, 9.0))
    np.testing.assert_allclose(found.at, 1.0, atol=1e-8)
    assert int(convex.minimise(quartic, jnp.full(3, 9.0), most=2).steps) == 2
    nan = convex.minimise(lambda x: jnp.sum(x**2) * jnp.nan, jnp.ones(2))
    assert int(nan.steps) <= 1


def test_it_trains_by_the_best_response_and_by_text():
    method = sd.methods.simultaneous(schedule="best_response")
    run = sd.train(small(), method, steps=5, key=KEY, every=5)
    assert np.isfinite(run.history["generator_loss"]).all()
    again = sd.games.random_features("ring(preset='numerics', width=4, batch=32, noise=3)", number=24)
    assert isinstance(run.players, (Pair, list))
    assert again.discriminator == small().discriminator


def test_what_is_no_gan_or_has_penalties_is_refused():
    with pytest.raises(TypeError, match="expected a GAN"):
        sd.games.random_features(sd.games.bilinear())
    with pytest.raises(ValueError, match="not convex in w"):
        sd.games.random_features("ring(penalty='r1')")
    with pytest.raises(ValueError, match="rung"):
        sd.games.random_features("rung()")
    with pytest.raises(ValueError, match="ridge"):
        small(ridge=0.0)
    with pytest.raises(ValueError, match="scales"):
        small(scales=(1.0, -1.0))
