"""The atlas: colours are the verdicts, numbers the shares of steps that converge."""

import itertools

import numpy as np
import pytest
import xarray as xr
from checks.vision import VISION, lab, linear

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue
from saddlery.plots.atlas import SHADES, round_ticks
from saddlery.studies.atlas.verdicts import VERDICTS


@pytest.fixture
def results():
    """Two games, two methods, one with a parameter of three values, at four steps."""
    along = ("game", "method", "value", "step")
    verdict = np.random.default_rng(0).integers(0, 7, (2, 2, 3, 4)).astype(float)
    verdict[:, 0, 1:] = np.nan
    return xr.Dataset(
        {"verdict": (along, verdict), "predicted_rate": (along, np.where(verdict == 0, 0.9, 1.1))},
        {
            "game": ["bilinear", "spiral"], "title": ("game", ["Bilinear game", "Spiral"]),
            "method": ["simultaneous", "consensus"], "parameter": ("method", ["", "gamma"]),
            "values": (("method", "value"), [[np.nan] * 3, [0.1, 1.0, 10.0]]), "step": np.geomspace(0.1, 1, 4),
        },
        {"verdicts": list(VERDICTS)},
    )  # fmt: skip


def test_without_a_game_each_method_has_its_best_share_on_each(results, figures):
    assert sd.plots.atlas(results).name == "overview"
    (image,) = figures[0].axes[0].images
    verdict = results["verdict"].values
    expected = np.array([[(verdict[g, m] == 0).mean(-1).max() for g in range(2)] for m in range(2)])
    np.testing.assert_allclose(image.get_array(), expected)


def test_a_game_has_a_map_for_each_method(results, figures):
    picture = sd.plots.atlas(results, "spiral")
    assert picture.name == "spiral"
    plain, tuned = (axes.collections[0].get_array() for axes in figures[0].axes[:2])
    np.testing.assert_array_equal(plain, results["verdict"].values[1, :1, 0])
    np.testing.assert_array_equal(tuned, results["verdict"].values[1, 1])


def test_what_is_no_atlas_is_named(results, run):
    with pytest.raises(InvalidType, match=r"atlas: got a Run, expected the xarray\.Dataset of the study atlas"):
        sd.plots.atlas(run)
    with pytest.raises(InvalidValue, match="expected the results of the study atlas, with the variable verdict"):
        sd.plots.atlas(run.history)
    with pytest.raises(InvalidValue, match="unknown game 'spirale'; did you mean 'spiral'"):
        sd.plots.atlas(results, game="spirale")


def test_the_colour_bar_and_the_cells_say_the_same_in_percent(results, figures):
    sd.plots.atlas(results)
    axes, bar = figures[0].axes
    image, best = axes.images[0], np.asarray(axes.images[0].get_array())
    assert [text.get_text() for text in axes.texts] == [f"{100 * value:.0f}%" for value in best.ravel()]
    figures[0].draw_without_rendering()
    labels = [label.get_text() for label in bar.get_yticklabels()]
    assert (
        dict(zip(bar.get_yticks().round(6).tolist(), labels, strict=True)).items() >= {0.0: "0%", 1.0: "100%"}.items()
    )
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)


def test_methods_with_a_parameter_stand_apart_and_say_of_how_many_values_they_show_the_best(results, figures):
    turned = results.isel(method=[1, 0])  # whatever their order in the results
    alt = sd.plots.atlas(turned).alt
    axes = figures[0].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["simultaneous", "consensus, best of 3 gamma"]
    assert axes.lines[0].get_ydata()[0] == 0.5
    assert "consensus, best of 3 gamma" in alt
    verdict = results["verdict"].values
    np.testing.assert_allclose(axes.images[0].get_array()[1], [(verdict[g, 1] == 0).mean(-1).max() for g in range(2)])


def test_what_diverges_is_the_darkest_and_every_verdict_has_a_colour_that_can_be_told():
    shades = np.array([lab(linear(shade)) for shade in SHADES])
    assert len(SHADES) == len(VERDICTS)
    assert shades[:, 0].argmin() == VERDICTS.index("diverging")
    for vision in VISION.values():
        seen = [lab(np.array(vision) @ linear(shade)) for shade in SHADES]
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 10


@pytest.mark.parametrize("values", [np.geomspace(0.05, 20, 8), np.geomspace(0.001, 0.1, 24), np.linspace(0.1, 0.98, 8)])
def test_ticks_of_a_parameter_are_round_and_lie_where_their_value_would(values):
    values = np.array([float(f"{value:.3g}") for value in values])
    places, labels = round_ticks(values)
    assert 2 <= len(places) <= 6
    digits = [label.replace(".", "").strip("0") for label in labels]
    assert all(len(each) == 1 for each in digits), labels
    scale = np.log if values[-1] > 15 * values[0] else np.asarray
    there = np.interp(places, np.arange(len(values)), scale(values))
    np.testing.assert_allclose(there, scale(np.array([float(label) for label in labels])), atol=1e-6)


def test_ticks_of_few_values_are_these():
    assert round_ticks(np.array([1.0, 3.0, 10.0])) == ([0, 1, 2], ["1", "3", "10"])


def test_ticks_of_step_sizes_are_round(results, figures):
    sd.plots.atlas(results, "spiral")
    figures[0].draw_without_rendering()
    labels = [label.get_text() for label in figures[0].axes[0].get_xticklabels()]
    assert labels == ["0.1", "0.2", "0.5", "1"]
