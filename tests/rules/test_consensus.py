import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair, gradients
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus
from saddlery.schedules import alternating, extragradient, simultaneous

MATRICES = {
    "jare": [[0.0, 0.7], [0.7, 0.0]],
    "smooth": [[0.0, 0.0], [0.7, 0.0]],
    "discriminator only": [[0.0, 0.0], [0.7, 0.7]],
    "any": [[0.3, 1.1], [0.2, 0.6]],
}


def sgd(learning_rate=0.1):
    return optimiser("sgd", learning_rate=learning_rate)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 10.0])
def test_a_number_adds_the_transposed_jacobian_times_the_gradient(position, direct, gamma):
    expected = position.xi + gamma * position.H.T @ position.xi
    np.testing.assert_allclose(direct(Consensus(gamma), position), expected, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("gamma", MATRICES.values(), ids=MATRICES)
def test_a_matrix_weighs_each_players_gradient_norm_for_each_player(position, direct, gamma):
    """descend_i = ξ_i + Σ_j γ_ij ∇_i ½‖ξ_j‖², and ∇_i ½‖ξ_j‖² = H_jiᵀ ξ_j by the block of H of row j, column i."""
    xi, H, blocks = position.xi, position.H, (slice(None, position.n), slice(position.n, None))
    expected = xi.copy()
    for (i, mover), (j, other) in itertools.product(enumerate(blocks), repeat=2):
        expected[mover] += gamma[i][j] * H[other, mover].T @ xi[other]
    np.testing.assert_allclose(direct(Consensus(gamma), position), expected, rtol=1e-12, atol=1e-10)


def test_equal_entries_are_a_number(position, direct):
    matrix, number = direct(Consensus(jnp.full((2, 2), 0.7)), position), direct(Consensus(0.7), position)
    np.testing.assert_allclose(matrix, number, rtol=1e-12, atol=1e-12)


def test_on_a_gan_the_penalty_is_half_the_squared_gradient_norm(gan_position, direct):
    """By central finite differences of ½‖ξ‖², which know nothing of Jacobian products."""
    flat, unravel = ravel_pytree(gan_position.players)

    @jax.jit
    @jax.vmap
    def half_square(z):
        return 0.5 * jnp.sum(ravel_pytree(gradients(gan_position.game, unravel(z), gan_position.batch))[0] ** 2)

    steps = 1e-6 * jnp.eye(len(flat))
    slope = (half_square(flat + steps) - half_square(flat - steps)) / 2e-6
    penalty = direct(Consensus(3.0), gan_position) - gan_position.xi
    np.testing.assert_allclose(penalty, 3 * slope, rtol=0, atol=1e-8)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 1.0), sigma=st.floats(0.1, 2.0), gamma=st.floats(0.0, 2.0))
def test_contraction_on_the_bilinear_game(float64, walk, h, sigma, gamma):
    """H = σR with R a quarter turn, so HᵀH = σ²I and a step is the matrix (1 − hγσ²)I − hσR: a turn, times
    √((1 − hγσ²)² + h²σ²)."""
    method = Method(Consensus(gamma), simultaneous(), generator=sgd(h), discriminator=sgd(h))
    path, _ = walk(method, bilinear(sigma), Pair(np.array([0.6]), np.array([-0.8])), 3)
    rate = np.hypot(1 - h * gamma * sigma**2, h * sigma)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), rate ** np.arange(4), rtol=1e-8)


@pytest.mark.parametrize("target", [1.0, 1e3], ids=["grows", "falls to zero"])
def test_gamma_adapts_by_dual_ascent_once_a_step(quadratic_game, walk, target):
    """γ ← max(0, γ + ρ(½‖ξ‖² − target)) at every position of the walk, whose steps use γ as it was."""
    method = Method(Consensus(0.05, rate=1e-3, target=target), simultaneous(), generator=sgd(), discriminator=sgd())
    path, states = walk(method, quadratic_game.game, quadratic_game.players, 5)
    z, gamma, H = path[0], 0.05, quadratic_game.H
    for step, state in zip(range(5), states, strict=False):
        np.testing.assert_allclose(state.rule, gamma, rtol=1e-10)
        np.testing.assert_allclose(path[step], z, rtol=1e-10)
        xi = quadratic_game.xi + H @ (z - path[0])
        z = z - 0.1 * (xi + gamma * H.T @ xi)
        gamma = max(0.0, gamma + 1e-3 * (0.5 * xi @ xi - target))
    np.testing.assert_allclose(states[5].rule, gamma, rtol=1e-10)
    assert (gamma == 0) == (target == 1e3)


