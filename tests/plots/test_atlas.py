"""The atlas: colours are the verdicts, numbers the shares of steps that converge."""

import numpy as np
import pytest
import xarray as xr

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue
from saddlery.studies.atlas.verdicts import VERDICTS


@pytest.fixture
def results():
    """Two games, two methods, one with a parameter of three values, at four steps."""
    along = ("game", "method", "value", "step")
    verdict = np.random.default_rng(0).integers(0, 5, (2, 2, 3, 4)).astype(float)
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
