import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Simultaneous
from saddlery.schedules import alternating, extrapolation_from_past, lookahead, simultaneous


def method_of(schedule, h=0.1, **numbers):
    sgd = optimiser("sgd", learning_rate=h, **numbers)
    return Method(Simultaneous(), schedule, generator=sgd, discriminator=sgd)


@pytest.mark.parametrize("inner", [simultaneous, alternating], ids=["simultaneous", "alternating"])
def test_every_few_steps_both_return_part_of_the_way(quadratic_game, walk, inner):
    path, _ = walk(method_of(lookahead(3, 0.4, inner())), quadratic_game.game, quadratic_game.players, 10)
    xi = lambda z: quadratic_game.xi + quadratic_game.H @ (z - path[0])  # noqa: E731
    fast, slow = path[0].copy(), path[0].copy()
    for step in range(1, 11):
        if inner is alternating:
            fast[3:] -= 0.1 * xi(fast)[3:]
            fast[:3] -= 0.1 * xi(fast)[:3]
        else:
            fast -= 0.1 * xi(fast)
        if step % 3 == 0:
            slow += 0.4 * (fast - slow)
            fast = slow.copy()
        np.testing.assert_allclose(path[step], fast, rtol=1e-10, atol=1e-12)


def test_the_optimisers_do_not_return(quadratic_game, walk):
    path, _ = walk(method_of(lookahead(2, 0.5), momentum=0.7), quadratic_game.game, quadratic_game.players, 6)
    fast, slow, m = path[0], path[0], np.zeros(7)
    for step in range(1, 7):
        m = 0.7 * m + quadratic_game.xi + quadratic_game.H @ (fast - path[0])
        fast = fast - 0.1 * m
        if step % 2 == 0:
            fast = slow = slow + 0.5 * (fast - slow)
        np.testing.assert_allclose(path[step], fast, rtol=1e-10, atol=1e-12)


def test_the_inner_schedule_keeps_its_memory(quadratic_game, walk):
    """All of the way is kept with weight 1, and lookahead is then the inner schedule alone."""
    game, players = quadratic_game.game, quadratic_game.players
    inner = extrapolation_from_past()
    path, _ = walk(method_of(lookahead(2, 1, inner)), game, players, 6)
    np.testing.assert_allclose(path, walk(method_of(inner), game, players, 6)[0], rtol=1e-12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 1.0), sigma=st.floats(0.1, 1.0), weight=st.floats(0.1, 1.0))
def test_rate_on_the_bilinear_game(float64, walk, h, sigma, weight):
    """As one complex number z = g − id a descent step multiplies by 1 − is, s = hσ, five of them and a return by
    1 + α((1 − is)⁵ − 1): outwards steps, and yet a contraction for small s."""
    method = method_of(lookahead(5, weight), h)
    path, _ = walk(method, bilinear(sigma), Pair(np.array([0.6]), np.array([-0.8])), 10)
    rate = abs(1 + weight * ((1 - 1j * h * sigma) ** 5 - 1))
    np.testing.assert_allclose(np.linalg.norm(path[::5], axis=1), rate ** np.arange(3), rtol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps: got 0, expected a whole number, 1 or more"),
        ({"weight": 0.0}, r"weight: got 0.0, expected a number above 0 and of at most 1"),
        ({"weight": 1.5}, r"weight: got 1.5, expected a number above 0 and of at most 1"),
    ],
)
def test_other_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        lookahead(**arguments)
