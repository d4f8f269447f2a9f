import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.data import Mixture, ring_centres
from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.gan import Gan
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.networks import MLP
from saddlery.optimisers import optimiser
from saddlery.rules import Simultaneous, Unrolled
from saddlery.schedules import simultaneous

ADAM = {"learning_rate": 0.05, "b1": 0.5, "b2": 0.9, "eps": 1e-3}
STEPS = 4


def sgd(learning_rate):
    return Pair(*[optimiser("sgd", learning_rate=learning_rate)] * 2)


def adam(**numbers):
    return Pair(*[optimiser("adam", **(ADAM | numbers))] * 2)


@pytest.mark.parametrize("steps", range(1, 21))
def test_with_sgd_it_is_the_closed_form(quadratic_game, direct, steps):
    """dᵏ⁺¹ = dᵏ − η(C dᵏ + D g + c) with C symmetric gives dᴷ = Mᴷd − ηS(Dg + c), M = I − ηC, S = Σ_{k<K} Mᵏ, and so
    d/dg L_g(g, dᴷ(g)) = A g + B dᴷ + a + (∂dᴷ/∂g)ᵀ Bᵀ g with ∂dᴷ/∂g = −ηSD."""
    (A, B, C, D, a, c), (g, d), eta = map(np.asarray, jax.tree.leaves(quadratic_game.game)), quadratic_game.players, 0.2
    A, C = (A + A.T) / 2, (C + C.T) / 2
    M = np.eye(4) - eta * C
    S = sum(np.linalg.matrix_power(M, k) for k in range(steps))
    later = np.linalg.matrix_power(M, steps) @ d - eta * S @ (D @ g + c)
    for second_order, reaction in ((True, -eta * S @ D), (False, 0 * D)):
        of_generator = A @ g + B @ later + a + reaction.T @ B.T @ g
        found = direct(Unrolled(steps, second_order), quadratic_game, sgd(eta))
        np.testing.assert_allclose(found, np.concatenate([of_generator, C @ d + D @ g + c]), rtol=1e-10, atol=1e-10)


def test_without_steps_it_is_simultaneous(position, direct):
    np.testing.assert_array_equal(direct(Unrolled(0), position), direct(Simultaneous(), position))


def test_many_steps_approach_the_best_response(float64, direct, locate):
    """With C positive definite d*(g) = −C⁻¹(Dg + c), and the gradient of L_g(g, d*(g)) is Ag + Bd* + a − DᵀC⁻¹Bᵀg;
    the distance falls by I − ηC a step, here by 1 − 0.1 · 0.5 at the slowest."""
    rng = np.random.default_rng(0)
    A, B, D, Q = (rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 3), (4, 4)])
    Q = np.linalg.qr(Q)[0]
    C = Q @ np.diag([0.5, 1, 2, 4]) @ Q.T
    g, d = rng.normal(size=3), rng.normal(size=4)
    position = locate(quadratic(A, B, C, D), Pair(jnp.asarray(g), jnp.asarray(d)))
    best = -np.linalg.solve(C, D @ g)
    limit = (A + A.T) / 2 @ g + B @ best - D.T @ np.linalg.solve(C, B.T @ g)
    distances = [np.linalg.norm(direct(Unrolled(k), position, sgd(0.1))[:3] - limit) for k in (50, 100, 600)]
    assert distances[1] < 2 * 0.95**50 * distances[0]
    assert distances[2] < 1e-10


@pytest.fixture(params=[0, 8], ids=["fresh", "trained"])
def adam_position(request, gan_position, walk):
    """A tiny GAN and its Adam states, at the start and after eight real steps."""
    method = Method(Simultaneous(), simultaneous(), generator=adam().generator, discriminator=adam().discriminator)
    path, states = walk(method, gan_position.game, gan_position.players, request.param)
    players = ravel_pytree(gan_position.players)[1](jnp.asarray(path[-1]))
    return gan_position._replace(players=players), states[-1].optimisers


def path_of_adam(game, batch, generator, discriminator, moments):
    """The discriminator after some steps of Adam, written out: Kingma and Ba (2015), algorithm 1."""
    t, m, v = moments
    samples = game.act(generator, batch)
    for _ in range(STEPS):
        slope = jax.grad(lambda d: game.losses(d, samples, batch).discriminator)(discriminator)
        t = t + 1
        m = jax.tree.map(lambda m, s: 0.5 * m + 0.5 * s, m, slope)
        v = jax.tree.map(lambda v, s: 0.9 * v + 0.1 * s**2, v, slope)
        discriminator = jax.tree.map(
            lambda d, m, v, t=t: d - 0.05 * (m / (1 - 0.5**t)) / (jnp.sqrt(v / (1 - 0.9**t)) + 1e-3),
            discriminator, m, v,
        )  # fmt: skip
    return discriminator


@eqx.filter_jit
def slopes_of_unrolled_loss(game, players, batch, moments, second_order=True):
    """Central finite differences of L_g(g, dᴷ(g)) in every number of the generator; without `second_order`, dᴷ
    stays that of the unmoved generator."""
    flat, unravel = ravel_pytree(players.generator)
    held = path_of_adam(game, batch, players.generator, players.discriminator, moments)

    def loss(z):
        generator = unravel(z)
        later = path_of_adam(game, batch, generator, players.discriminator, moments) if second_order else held
        return game.losses(later, game.act(generator, batch), batch).generator

    steps = 1e-6 * jnp.eye(len(flat))
    return (jax.vmap(loss)(flat + steps) - jax.vmap(loss)(flat - steps)) / 2e-6


