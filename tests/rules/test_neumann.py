import numpy as np
import pytest

from saddlery.rules import Consensus, Neumann, Simultaneous


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_direction_is_the_truncated_series(position, direct, order):
    """In the papers' field: the players move along Σ_{k ≤ order} (−γJᵀ)ᵏ v, with v = −ξ and J = −H."""
    v, J = -position.xi, -position.H
    series = sum(np.linalg.matrix_power(-0.3 * J.T, k) @ v for k in range(order + 1))
    np.testing.assert_allclose(-direct(Neumann(order, 0.3), position), series, rtol=0, atol=1e-10)


def test_the_first_orders_are_simultaneous_and_consensus(position, direct):
    np.testing.assert_array_equal(direct(Neumann(0, 0.3), position), direct(Simultaneous(), position))
    np.testing.assert_allclose(direct(Neumann(1, 0.3), position), direct(Consensus(0.3), position), rtol=1e-14)


def test_the_series_converges_to_the_linear_solve(quadratic_game, direct):
    gamma = 0.02 / np.linalg.norm(quadratic_game.H, 2)
    limit = np.linalg.solve(np.eye(7) - gamma * quadratic_game.H.T, quadratic_game.xi)
    np.testing.assert_allclose(direct(Neumann(8, gamma), quadratic_game), limit, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [-1, 1.5, True])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(ValueError, match=f"order: got {order}, expected a whole number from 0 to 100"):
        Neumann(order)
