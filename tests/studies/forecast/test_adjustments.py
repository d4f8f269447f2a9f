"""Adjustments by rotation or curvature alone, against matrices, and steps that stay as long as they were."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import saddlery as sd
from saddlery.studies.forecast.adjustments import ADJUSTMENTS, Adjusted, forked

SIZES = {"generator": 2, "discriminator": 3}


@pytest.fixture
def quadratic():
    """A random quadratic game of general sum, its Hessian H = ξ′ by hand, and players."""
    random = np.random.default_rng(7)
    a, b, c = random.normal(size=(2, 2)), random.normal(size=(2, 3)), random.normal(size=(3, 3))
    with jax.enable_x64(True):
        game = sd.games.quadratic(A=a + a.T, B=b, C=c + c.T)
        players = sd.Pair(jnp.asarray(random.normal(size=2)), jnp.asarray(random.normal(size=3)))
        origin = jnp.zeros(5)

        def xi(x):
            return np.concatenate(sd.gradients(game, sd.Pair(jnp.asarray(x[:2]), jnp.asarray(x[2:])), ()))

        h = np.stack([xi(np.eye(5)[i]) - xi(np.asarray(origin)) for i in range(5)], axis=1)  # ξ is affine
        yield game, players, h, xi(np.concatenate(players))


def unit(x):
    return x / np.linalg.norm(x)


@pytest.mark.parametrize("name", ["symplectic", "off-diagonal", "diagonal"])
def test_adjustments_are_products_with_parts_of_the_jacobian(quadratic, name):
    game, players, h, xi = quadratic
    off = h.copy()
    off[:2, :2], off[2:, 2:] = 0, 0
    by_hand = {"symplectic": (h.T - h) / 2 @ xi, "off-diagonal": off.T @ xi, "diagonal": (h - off).T @ xi}[name]
    with jax.enable_x64(True):
        rule = Adjusted.by(name, sd.rules.Simultaneous())
        found, _ = rule(sd.rules.RuleInput(game, players, (), None, None), rule.init(game, players))
    for own, part in ((found.generator, slice(0, 2)), (found.discriminator, slice(2, 5))):
        expected = xi[part] + np.linalg.norm(xi[part]) * unit(by_hand[part])
        np.testing.assert_allclose(np.asarray(own), expected, rtol=1e-12)


def test_off_diagonal_and_diagonal_are_consensus_in_two_parts(quadratic):
    game, players, _, xi = quadratic
    with jax.enable_x64(True):
        inputs = sd.rules.RuleInput(game, players, (), None, None)
        split = [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
        parts = [sd.rules.Consensus(each)(inputs, ())[0] for each in split]
        whole = sd.rules.Consensus(1.0)(inputs, ())[0]
    total = sum(np.concatenate(each) - xi for each in parts)
    np.testing.assert_allclose(total, np.concatenate(whole) - xi, rtol=1e-12)


METHODS = (
    sd.methods.simultaneous(learning_rate=0.01),
    sd.methods.alternating(generator="adam(learning_rate=0.01)", discriminator="adam(learning_rate=0.02, b1=0.5)"),
    sd.methods.extragradient(generator="adam(learning_rate=0.01)", discriminator="sgd(learning_rate=0.1)"),
)


@eqx.filter_jit
def step(method, game, players, state, key):
    return method.step(game, players, state, key)


def walked(game, method, players, state, steps=3):
    for i in range(steps):
        players, state = step(method, game, players, state, jax.random.fold_in(jax.random.key(5), i))
    return players, state


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_without_an_adjustment_the_fork_goes_the_methods_way(method):
    game = sd.games.ring(modes=4, width=8)
    method = method.for_game(game)
    players = game.init(jax.random.key(0))
    players, state = walked(game, method, players, method.init(game, players))
    changed, begun = forked(method, state)
    mine, _ = walked(game, changed, players, begun)
    plain, _ = walked(game, method, players, state)
    np.testing.assert_allclose(ravel_pytree(mine)[0], ravel_pytree(plain)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("name", ADJUSTMENTS)
@pytest.mark.parametrize("method", METHODS)
def test_steps_are_as_long_as_without_the_adjustment(method, name):
    game = sd.games.ring(modes=4, width=8)
    method = method.for_game(game)
    players = game.init(jax.random.key(0))
    players, state = walked(game, method, players, method.init(game, players))
    key = jax.random.key(9)
    plain, _ = step(method, game, players, state, key)
    changed, begun = forked(method, state, name)
    mine, _ = step(changed, game, players, begun, key)
    for before, one, other in zip(players, plain, mine, strict=True):
        to, went = (np.asarray(ravel_pytree(each)[0] - ravel_pytree(before)[0]) for each in (one, other))
        assert np.linalg.norm(went) == pytest.approx(np.linalg.norm(to), rel=1e-3)
        assert to @ went < 0.999 * np.linalg.norm(to) * np.linalg.norm(went)  # and go elsewhere


def test_another_adjustment_is_the_same_program():
    game, method = sd.games.ring(modes=4), METHODS[0].for_game(sd.games.ring(modes=4))
    state = method.init(game, game.init(jax.random.key(0)))
    structures = {str(jax.tree.structure(forked(method, state, name)[0])) for name in ADJUSTMENTS}
    assert len(structures) == 1


def test_a_random_direction_is_another_one_at_each_step():
    game = sd.games.bilinear()
    players = sd.Pair(jnp.ones(1), jnp.ones(1))
    rule = Adjusted.by("random", sd.rules.Simultaneous())
    inputs, memory, drawn = sd.rules.RuleInput(game, players, (), None, None), rule.init(game, players), set()
    for _ in range(16):
        found, memory = rule(inputs, memory)
        drawn.add(tuple(round(float(each[0]), 3) for each in found))
    assert drawn == {(0.0, 0.0), (0.0, -2.0), (2.0, 0.0), (2.0, -2.0)}  # ±‖ξ‖ added to ξ = (1, −1), in one dimension


def test_an_adjustment_of_nothing_changes_nothing():
    """Without rotation the off-diagonal part is zero: no division by it."""
    game = sd.games.quadratic(A=[[1.0]], B=[[0.0]], C=[[2.0]])
    players = sd.Pair(jnp.array([1.0]), jnp.array([1.0]))
    rule = Adjusted.by("off-diagonal", sd.rules.Simultaneous())
    inputs = sd.rules.RuleInput(game, players, (), None, None)
    found, _ = rule(inputs, rule.init(game, players))
    plain, _ = dataclasses.replace(rule, place=jnp.int32(0))(inputs, rule.init(game, players))
    assert np.isfinite(np.concatenate(found)).all()
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate(plain))


def test_smaller_steps_are_a_third_as_long_by_the_runs_own_program():
    from saddlery.studies.forecast.forks import BRANCHES, SMALLER

    game = sd.games.ring(modes=4, width=8)
    adam = "adam(learning_rate=0.01, b1=0.5)"
    method = sd.methods.alternating(generator=adam, discriminator=adam).for_game(game)
    players, state = walked(game, method, game.init(jax.random.key(0)), method.init(game, game.init(jax.random.key(0))))
    changed, begun = BRANCHES["smaller steps"].of(method, state)
    assert jax.tree.structure(changed) == jax.tree.structure(method)
    plain, mine = (
        step(each, game, players, s, jax.random.key(9))[0] for each, s in ((method, state), (changed, begun))
    )
    to, went = (ravel_pytree(each.discriminator)[0] - ravel_pytree(players.discriminator)[0] for each in (plain, mine))
    np.testing.assert_allclose(went, SMALLER * to, rtol=1e-2, atol=1e-6)
    assert BRANCHES["unchanged"].of(method, state) == (method, state)