def moments_of(state):
    return tuple(optax.tree.get(state, name) for name in ("count", "mu", "nu"))


def test_with_adam_it_is_the_slope_of_the_unrolled_loss(adam_position, direct):
    """From the optimiser's present moments, which are zero at the start and not after training."""
    position, states = adam_position
    found = direct(Unrolled(STEPS), position, adam(), states)
    slopes = slopes_of_unrolled_loss(*position[:3], moments_of(states.discriminator))
    assert np.linalg.norm(found[: position.n] - slopes) < 1e-6 * np.linalg.norm(slopes)
    np.testing.assert_allclose(found[position.n :], direct(Simultaneous(), position)[position.n :], rtol=1e-12)


def test_without_second_order_the_discriminators_path_is_held(adam_position, direct):
    position, states = adam_position
    held = direct(Unrolled(STEPS, second_order=False), position, adam(), states)
    slopes = slopes_of_unrolled_loss(*position[:3], moments_of(states.discriminator), second_order=False)
    assert np.linalg.norm(held[: position.n] - slopes) < 1e-6 * np.linalg.norm(slopes)
    full = direct(Unrolled(STEPS), position, adam(), states)
    assert np.linalg.norm((held - full)[: position.n]) > 1e-2 * np.linalg.norm(slopes)
    np.testing.assert_allclose(held[position.n :], full[position.n :], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sgd", {"momentum": 0.5, "nesterov": True}),
        ("sgd", {"clip": 0.5, "clip_norm": 0.6}),
        ("adam", {"eps_root": 1e-4, "optimism": 0.7}),
        ("rmsprop", {"centered": True, "momentum": 0.3, "initial_scale": 1.0}),
        ("adamw", {"weight_decay": 0.1}),
        ("lamb", {"weight_decay": 0.1}),
        ("lion", {}),
    ],
)
def test_through_any_optimiser_it_is_the_derivative_of_the_loop(float64, direct, locate, name, arguments):
    """By `jax.grad` of the updates written out one after the other, from a state that two earlier ones have warmed."""
    rng = np.random.default_rng(0)
    game = quadratic(*(rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 4), (4, 3)]))
    g, d = jnp.asarray(rng.normal(size=3)), jnp.asarray(rng.normal(size=4))
    chosen = optimiser(name, learning_rate=0.1, **arguments)

    def after(steps, g, d, state):
        for _ in range(steps):
            slope = jax.grad(lambda d: game.losses(d, g, ()).discriminator)(d)
            updates, state = chosen.update(slope, state, d)
            d = optax.apply_updates(d, updates)
        return d, state

    d, state = jax.jit(after, static_argnums=0)(2, g, d, chosen.init(d))
    expected = jax.jit(jax.grad(lambda g: game.losses(after(STEPS, g, d, state)[0], g, ()).generator))(g)
    found = direct(Unrolled(STEPS), locate(game, Pair(g, d)), Pair(chosen, chosen), Pair(chosen.init(g), state))[:3]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_the_moments_at_the_start_are_the_optimisers_own(gan_position, direct):
    """The same players with other moments have another unrolled gradient."""
    fresh = Pair(*(o.init(p) for o, p in zip(adam(), gan_position.players, strict=True)))
    moved = jax.tree.map(lambda p: 0.1 + p, optax.tree.get(fresh.discriminator, "mu"))
    warm = fresh._replace(discriminator=optax.tree.set(fresh.discriminator, mu=moved))
    ours, theirs = (direct(Unrolled(STEPS), gan_position, adam(), states) for states in (fresh, warm))
    assert np.linalg.norm(ours - theirs) > 1e-2 * np.linalg.norm(ours)


@pytest.mark.parametrize(("eps_root", "finite"), [(0.0, False), (1e-16, True)])
def test_a_dead_unit_needs_eps_root(direct, locate, eps_root, finite):
    """A relu unit that no sample wakes has zero gradients, and zero moments under a fresh Adam: the root's slope there
    is infinite, and infinity times zero no number, unless something is added under the root."""
    discriminator = MLP(2, 1, (3,), activation="relu")
    game = Gan(MLP(2, 2, (3,)), discriminator, Mixture(ring_centres(8, 1.0), 0.1), "nonsaturating", noise=2, batch=4)
    players, batch = game.init(jax.random.key(0)), game.draw(jax.random.key(1))
    players.discriminator[0]["bias"] = jnp.array([-100.0, 0.5, 0.5])
    directions = direct(Unrolled(STEPS), locate(game, players, batch), adam(eps_root=eps_root))
    assert np.isfinite(directions).all() == finite


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_steps_are_a_whole_number(steps):
    with pytest.raises(ValueError, match=f"steps: got {steps}, expected a whole number from 0 to 10000"):
        Unrolled(steps)


def test_positions_for_which_there_is_no_memory_are_refused(direct, locate, monkeypatch):
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 1000)
    position = locate(bilinear(1.0, 7), Pair(jnp.ones(7), jnp.ones(7)))
    with pytest.raises(ValueError, match=r"^steps: so many positions of the discriminator would take"):
        direct(Unrolled(20), position)
