"""Curvature along the field of a watched training."""

import numpy as np
import pytest
import torch
from tests.torch.test_field import quadratic, two

from saddlery.torch.field import Field
from saddlery.torch.watching.curvature import curvature


@pytest.mark.parametrize("seed", range(3))
def test_of_a_quadratic_game_it_is_that_of_its_jacobian(seed):
    g, d, losses, jacobian = quadratic(seed, 2, 2)  # so small that the Arnoldi space is the whole one
    J = jacobian.double().numpy()
    v = J @ torch.cat([g, d]).detach().double().numpy()
    with Field(two(g, d), losses, None) as field:
        field.calibrate(field.value())
        found = curvature(field)
    assert found.measurable
    straight, turned = ((((J + sign * J.T) / 2) @ v) @ (((J + sign * J.T) / 2) @ v) for sign in (1, -1))
    assert found.rotation == pytest.approx(turned / (straight + turned), abs=5e-3)
    exact = np.linalg.eigvals(J)
    for each in found.ritz:
        assert abs(exact - each).min() < 0.02 * abs(exact).max()
    assert len(found.ritz) == 4
    assert (found.residuals < 0.02 * abs(exact).max()).all()
    for player, own in enumerate((slice(0, 2), slice(2, 4))):
        other = slice(2, 4) if player == 0 else slice(0, 2)
        part = v[own]
        assert found.curvature[player] == pytest.approx(part @ J[own, own] @ part / (part @ part), rel=0.01, abs=0.01)
        assert found.coupling[player] == pytest.approx(
            np.linalg.norm(J[other, own] @ part) / np.linalg.norm(part), rel=0.01
        )


def test_a_bilinear_game_is_all_rotation_and_a_separable_one_none():
    g, d = (torch.nn.Parameter(torch.randn(3)) for _ in range(2))
    for losses, share in (
        (lambda _: ((g * d).sum(), -(g * d).sum()), 1.0),
        (lambda _: ((g**2).sum(), (d**2).sum() / 3), 0.0),
    ):
        with Field(two(g, d), losses, None) as field:
            assert curvature(field).rotation == pytest.approx(share, abs=1e-3)


def test_no_more_products_are_taken_than_are_said():
    g, d, losses, _ = quadratic(0, 20, 20)
    with Field(two(g, d), losses, None) as field:
        found = curvature(field)
    assert found.evaluations == 1 + 2 * 6
    assert len(found.ritz) == 4


def test_what_differs_between_two_steps_of_differences_is_not_measurable():
    g, d = (torch.nn.Parameter(torch.randn(50)) for _ in range(2))
    rough = lambda x: (torch.sin(1e5 * x)).sum() / 1e5  # noqa: E731
    with Field(two(g, d), lambda _: (rough(g) + (g * d).sum(), rough(d) - (g * d).sum()), None) as field:
        found = curvature(field)
    assert not found.measurable
    assert "not measurable" in str(found)
    assert {*found.recorded()} == {"curvature_error"}


@pytest.mark.parametrize("own", [False, True])
def test_losses_with_random_numbers_of_their_own_are_named_and_others_are_not(own):
    g, d, drawn = torch.nn.Parameter(torch.ones(5)), torch.nn.Parameter(torch.ones(5)), torch.Generator()

    def losses(_):
        noise = torch.randn(5, generator=drawn if own else None)
        return (noise * g * d).sum(), -(noise * g * d).sum()

    with Field(two(g, d), losses, None) as field:
        found = curvature(field)
    assert ("the losses take random numbers from a generator of their own" in str(found)) == own
    assert found.measurable != own


def test_at_rest_and_where_the_field_is_the_same_everywhere_nothing_is_said():
    g, d = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(2))
    for losses in (lambda _: ((g * d).sum(), -(g * d).sum()), lambda _: (g.sum(), d.sum())):
        with Field(two(g, d), losses, None) as field:
            assert not curvature(field).measurable


def test_a_field_that_is_not_finite_is_no_error():
    g, d = torch.nn.Parameter(torch.full((2,), float("nan"))), torch.nn.Parameter(torch.ones(2))
    with Field(two(g, d), lambda _: ((g * d).sum(), -(g * d).sum()), None) as field:
        found = curvature(field)
    assert str(found) == "curvature is not measurable: gradients are not finite"
    assert np.isnan(found.recorded()["curvature_error"])
