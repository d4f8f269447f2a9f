"""What to try, and that nothing is advised where nothing was measured that speaks for it."""

import numpy as np
import pytest
import torch

from saddlery.torch.watching.advice import advice
from saddlery.torch.watching.curvature import Curvature

NONE = (0.0, 0.0)


def measured(ritz, error=0.01):
    ritz = np.array(ritz, complex)
    return Curvature(0.5, ritz, 0 * abs(ritz), NONE, NONE, NONE, error, 13)


def test_without_records_and_curvature_nothing_is_advised():
    assert advice({}, None) == []
    assert advice({"balance": np.zeros(20)}, measured([-1.0, -2.0])) == []


@pytest.mark.parametrize(("balance", "fast"), [(2.0, "generator"), (-2.0, "discriminator")])
def test_the_faster_player_is_named_with_the_factor(balance, fast):
    [said] = advice({"balance": np.full(20, balance)}, None)
    assert said.startswith(f"the {fast} moves 100 times as fast")
    assert "times 0.01 would" in said
    assert "measured on your loop" in said


@pytest.mark.parametrize(("balance", "separation", "won"), [(2.0, 1.0, True), (2.0, 0.9, False), (-2.0, 1.0, False)])
def test_where_the_discriminator_has_won_the_generator_is_not_to_be_slowed(balance, separation, won):
    [said] = advice({"balance": np.full(20, balance), "separation": np.full(20, separation)}, None)
    assert ("it has won, and slowing the generator would not change that" in said) == won
    assert ("would make them alike" in said) != won


def test_consensus_of_the_advised_strength_makes_the_mode_decay_as_fast_as_it_turns():
    a, b = 0.3, 2.0
    J = torch.tensor([[a, b], [-b, a]], dtype=torch.float64).numpy()
    [consensus, r1] = advice({}, measured([complex(a, b), complex(a, -b)]))
    gamma = float(consensus.split("γ = ")[1].split()[0])
    value = np.linalg.eigvals(J - gamma * J.T @ J)[0]
    assert -value.real == pytest.approx(abs(value.imag), rel=0.01)
    assert "from theory" in r1


def test_r1_of_the_advised_strength_stops_the_turning_of_the_dirac_gan():
    c = 0.7  # |f'(0)|
    field = lambda gamma: np.array([[0.0, -c], [c, -gamma]])  # noqa: E731
    turning = np.linalg.eigvals(field(0.0))
    said = advice({}, measured(turning))[1]
    gamma = float(said.split("γ = ")[1].split(",")[0])
    assert abs(np.linalg.eigvals(field(gamma * 1.001)).imag).max() < 0.1 * c
    assert abs(np.linalg.eigvals(field(gamma * 0.9)).imag).max() > 0.1 * c


def test_what_is_not_measurable_is_no_reason():
    assert advice({}, measured([1j, -1j], error=0.5)) == []