def test_of_a_matrix_only_entries_that_are_not_zero_adapt(quadratic_game, walk):
    gamma = np.array([[0.0, 0.2], [0.3, 0.0]])
    method = Method(Consensus(gamma, rate=1e-2, target=1.0), simultaneous(), generator=sgd(), discriminator=sgd())
    _, states = walk(method, quadratic_game.game, quadratic_game.players, 1)
    growth = 1e-2 * (0.5 * quadratic_game.xi @ quadratic_game.xi - 1.0)
    np.testing.assert_allclose(states[1].rule, np.where(gamma, np.maximum(0, gamma + growth), 0), rtol=1e-12)


def test_under_alternating_gamma_adapts_at_the_last_evaluation_only(quadratic_game, walk):
    """The discriminator's two moves and the generator's one all use the same γ; it then takes one step, by the
    norm at the moved discriminator."""
    xi0, H, n, gamma = quadratic_game.xi, quadratic_game.H, quadratic_game.n, 0.05
    method = Method(
        Consensus(gamma, rate=1e-3, target=1.0),
        alternating(discriminator_steps=2),
        generator=sgd(),
        discriminator=sgd(),
    )
    path, states = walk(method, quadratic_game.game, quadratic_game.players, 1)
    z = path[0].copy()
    for mover in (slice(n, None), slice(n, None), slice(None, n)):
        xi = xi0 + H @ (z - path[0])
        z[mover] -= 0.1 * (xi + gamma * H.T @ xi)[mover]
    np.testing.assert_allclose(path[1], z, rtol=1e-12)
    np.testing.assert_allclose(states[1].rule, gamma + 1e-3 * (0.5 * xi @ xi - 1.0), rtol=1e-12)


def test_under_extragradient_gamma_adapts_at_the_trial_position_only(quadratic_game, walk):
    xi, H, gamma = quadratic_game.xi, quadratic_game.H, 0.05
    method = Method(Consensus(gamma, rate=1e-3, target=1.0), extragradient(), generator=sgd(), discriminator=sgd())
    path, states = walk(method, quadratic_game.game, quadratic_game.players, 1)
    at_trial = xi - 0.1 * H @ (xi + gamma * H.T @ xi)
    np.testing.assert_allclose(path[1], path[0] - 0.1 * (at_trial + gamma * H.T @ at_trial), rtol=1e-12)
    np.testing.assert_allclose(states[1].rule, gamma + 1e-3 * (0.5 * at_trial @ at_trial - 1.0), rtol=1e-12)


def test_an_adapting_gamma_keeps_its_type_from_the_start(quadratic_game):
    """So that the first step and the second are the same compiled program, also from a whole number."""
    method = Method(Consensus(10, rate=1e-3), simultaneous(), generator=sgd(), discriminator=sgd())
    game, players = quadratic_game.game, quadratic_game.players
    start = method.init(game, players)
    _, after = jax.eval_shape(lambda: method.step(game, players, start, jax.random.key(0)))
    assert (start.rule.dtype, start.rule.weak_type) == (after.rule.dtype, after.rule.weak_type)


@pytest.mark.parametrize(
    ("gamma", "message"),
    [
        ([1.0, 2.0], r"gamma: got shape \(2,\), expected a number or a 2×2 matrix"),
        (-1.0, r"gamma: got -1.0, expected a number of 0 or more"),
        ([[0.0, -1.0], [0.0, 0.0]], r"gamma: got \[\[0.0, -1.0\], \[0.0, 0.0\]\], expected a number of 0 or more"),
    ],
)
def test_another_gamma_is_refused(gamma, message):
    with pytest.raises(ValueError, match=message):
        Consensus(gamma)
