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
from saddlery.schedules import simultaneous

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
