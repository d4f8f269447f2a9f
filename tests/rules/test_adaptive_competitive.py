import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import saddlery as sd
from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.quadratic import quadratic
from saddlery.rules import AdaptiveCompetitive, Competitive, RuleInput


def coupling(position):
    """The blocks of H off its diagonal."""
    blocks = position.H.copy()
    blocks[: position.n, : position.n] = blocks[position.n :, position.n :] = 0
    return blocks


def steps(position, squares, eps):
    """D = 1 / (√s + ε), entry by entry."""
    return 1 / (np.sqrt(squares) + eps)


@pytest.mark.parametrize("step", [0.1, 0.6])
def test_direction_solves_the_local_game_with_a_step_for_each_parameter(position, direct, step):
    """At the first gradient s/(1 − β) is ξ² itself, whatever β: p with (I + K A) p = ξ, A = ηD; D p is descended."""
    D = steps(position, position.xi**2, 0.1)
    p = np.linalg.solve(np.eye(len(D)) + coupling(position) * step * D, position.xi)
    found = direct(AdaptiveCompetitive(step, eps=0.1, tolerance=1e-13), position)
    np.testing.assert_allclose(found, D * p, rtol=0, atol=1e-10)


def test_on_a_zero_sum_game_it_is_the_symmetric_formula(float64, direct, locate):
    """For min_x max_y f, with A_x, A_y the steps: x moves along −A_x^½ (I + A_x^½ D_xy A_y D_yx A_x^½)⁻¹ A_x^½
    (∇_x f + D_xy A_y ∇_y f), and y along A_y^½ (I + A_y^½ D_yx A_x D_xy A_y^½)⁻¹ A_y^½ (∇_y f − D_yx A_x ∇_x f)."""
    rng = np.random.default_rng(0)
    B, x, y, eta, eps = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4), 0.4, 1e-3
    position = locate(quadratic(np.zeros((3, 3)), B, np.zeros((4, 4))), Pair(jnp.asarray(x), jnp.asarray(y)))
    of_x, of_y = B @ y, B.T @ x
    X, Y = (np.diag(eta / (np.abs(g) + eps)) for g in (of_x, of_y))
    x2, y2 = np.sqrt(X), np.sqrt(Y)
    move_x = -x2 @ np.linalg.solve(np.eye(3) + x2 @ B @ Y @ B.T @ x2, x2 @ (of_x + B @ Y @ of_y))
    move_y = y2 @ np.linalg.solve(np.eye(4) + y2 @ B.T @ X @ B @ y2, y2 @ (of_y - B.T @ X @ of_x))
    found = direct(AdaptiveCompetitive(eta, eps=eps, tolerance=1e-13), position)
    np.testing.assert_allclose(-eta * found, np.concatenate([move_x, move_y]), rtol=0, atol=1e-10)


def test_the_squares_are_an_average_corrected_for_its_start(quadratic_game):
    """Over a path, by a sum: sₜ/(1 − βᵗ) = Σ βᵗ⁻ⁱ ξᵢ² / Σ βᵗ⁻ⁱ."""
    game, (generator, discriminator), H = quadratic_game.game, quadratic_game.players, quadratic_game.H
    rule, beta, eta, eps = AdaptiveCompetitive(0.3, decay=0.8, eps=0.01, tolerance=1e-13), 0.8, 0.3, 0.01
    state, seen = rule.init(game, quadratic_game.players), []
    for t in range(5):
        players = Pair(generator + 0.3 * t, discriminator * (1 - 0.2 * t))
        moved = np.asarray(ravel_pytree(players)[0]) - quadratic_game.z
        seen.append(quadratic_game.xi + H @ moved)
        found, state = rule(RuleInput(game, players, (), None, None), state)
        weights = beta ** np.arange(t, -1.0, -1)
        D = steps(quadratic_game, weights @ np.square(seen) / weights.sum(), eps)
        p = np.linalg.solve(np.eye(7) + coupling(quadratic_game) * eta * D, seen[-1])
        np.testing.assert_allclose(ravel_pytree(found)[0], D * p, rtol=0, atol=1e-9)


def test_without_a_step_it_is_rmsprop(position, direct):
    found = direct(AdaptiveCompetitive(0.0, eps=0.1), position)
    np.testing.assert_allclose(found, position.xi / (np.abs(position.xi) + 0.1), rtol=1e-6, atol=1e-12)


def test_with_equal_steps_it_is_competitive(float64, direct, locate):
    """Where all gradients are of one size c, D = 1/(c + ε): `Competitive` with η/(c + ε), divided by c + ε."""
    rng = np.random.default_rng(1)
    B = rng.normal(size=(3, 3))
    signs = np.sign(rng.normal(size=(2, 3)))
    y, x = np.linalg.solve(B, 2 * signs[0]), -np.linalg.solve(B.T, 2 * signs[1])
    position = locate(quadratic(np.zeros((3, 3)), B, np.zeros((3, 3))), Pair(jnp.asarray(x), jnp.asarray(y)))
    np.testing.assert_allclose(np.abs(position.xi), 2.0)
    adaptive = direct(AdaptiveCompetitive(0.7, eps=0.5, tolerance=1e-13), position)
    fixed = direct(Competitive(0.7 / 2.5, tolerance=1e-13), position)
    np.testing.assert_allclose(adaptive, fixed / 2.5, rtol=0, atol=1e-10)


def test_multipliers_at_the_equilibrium_are_those_of_implicit_steps(float64):
    """There s is 0 and D = 1/ε: a step is (I + (η/ε) H)⁻¹, of eigenvalues 1/(1 ± iησ/ε)."""
    game, eta, eps = bilinear(1.5), 0.2, 0.5
    method = sd.methods.adaptive_competitive(learning_rate=eta, eps=eps)
    found = sd.multipliers(game, method, game.equilibrium(), key=jax.random.key(0), k=None)
    values = found.values[np.abs(found.values) > 0.5]
    values = values[np.abs(values.imag) > 1e-3]  # without the average of squares, which decays by itself
    expected = 1 / (1 + np.array([1j, -1j]) * eta * 1.5 / eps)
    np.testing.assert_allclose(np.sort_complex(values), np.sort_complex(expected), rtol=1e-5)


def test_a_parameter_without_gradient_does_not_move_and_is_no_number_out_of_range(float64, direct, locate):
    B = np.diag([1.0, 0.0])
    position = locate(quadratic(np.zeros((2, 2)), B, np.zeros((2, 2))), Pair(jnp.ones(2), jnp.ones(2)))
    found = direct(AdaptiveCompetitive(0.1), position)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[[1, 3]], 0.0)


def test_the_published_method_takes_the_generators_rate_as_its_step():
    method = sd.methods.adaptive_competitive(learning_rate=0.03).for_game(sd.games.ring())
    assert float(method.rule.step) == pytest.approx(0.03)
    assert {str(each) for each in method.optimisers} == {"sgd(learning_rate=0.03)"}
    assert float(sd.methods.adaptive_competitive(step=0.5, learning_rate=0.03).for_game().rule.step) == 0.5
