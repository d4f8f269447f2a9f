import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus, Simultaneous
from saddlery.schedules import extragradient, extrapolation_from_past

UNIT = Pair(np.array([0.6]), np.array([-0.8]))


def method_of(schedule, h, rule=None, **numbers):
    sgd = optimiser("sgd", learning_rate=h, **numbers)
    return Method(rule or Simultaneous(), schedule, generator=sgd, discriminator=sgd)


@pytest.mark.parametrize("gamma", [0.0, 0.2])
def test_the_step_follows_the_direction_found_a_step_ahead(quadratic_game, walk, gamma):
    """Consensus adds γHᵀξ at either position."""
    rule = Consensus(gamma) if gamma else Simultaneous()
    path, _ = walk(method_of(extragradient(), 0.1, rule), quadratic_game.game, quadratic_game.players, 4)

    def direction(z):
        xi = quadratic_game.xi + quadratic_game.H @ (z - path[0])
        return xi + gamma * quadratic_game.H.T @ xi

    z = path[0]
    for step in range(4):
        z = z - 0.1 * direction(z - 0.1 * direction(z))
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("keep", [False, True], ids=["discard", "keep"])
def test_the_trial_steps_momentum_is_discarded_or_kept(quadratic_game, walk, keep):
    """m₁ = µm + ξ(ω), ω′ = ω − hm₁; then m⁺ = µm + ξ(ω′), or with `keep` µm₁ + ξ(ω′), and ω⁺ = ω − hm⁺."""
    method = method_of(extragradient(keep=keep), 0.1, momentum=0.7)
    path, _ = walk(method, quadratic_game.game, quadratic_game.players, 4)
    xi = lambda z: quadratic_game.xi + quadratic_game.H @ (z - path[0])  # noqa: E731
    z, m = path[0], np.zeros(7)
    for step in range(4):
        tried = 0.7 * m + xi(z)
        m = 0.7 * (tried if keep else m) + xi(z - 0.1 * tried)
        z = z - 0.1 * m
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("same_batch", "batches"), [(True, 1), (False, 2)])
def test_both_evaluations_share_a_batch_or_draw_their_own(drawn, same_batch, batches):
    keys = drawn(method_of(extragradient(same_batch=same_batch), 0.1))
    assert len(keys) == len(set(keys)) == batches


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 2.0), sigma=st.floats(0.1, 1.0))
def test_rate_on_the_bilinear_game(float64, walk, h, sigma):
    """z⁺ = z − hσR(I − hσR)z = ((1 − s²)I − sR)z with s = hσ, as R² = −I: a turn, times √((1 − s²)² + s²) =
    √(1 − s² + s⁴), a contraction below s = 1."""
    s = h * sigma
    path, _ = walk(method_of(extragradient(), h), bilinear(sigma), UNIT, 4)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), (1 - s**2 + s**4) ** (np.arange(5) / 2), rtol=1e-8)


def test_from_the_past_the_trial_reuses_the_last_direction(quadratic_game, walk):
    path, _ = walk(method_of(extrapolation_from_past(), 0.1), quadratic_game.game, quadratic_game.players, 5)
    z, past = path[0], np.zeros(7)
    for step in range(5):
        past = quadratic_game.xi + quadratic_game.H @ (z - 0.1 * past - path[0])
        z = z - 0.1 * past
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


def test_from_the_past_with_momentum_the_trial_leaves_the_optimiser_as_it_was(quadratic_game, walk):
    method = method_of(extrapolation_from_past(), 0.1, momentum=0.7)
    path, _ = walk(method, quadratic_game.game, quadratic_game.players, 5)
    z, past, m = path[0], np.zeros(7), np.zeros(7)
    for step in range(5):
        past = quadratic_game.xi + quadratic_game.H @ (z - 0.1 * (0.7 * m + past) - path[0])
        m = 0.7 * m + past
        z = z - 0.1 * m
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-10, atol=1e-12)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(s=st.floats(0.1, 0.45))
def test_from_the_past_rate_on_the_bilinear_game(float64, walk, s):
    """As one complex number z = g − id the game is hξ = isz, and trials obey ω′ₜ₊₁ = ω′ₜ − 2is ω′ₜ + is ω′ₜ₋₁. The
    roots of λ² − (1 − 2is)λ − is are (1 ± √(1 − 4s²))/2 − is; below s = ½ the larger has the squared size
    (1 + √(1 − 4s²))/2 < 1 and takes over."""
    path, _ = walk(method_of(extrapolation_from_past(), s), bilinear(1.0), UNIT, 120)
    lengths = np.linalg.norm(path, axis=1)
    assert lengths[-1] / lengths[-2] == pytest.approx(np.sqrt((1 + np.sqrt(1 - 4 * s**2)) / 2), rel=1e-8)
