"""The reading of consensus as a Newton step, and the problems on which directions are compared."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.game import Pair
from saddlery.studies.atlas import second_order


def test_the_reading_of_consensus_as_newton_goes_from_two_to_none():
    gaps = [second_order.gap(share) for share in (0.0, 0.5, 1.0)]
    assert gaps[0] == pytest.approx(2, abs=0.01)
    assert gaps[2] == pytest.approx(0, abs=0.01)
    assert gaps[0] > gaps[1] > gaps[2]


def test_problems_of_the_comparison_are_stable_and_what_they_are_called():
    H = {name: np.asarray(game.jacobian(), float) for name, (game, _) in second_order.problems().items()}
    np.testing.assert_allclose(H["minimisation"], H["minimisation"].T, atol=1e-6)
    np.testing.assert_allclose(H["rotation"], -H["rotation"].T, atol=1e-6)
    for name in ("minimisation", "both", "general"):
        assert np.linalg.eigvals(H[name]).real.min() > 0
    off = H["general"][:6, 6:] + H["general"][6:, :6].T
    assert np.linalg.norm(off) > 0.1


def test_newton_s_own_first_order_is_an_extragradient_step_of_the_cost_of_consensus(float64):
    direction = {each.name: each for each in second_order.DIRECTIONS}
    assert direction["extragradient"].cost == direction["consensus"].cost == 2
    game, h = second_order.problems()["general"][0], 0.1
    method = second_order._method(direction["extragradient"], h, 1.0)
    x = np.random.default_rng(0).standard_normal(2 * second_order.PLAYER)
    players = Pair(*map(jnp.asarray, np.split(x, 2)))
    after, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
    H = np.asarray(game.jacobian())
    np.testing.assert_allclose(np.concatenate(after), x - h * (H @ x - h * H @ H @ x), rtol=1e-10)
