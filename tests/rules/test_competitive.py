import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Competitive
from saddlery.schedules import simultaneous


def solution(position, step):
    """p with (I + η O) p = ξ, O the blocks of H off its diagonal."""
    coupling = position.H.copy()
    coupling[: position.n, : position.n] = coupling[position.n :, position.n :] = 0
    return np.linalg.solve(np.eye(len(position.xi)) + step * coupling, position.xi)


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_direction_solves_the_local_bilinear_game(position, direct, step):
    """Both quadratic games and GAN are general-sum: H₂₁ is not −H₁₂ᵀ and the system not symmetric."""
    assert not np.allclose(position.H[: position.n, position.n :], -position.H[position.n :, : position.n].T)
    found = direct(Competitive(step, tolerance=1e-13), position)
    np.testing.assert_allclose(found, solution(position, step), rtol=0, atol=1e-10)


def test_on_a_zero_sum_game_it_is_the_published_formula(float64, direct, locate):
    """Schäfer and Anandkumar's equation for min_x max_y f: x moves along −(I + η² D_xy D_yx)⁻¹(∇_x f + η D_xy ∇_y f)
    and y along (I + η² D_yx D_xy)⁻¹(∇_y f − η D_yx ∇_x f)."""
    rng = np.random.default_rng(0)
    B, x, y, eta = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4), 0.4
    position = locate(quadratic(np.zeros((3, 3)), B, np.zeros((4, 4))), Pair(jnp.asarray(x), jnp.asarray(y)))
    of_x, of_y = B @ y, B.T @ x
    move_x = -np.linalg.solve(np.eye(3) + eta**2 * B @ B.T, of_x + eta * B @ of_y)
    move_y = np.linalg.solve(np.eye(4) + eta**2 * B.T @ B, of_y - eta * B.T @ of_x)
    found = direct(Competitive(eta, tolerance=1e-13), position)
    np.testing.assert_allclose(-found, np.concatenate([move_x, move_y]), rtol=0, atol=1e-10)


def test_the_tolerance_is_a_relative_residual(position, direct):
    """Of the generator's system: ‖M p_g − b‖ ≤ tolerance ‖b‖, M = I − η² H₁₂H₂₁, b = ξ_g − η H₁₂ξ_d."""
    n, step = position.n, 0.5
    H12, H21 = position.H[:n, n:], position.H[n:, :n]
    M, b = np.eye(n) - step**2 * H12 @ H21, position.xi[:n] - step * H12 @ position.xi[n:]
    residual = M @ direct(Competitive(step, tolerance=1e-4), position)[:n] - b
    assert np.linalg.norm(residual) <= 1e-4 * np.linalg.norm(b)


def test_one_iteration_is_one_set_of_krylov_vectors(quadratic_game, direct):
    """Enough for three numbers against four, whose Krylov space has no more dimensions."""
    found = direct(Competitive(0.5, iterations=1), quadratic_game)
    np.testing.assert_allclose(found, solution(quadratic_game, 0.5), rtol=0, atol=1e-10)


def test_numbers_without_gradient_do_not_stop_the_solve_early(float64, direct, locate):
    """As a dead unit has: rows and columns of H, and entries of ξ, that are zero. Here half of 60 numbers, the others
    so coupled that one set of 20 Krylov vectors does not suffice."""
    rng = np.random.default_rng(0)
    B = np.zeros((60, 60))
    B[:30, :30] = rng.normal(size=(30, 30))
    start = Pair(*(jnp.asarray(z) for z in rng.normal(size=(2, 60))))
    position = locate(quadratic(np.zeros((60, 60)), B, np.zeros((60, 60))), start)
    found = direct(Competitive(0.5, tolerance=1e-12, iterations=100), position)
    np.testing.assert_allclose(found, solution(position, 0.5), rtol=0, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-8, 1e6])
def test_in_single_precision_small_and_large_gradients_are_solved_alike(direct, locate, scale):
    rng = np.random.default_rng(0)
    B, start = rng.normal(size=(3, 4)), Pair(jnp.asarray(rng.normal(size=3)), jnp.asarray(rng.normal(size=4)))
    game = quadratic(np.zeros((3, 3)), B, np.zeros((4, 4)))
    small = locate(game, Pair(*(scale * z for z in start)))
    found = direct(Competitive(0.5), small) / scale
    np.testing.assert_allclose(found, solution(small, 0.5) / scale, rtol=0, atol=1e-5)


def test_at_the_equilibrium_nothing_moves(float64, direct, locate):
    game = bilinear(1.0, 3)
    assert not direct(Competitive(0.1), locate(game, game.equilibrium())).any()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 2.0), sigma=st.floats(0.1, 2.0))
def test_contraction_on_the_bilinear_game(float64, walk, h, sigma):
    """H = σR is all coupling, so under sgd(h) with η = h a step is z − h(I + hH)⁻¹Hz = (I + hσR)⁻¹z, the implicit
    Euler method: a turn, times 1/√(1 + h²σ²), whatever h."""
    sgd = optimiser("sgd", learning_rate=h)
    method = Method(Competitive(h, tolerance=1e-13), simultaneous(), generator=sgd, discriminator=sgd)
    path, _ = walk(method, bilinear(sigma), Pair(np.array([0.6]), np.array([-0.8])), 3)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.hypot(1, h * sigma) ** -np.arange(4.0), rtol=1e-8)
