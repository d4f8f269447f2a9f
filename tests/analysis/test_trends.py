"""Trends of paths that are known: circles, spirals, lines, random walks and noise."""

import numpy as np
import pytest
import xarray

from saddlery.analysis.trends import change, trends

TIME = np.linspace(0, 1, 201)


def recorded(position, norm=None):
    """A path with these positions; ‖v‖ is in the generator's part."""
    norm = np.ones(len(position)) if norm is None else norm
    loss = np.zeros(len(position))
    return xarray.Dataset(
        {
            "position": (("step", "axis"), position),
            "generator_norm": ("step", norm),
            "discriminator_norm": ("step", 0 * norm),
            "generator_loss": ("step", loss),
            "discriminator_loss": ("step", loss + TIME[: len(loss)]),
        }
    )


def spiral(turns, growth=0.0, axes=40, seed=0):
    """A spiral in a random plane of many axes, around a centre that is not the origin."""
    plane = np.linalg.qr(np.random.default_rng(seed).normal(size=(axes, 2)))[0]
    angle = 2 * np.pi * turns * TIME
    radius = np.exp(growth * TIME)
    return 5.0 + (radius * [np.cos(angle), np.sin(angle)]).T @ plane.T


@pytest.mark.parametrize("turns", [2, 3.5, 20])
def test_a_circle_returns_turns_and_stays_as_wide_as_it_is(turns):
    t = trends(recorded(spiral(turns)), sizes=(1.0, 0.0))
    assert t.turns == pytest.approx(turns, rel=0.05)
    assert t.returned > 0.9
    assert t.contraction == pytest.approx(1.0, abs=0.1)
    assert t.moved == pytest.approx(2 * np.pi * turns, rel=0.03)
    assert t.field_factor == pytest.approx(1.0)
    assert t.losses == (0.0, pytest.approx(2 / 3, rel=0.02))


@pytest.mark.parametrize("growth", [-2.0, 2.0])
def test_a_spiral_widens_or_draws_together(growth):
    t = trends(recorded(spiral(10, growth), norm=np.exp(growth * TIME)), sizes=(1.0, 0.0))
    assert t.contraction == pytest.approx(np.exp(growth * 2 / 3), rel=0.1)
    assert t.field_factor == pytest.approx(np.exp(growth), rel=1e-6)
    assert t.field_share == pytest.approx(min(1.0, np.exp(growth)))
    assert t.returned > 0.5


def test_a_straight_line_goes_straight_on():
    t = trends(recorded(np.outer(TIME, [3.0, 4.0, 0.0])), sizes=(10.0, 0.0))
    assert t.straightness == pytest.approx(1.0)
    assert t.persistence == pytest.approx(1.0)
    assert t.returned == pytest.approx(0.0, abs=1e-9)
    assert t.spread == pytest.approx(2.0, abs=0.01)
    assert t.moved == pytest.approx(0.5)
    assert t.contraction == pytest.approx(1.0)
    assert t.turns == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_random_walk_diffuses_and_noise_is_confined(seed):
    steps = np.random.default_rng(seed).normal(size=(201, 100))
    walk = trends(recorded(steps.cumsum(0)), sizes=(1.0, 0.0))
    assert walk.spread == pytest.approx(1.0, abs=0.25)
    assert walk.returned < 0.2
    assert abs(walk.persistence) < 0.05
    noise = trends(recorded(steps), sizes=(1.0, 0.0))
    assert noise.spread == pytest.approx(0.0, abs=0.05)
    assert noise.returned < 0.2
    assert noise.persistence == pytest.approx(-0.5, abs=0.05)


def test_what_does_not_move_has_no_direction():
    t = trends(recorded(np.ones((201, 4))), sizes=(1.0, 0.0))
    assert t.moved == t.turns == 0
    assert np.isnan([t.straightness, t.returned, t.spread, t.persistence, t.contraction]).all()


@pytest.mark.parametrize("records", [1, 2, 5])
def test_a_path_too_short_for_trends_has_none(records):
    t = trends(recorded(np.random.default_rng(0).normal(size=(records, 4))), sizes=(1.0, 0.0))
    assert np.isnan([t.field_factor, t.returned, t.spread, t.contraction]).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_interval_of_a_change_holds_the_truth_about_as_often_as_it_says(seed):
    """Noise that is correlated over five records: an interval that took them for independent would be too short."""
    rng, held = np.random.default_rng(seed), 0
    for _ in range(40):
        noise = np.convolve(rng.normal(size=204), np.ones(5) / 5, "valid")
        _, low, high = change(np.exp(-0.7 * np.linspace(0, 1, 200) + 0.3 * noise))
        held += low < np.exp(-0.7) < high
    assert held >= 30
