import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.rules import Consensus, Krylov, Neumann, Simultaneous


def powers(position, order, transposed):
    """ξ, Mξ, …, each at length one, M = Hᵀ or H: a basis of the space, though no orthogonal one."""
    M = position.H.T if transposed else position.H
    columns = [np.linalg.matrix_power(M, k) @ position.xi for k in range(order + 1)]
    return np.stack([column / np.linalg.norm(column) for column in columns], axis=1)


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_direction_is_the_least_squares_solution_in_the_space(quadratic_game, direct, order, transposed):
    space = np.linalg.qr(powers(quadratic_game, order, transposed))[0]
    weights = np.linalg.lstsq(quadratic_game.H @ space, quadratic_game.xi, rcond=None)[0]
    found = direct(Krylov(order, transposed), quadratic_game)
    np.testing.assert_allclose(found, space @ weights, rtol=0, atol=1e-10)


@pytest.mark.parametrize("transposed", [True, False])
def test_the_full_space_holds_newtons_direction(quadratic_game, direct, transposed):
    newton = np.linalg.solve(quadratic_game.H, quadratic_game.xi)
    np.testing.assert_allclose(direct(Krylov(6, transposed), quadratic_game), newton, rtol=0, atol=1e-8)


@pytest.mark.parametrize("transposed", [True, False])
def test_powers_beyond_an_invariant_space_change_nothing(quadratic_game, direct, transposed):
    full, beyond = (direct(Krylov(order, transposed), quadratic_game) for order in (6, 9))
    np.testing.assert_allclose(beyond, full, rtol=0, atol=1e-8)


def test_residuals_fall_with_the_order_and_never_exceed_those_of_the_series(position, direct):
    """The space of order k holds every multiple of Neumann's direction of order k, whatever its γ."""
    residual = lambda p: np.linalg.norm(position.xi - position.H @ p)  # noqa: E731
    found = [residual(direct(Krylov(order), position)) for order in range(4)]
    assert (np.diff(found) <= 1e-12).all()
    for order, gamma in [(1, 0.1), (2, 0.3), (3, 0.1)]:
        series = direct(Neumann(order, gamma), position)
        image = position.H @ series
        scaled = series * (image @ position.xi) / (image @ image)  # the best multiple of it
        assert found[order] <= residual(scaled) + 1e-12


def outside(direction, space):
    """How much of a direction is not in the space spanned by some columns, relative to its length."""
    basis = np.linalg.qr(space)[0]
    return np.linalg.norm(direction - basis @ (basis.T @ direction)) / np.linalg.norm(direction)


def test_consensus_lies_in_the_transposed_space_and_not_in_that_of_the_equation(quadratic_game, direct):
    consensus = direct(Consensus(0.3), quadratic_game)
    assert outside(consensus, powers(quadratic_game, 1, transposed=True)) < 1e-12
    assert outside(consensus, powers(quadratic_game, 1, transposed=False)) > 0.01


def test_from_order_one_the_norm_of_the_gradient_falls_along_it(position, direct):
    """d/dt ½‖ξ(z − tp)‖² = −ξᵀHp = −‖Hp‖², as the residual ξ − Hp is orthogonal to Hp."""
    p = direct(Krylov(1), position)
    image = position.H @ p
    assert position.xi @ image == pytest.approx(image @ image, rel=1e-8)
    assert image @ image > 1e-6 * position.xi @ position.xi


def test_on_a_pure_rotation_the_gradient_alone_is_no_use_and_the_first_power_solves_the_game(float64, direct, locate):
    """ξ ⊥ Hξ, so the best multiple of ξ is none; Hᵀξ = −Hξ = σ²(g, d) points away from the origin."""
    position = locate(bilinear(0.7), Pair(jnp.array([0.6]), jnp.array([-0.8])))
    np.testing.assert_allclose(direct(Krylov(0), position), 0, atol=1e-15)
    for transposed in (True, False):
        np.testing.assert_allclose(direct(Krylov(1, transposed), position), position.z, atol=1e-14)


def test_it_scales_with_the_gradient(quadratic_game, direct, locate):
    game = quadratic_game.game
    doubled = locate(game, Pair(*(2 * z - e for z, e in zip(quadratic_game.players, game.equilibrium(), strict=True))))
    np.testing.assert_allclose(direct(Krylov(2), doubled), 2 * direct(Krylov(2), quadratic_game), rtol=1e-8, atol=1e-10)


def test_at_the_equilibrium_nothing_moves(float64, direct, locate):
    game = bilinear(1.0, 3)
    assert not direct(Krylov(2), locate(game, game.equilibrium())).any()


@pytest.mark.parametrize("order", [-1, 1.5, True])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(ValueError, match=f"order: got {order}, expected a whole number from 0 to 20"):
        Krylov(order)


def test_costs_in_gradient_evaluations():
    assert [Krylov(order).evaluations(10) for order in (0, 1, 3)] == [2, 4, 8]
    assert [Krylov(order, transposed=False).evaluations(10) for order in (0, 1, 3)] == [2, 3, 5]
    assert [Simultaneous().evaluations(10), Consensus().evaluations(10), Neumann(3).evaluations(10)] == [1, 2, 4]
