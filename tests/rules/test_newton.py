import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus, Neumann, Newton
from saddlery.schedules import simultaneous


@pytest.mark.parametrize("damping", [0.0, 0.1, 2.0])
def test_direction_is_the_linear_solve_on_quadratic_games(quadratic_game, direct, damping):
    """In the papers' field: (J − δI)⁻¹ v, which the optimiser descends, with v = −ξ and J = −H."""
    v, J = -quadratic_game.xi, -quadratic_game.H
    expected = np.linalg.solve(J - damping * np.eye(len(v)), v)
    found = direct(Newton(damping, tolerance=1e-13), quadratic_game)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_direction_is_the_linear_solve_on_a_gan(gan_position, direct):
    """Whose 30 numbers are more than a restart's vectors, and whose H alone is all but singular."""
    v, J = -gan_position.xi, -gan_position.H
    found = direct(Newton(2.0, tolerance=1e-12, iterations=100), gan_position)
    np.testing.assert_allclose(found, np.linalg.solve(J - 2.0 * np.eye(30), v), rtol=0, atol=1e-10)


def test_under_large_damping_it_is_the_simultaneous_direction(position, direct):
    np.testing.assert_allclose(1e8 * direct(Newton(1e8), position), position.xi, rtol=0, atol=1e-6)


def test_undamped_and_at_full_step_a_quadratic_game_takes_one(quadratic_game, walk):
    sgd = optimiser("sgd", learning_rate=1.0)
    method = Method(Newton(0.0, tolerance=1e-13), simultaneous(), generator=sgd, discriminator=sgd)
    path, _ = walk(method, quadratic_game.game, quadratic_game.players, 1)
    np.testing.assert_allclose(path[1], np.concatenate(quadratic_game.game.equilibrium()), rtol=0, atol=1e-9)


def test_it_is_drawn_to_an_equilibrium_that_repels_the_players(float64, walk):
    """Where both players would run away, every multiplier of undamped Newton under sgd(h) is 1 − h."""
    sgd = optimiser("sgd", learning_rate=0.25)
    method = Method(Newton(0.0, tolerance=1e-13), simultaneous(), generator=sgd, discriminator=sgd)
    game = quadratic(-np.eye(2), np.ones((2, 3)), -np.eye(3))
    assert np.linalg.eigvals(game.jacobian()).real.max() < 0
    path, _ = walk(method, game, game.init(jax.random.key(0)), 4)
    np.testing.assert_allclose(path, path[0] * 0.75 ** np.arange(5.0)[:, None], rtol=1e-9)


def of(matrix, locate):
    """A position of the quadratic game with this H, of two numbers against two."""
    game = quadratic(matrix[:2, :2], matrix[:2, 2:], matrix[2:, 2:], matrix[2:, :2])
    return locate(game, Pair(jnp.array([1.0, -0.5]), jnp.array([0.3, 0.8])))


@pytest.fixture(params=range(3))
def matrices(request):
    """A random symmetric matrix of positive curvature, and a random antisymmetric one."""
    M = np.random.default_rng(request.param).normal(size=(4, 4))
    return M @ M.T / np.linalg.norm(M @ M.T, 2), (M - M.T) / np.linalg.norm(M - M.T, 2)


def test_for_a_pure_rotation_consensus_is_the_first_step_of_damped_newton(float64, matrices, direct, locate):
    """(I + γH)⁻¹ξ, which is Newton(1/γ) over γ, is ξ − γHξ + O(γ²), and Hᵀ = −H: the series is Newton's to any order,
    and it damps: no mode is made longer."""
    gamma, position = 0.3, of(matrices[1], locate)
    newton = direct(Newton(1 / gamma, tolerance=1e-13), position) / gamma
    gaps = [np.linalg.norm(direct(Neumann(order, gamma), position) - newton) for order in range(6)]
    np.testing.assert_allclose(gaps[1], np.linalg.norm(direct(Consensus(gamma), position) - newton), rtol=1e-12)
    assert all(later < gamma * earlier * (1 + 1e-9) for earlier, later in itertools.pairwise(gaps))
    assert np.linalg.norm(newton) < np.linalg.norm(position.xi)


def test_for_a_pure_minimisation_consensus_amplifies_what_damped_newton_damps(float64, matrices, direct, locate):
    """Along an eigenvector of curvature c > 0: 1 + γc against 1/(1 + γc), and 1/(1 − γc) for the whole series, which is
    Newton's with the *negative* damping −1/γ, times −1/γ."""
    gamma, H = 0.3, matrices[0]
    curvatures, vectors = np.linalg.eigh(H)
    position = of(H, locate)
    share = vectors.T @ position.xi
    along = lambda rule: vectors.T @ direct(rule, position) / share  # noqa: E731
    np.testing.assert_allclose(along(Consensus(gamma)), 1 + gamma * curvatures, rtol=1e-9)
    np.testing.assert_allclose(
        along(Newton(1 / gamma, tolerance=1e-13)) / gamma, 1 / (1 + gamma * curvatures), rtol=1e-9
    )
    np.testing.assert_allclose(along(Neumann(30, gamma)), 1 / (1 - gamma * curvatures), rtol=1e-9)
    np.testing.assert_allclose(
        -along(Newton(-1 / gamma, tolerance=1e-13)) / gamma, 1 / (1 - gamma * curvatures), rtol=1e-9
    )


def test_in_general_the_reading_is_off_by_twice_the_symmetric_part(position, direct):
    gamma = 1e-3
    symmetric = (position.H + position.H.T) / 2
    newton = position.xi - gamma * position.H @ position.xi
    off = direct(Consensus(gamma), position) - newton
    np.testing.assert_allclose(off, 2 * gamma * symmetric @ position.xi, rtol=0, atol=1e-12)


def test_at_the_equilibrium_nothing_moves(float64, direct, locate):
    game = bilinear(1.0, 3)
    assert not direct(Newton(0.1), locate(game, game.equilibrium())).any()


def test_costs_in_gradient_evaluations_grow_with_the_game_up_to_the_restart():
    costs = [Newton(iterations=3).evaluations(n) for n in (2, 10, 20, 1000)]
    assert costs == sorted(costs)
    assert costs[0] < 6
    assert costs[-1] == 1 + 3 * 21
