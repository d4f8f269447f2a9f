"""Signals: of the past alone, without dimension, and what closed forms say of known records."""

import numpy as np
import pytest

from saddlery.analysis.signals import KINDS, SIGNALS, multiplier, ritz, rotating, sharpness, signals, straightness

RECORDS = 30


def record(seed=0):
    """Everything that is recorded, at random."""
    random = np.random.default_rng(seed)
    needs = {need for each in SIGNALS.values() for need in each.needs}
    shapes = {"field_krylov": (8, 8), "update_krylov": (8, 8), "sketch": (16,), "followed": (12,)}
    found = {name: random.normal(size=(RECORDS, *shapes.get(name, ()))) for name in sorted(needs)}
    return {name: each if "krylov" in name or "curvature" in name else np.abs(each) for name, each in found.items()}


def test_all_are_made_of_a_whole_record_and_each_is_of_a_known_kind():
    found = signals(record())
    assert list(found) == list(SIGNALS)
    assert all(each.shape == (RECORDS,) and np.isfinite(each[3:]).all() for each in found.values())
    assert {each.kind for each in SIGNALS.values()} == set(KINDS)


def test_none_looks_ahead():
    whole, cut = record(), {name: each[:12] for name, each in record().items()}
    for name, each in signals(cut).items():
        np.testing.assert_array_equal(each, signals(whole)[name][:12], name)


SCALED = {  # by how much what is recorded grows where parameters are measured in units a, and losses in units b
    **dict.fromkeys(("generator_update", "generator_size", "discriminator_update", "discriminator_size"), (1, 0)),
    "sketch": (1, 0),
    **dict.fromkeys(("generator_norm", "discriminator_norm"), (-1, 1)),
    **dict.fromkeys(("generator_curvature", "discriminator_curvature"), (-2, 1)),
    **dict.fromkeys(("generator_coupling", "discriminator_coupling", "field_krylov"), (-2, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b"), [(3.0, 1.0), (1.0, 7.0), (0.1, 2.0)])
def test_other_units_of_parameters_and_losses_change_none(a, b):
    """But for the losses themselves, which are in nats."""
    plain = record()
    other = {
        name: each * a ** SCALED.get(name, (0, 0))[0] * b ** SCALED.get(name, (0, 0))[1] for name, each in plain.items()
    }
    one, two = signals(plain), signals(other)
    for name, each in SIGNALS.items():
        if each.kind != "losses":
            np.testing.assert_allclose(two[name], one[name], atol=1e-9, err_msg=name)


def test_a_circle_is_not_straight_and_a_line_is():
    angle = 2 * np.pi * np.arange(RECORDS) / 8
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert straightness(circle)[8:].max() < 1e-12  # eight records are once around
    assert straightness(np.outer(np.arange(RECORDS), [3.0, 4.0]))[1:] == pytest.approx(1)


@pytest.mark.parametrize(("h", "grows"), [(0.1, True), (0.0, False)])
def test_a_rotation_grows_under_simultaneous_descent(h, grows):
    """Multipliers 1 ± ih of a bilinear game, |μ| = √(1 + h²)."""
    update = h * np.array([[[0.0, -1.0], [1.0, 0.0]]])
    assert multiplier(ritz(update))[0] == pytest.approx(np.log1p(np.sqrt(1 + h**2) - 1))
    assert (multiplier(ritz(update))[0] > 0) == grows
    assert rotating(ritz(update))[0] == pytest.approx(1.0 if grows else 0.0)


def test_a_step_of_twice_the_inverse_curvature_has_a_sharpness_of_two():
    found = sharpness(np.array([-10.0]), np.array([0.2]), np.array([1.0]))  # h = 2/10
    assert found[0] == pytest.approx(-np.log1p(2))


def test_what_is_not_finite_stays_so():
    broken = record()
    broken["field_krylov"][5] = np.nan
    found = signals(broken)
    assert np.isnan(found["rotating"][5])
    assert np.isfinite(found["rotating"][[4, 6]]).all()
