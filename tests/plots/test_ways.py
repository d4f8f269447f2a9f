"""Paths on the field: where the players were, and captions that say what is seen."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.quiver import Quiver

import saddlery as sd
from saddlery.plots.given import experiment
from saddlery.plots.style import colour
from saddlery.plots.ways import caption, ways


@pytest.fixture(scope="module")
def spirals():
    """One number against two, under two methods: one stays in the square, one leaves it."""
    game = "quadratic(A=[[0.1]], B=[[1.0, 0.5]], C=[[0.1, 0], [0, 0.3]])"
    methods = ["alternating", "simultaneous(learning_rate=0.8)"]
    return experiment("ways", sd.sweep(game, methods, steps=30, every=1, seeds=2))


def test_every_seed_s_path_is_where_its_players_were(spirals, figures):
    picture = ways(spirals)
    panels = [axes for axes in figures[0].axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == list(spirals["setting"].values)
    for i, axes in enumerate(panels):
        paths = [line for line in axes.lines if len(line.get_xdata()) == 31]
        positions = spirals["position"].values[i][..., [0, 1]]  # the generator's, and the discriminator's first
        for path, expected in zip(paths, positions, strict=True):
            np.testing.assert_array_equal(np.stack(path.get_data(), -1), expected)
            assert to_hex(path.get_color()) == colour(str(spirals["method"].values[i]))
        (arrows,) = (each for each in axes.collections if isinstance(each, Quiver))
        v = spirals["field_velocity"].values.reshape(-1, 2)
        speed = np.linalg.norm(v, axis=1)
        np.testing.assert_allclose(np.stack([arrows.U, arrows.V], -1) * speed[:, None], v, atol=1e-6)
        assert axes.get_xlabel() == "generator"
        assert axes.get_ylabel() == "discriminator’s first number"
    assert picture.alt.startswith("The paths of 2 seeds on the vector field, a panel for each of: alternating, ")


def test_captions_say_what_is_projected_cut_off_averaged_and_marked(spirals):
    said = caption(spirals)
    assert "The plane is that of each player's first number: v is computed with the others at the equilibrium" in said
    assert "straight from record to record" in said
    assert "Where a path leaves the square it is not drawn" in said
    assert "Cross: the equilibrium" in said
    assert "averaged" not in said
    inside = spirals.isel(setting=[0], step=slice(None, None, 3))
    assert "leaves the square" not in caption(inside)
    assert "straight between records, 3 steps apart" in caption(inside)
    other = spirals.assign(
        field_batches=spirals["field_batches"] + 16,
        field_numbers=0 * spirals["field_numbers"] + 2,
        field_rest=spirals["field_rest"] * np.nan,
    )
    assert "averaged over 16 batches, the same ones at every point" in caption(other)
    assert "The plane is" not in caption(other)
    assert "Cross" not in caption(other)
    wide = spirals.assign(field_rest=spirals["field_rest"] * np.nan)
    assert "with the others at 0" in caption(wide)


def test_where_positions_or_field_are_not_on_record_there_is_no_figure(spirals):
    assert ways(spirals.drop_vars("position")) is None
    assert ways(spirals.drop_vars("field_velocity")) is None


def test_a_seed_that_diverged_is_drawn_as_far_as_it_is_known(spirals, figures):
    lost = spirals.copy(deep=True)
    lost["position"][0, 0, 4:] = np.nan
    lost["position"][0, 1] = np.nan
    assert ways(lost)
    assert sorted(len(line.get_xdata()) for line in figures[0].axes[0].lines) == [1, 1, 1, 4]  # rest, ring, dot, path
