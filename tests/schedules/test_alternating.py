import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus, Simultaneous
from saddlery.schedules import alternating


def method_of(schedule, of_generator, of_discriminator, gamma=0.0, **numbers):
    return Method(
        Consensus(gamma) if gamma else Simultaneous(),
        schedule,
        generator=optimiser("sgd", learning_rate=of_generator, **numbers),
        discriminator=optimiser("sgd", learning_rate=of_discriminator, **numbers),
    )


@pytest.mark.parametrize("gamma", [0.0, 0.2])
@pytest.mark.parametrize("moves", [(1, 1), (3, 1), (1, 2), (2, 3)])
def test_the_discriminators_moves_come_first_each_from_where_the_last_one_led(quadratic_game, walk, moves, gamma):
    method = method_of(alternating(discriminator_steps=moves[0], generator_steps=moves[1]), 0.1, 0.05, gamma)
    path, _ = walk(method, quadratic_game.game, quadratic_game.players, 3)
    z, H = path[0].copy(), quadratic_game.H
    generator, discriminator = slice(None, 3), slice(3, None)
    for step in range(3):
        for mover, rate in [(discriminator, 0.05)] * moves[0] + [(generator, 0.1)] * moves[1]:
            xi = quadratic_game.xi + H @ (z - path[0])
            z[mover] -= rate * (xi + gamma * H.T @ xi)[mover]
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


def test_every_move_advances_its_own_optimiser(quadratic_game, walk):
    """Momentum µ: m ← µm + ξ, z ← z − hm, of the mover only."""
    schedule = alternating(discriminator_steps=2, generator_steps=1)
    path, _ = walk(method_of(schedule, 0.1, 0.05, momentum=0.7), quadratic_game.game, quadratic_game.players, 3)
    z, m = path[0].copy(), np.zeros(7)
    for step in range(3):
        for mover, rate in [(slice(3, None), 0.05)] * 2 + [(slice(None, 3), 0.1)]:
            m[mover] = 0.7 * m[mover] + (quadratic_game.xi + quadratic_game.H @ (z - path[0]))[mover]
            z[mover] -= rate * m[mover]
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


def test_every_move_sees_a_fresh_batch(drawn):
    keys = drawn(method_of(alternating(discriminator_steps=3, generator_steps=2), 0.1, 0.1))
    assert len(keys) == len(set(keys)) == 5


UNIT = Pair(np.array([0.6]), np.array([-0.8]))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 1.9), sigma=st.floats(0.1, 1.0))
def test_on_the_bilinear_game_it_stays_bounded_below_two(float64, walk, h, sigma):
    """With s = hσ a step is d⁺ = d + sg, g⁺ = g − sd⁺. Substitution gives g⁺² + d⁺² + s g⁺d⁺ = g² + d² + s gd: a form
    with eigenvalues 1 ± s/2, positive below s = 2, whose level sets the path never leaves. So the path stays within
    √((1 + s/2)/(1 − s/2)) of its start's length."""
    s = h * sigma
    path, _ = walk(method_of(alternating(), h, h), bilinear(sigma), UNIT, 40)
    g, d = path.T
    np.testing.assert_allclose(g**2 + d**2 + s * g * d, 1 - 0.48 * s, rtol=1e-8)
    assert np.linalg.norm(path, axis=1).max() <= np.sqrt((1 + s / 2) / (1 - s / 2)) * (1 + 1e-8)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(s=st.floats(2.05, 4.0))
def test_on_the_bilinear_game_it_diverges_beyond_two(float64, walk, s):
    """A step's matrix has determinant 1 and trace 2 − s² < −2: its eigenvalues are real and inverse to one another, and
    the larger, of size (s² − 2 + √((s² − 2)² − 4))/2, takes over."""
    path, _ = walk(method_of(alternating(), s, s), bilinear(1.0), UNIT, 30)
    lengths = np.linalg.norm(path, axis=1)
    rate = (s**2 - 2 + np.sqrt((s**2 - 2) ** 2 - 4)) / 2
    assert lengths[-1] / lengths[-2] == pytest.approx(rate, rel=1e-8)
    assert rate > 1


@pytest.mark.parametrize(
    ("player", "moves"), [("discriminator_steps", 0), ("generator_steps", -1), ("generator_steps", 1.5)]
)
def test_moves_are_a_whole_number(player, moves):
    with pytest.raises(ValueError, match=f"{player}: got {moves}, expected a whole number from 1 to 10000"):
        alternating(**{player: moves})


def test_a_former_argument_is_refused_by_the_name_of_the_new():
    with pytest.raises(TypeError, match="unknown argument of alternating 'discriminator'; did you mean 'disc"):
        alternating(discriminator=2)
