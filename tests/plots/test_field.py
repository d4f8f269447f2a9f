"""The field: arrows where they are and as v points, and the ways of runs through it."""

import jax
import numpy as np
import pytest
from matplotlib.quiver import Quiver

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue


@pytest.fixture
def grid(dirac):
    """On five by five points."""
    return sd.dynamics.field(dirac, limits=((-1, 1), (-2, 2)), n=5, key=jax.random.key(0))


def test_arrows_point_along_v_and_their_colour_is_its_norm(grid, figures):
    sd.plots.field(grid)
    (arrows,) = (each for each in figures[0].axes[0].collections if isinstance(each, Quiver))
    v = np.stack([grid["generator_velocity"].values, grid["discriminator_velocity"].values], -1).reshape(-1, 2)
    speed = np.linalg.norm(v, axis=1)
    known = speed > 0
    np.testing.assert_allclose(arrows.get_array()[known], speed[known])
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], -1) * speed[:, None], v, atol=1e-6)
    x, y = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-2, 2, 5))
    np.testing.assert_allclose(np.asarray(arrows.XY), np.stack([x.ravel(), y.ravel()], -1))


def test_every_seed_s_way_begins_at_its_ring(grid, run, figures):
    picture = sd.plots.field(grid, run)
    ways = figures[0].axes[0].lines[::2]
    for way, expected in zip(ways, run.history["position"].values, strict=True):
        np.testing.assert_array_equal(np.stack(way.get_data(), -1), expected)
    ring = figures[0].axes[0].lines[1]
    np.testing.assert_array_equal(np.ravel(ring.get_data()), run.history["position"].values[0, 0])
    assert picture.alt.endswith("and 2 runs from the ring on.")


def test_what_is_no_field_is_named(grid, run, dirac, spiral):
    with pytest.raises(InvalidType, match=r"field: got a Dirac, expected .*dynamics\.field\(game\)"):
        sd.plots.field(dirac)
    with pytest.raises(InvalidValue, match="hold no generator_velocity and no discriminator_velocity"):
        sd.plots.field(run.history)
    with pytest.raises(InvalidType, match="field: got a Quadratic, expected a Run"):
        sd.plots.field(grid, spiral)
    wide = run.history[["position"]].isel(axis=[0, 0, 1])
    with pytest.raises(InvalidValue, match=r"got positions of shape \(3,\), expected two numbers"):
        sd.plots.field(grid, wide)
    with pytest.raises(InvalidValue, match=r"the records hold no position.*Positions\(\)"):
        sd.plots.field(grid, run.history.drop_vars("position"))
