"""Samples: those that were recorded, of the settings and at the step asked for."""

import numpy as np
import pytest
import xarray as xr

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def images():
    """Two settings of gray squares: a setting, a seed and a record each have a shade of their own."""
    shade = np.arange(8).reshape(2, 2, 2) * 30
    drawn = np.broadcast_to(shade[..., None, None, None, None], (2, 2, 2, 4, 3, 3, 1)).astype(np.uint8)
    return xr.Dataset(
        {
            "samples": (("setting", "seed", "step", "sample", "y", "x", "channel"), drawn),
            "sliced_wasserstein": (("setting", "seed", "step"), np.ones((2, 2, 2)) * [[[1], [2]]]),
        },
        {"setting": ["simultaneous", "consensus"], "seed": [0, 1], "step": [0, 5]},
    )


def points(axes):
    """The points of the last scatter in some axes."""
    return np.asarray(axes.collections[-1].get_offsets())


def test_points_are_those_of_the_step_and_real_modes_are_ringed(results, figures):
    picture = sd.plots.samples(results, setting="consensus", step=10)
    dataset = results.dataset.sel(method="consensus").isel(gamma=0)
    shown = points(figures[0].axes[0])
    assert any(np.allclose(shown, dataset["samples"].sel(step=10).values[seed]) for seed in range(2))
    rings = np.asarray(figures[0].axes[0].collections[0].get_offsets())
    np.testing.assert_allclose(rings, dataset["centres"].values)
    assert len(figures[0].axes) == 2  # of three settings, the two of that method
    assert picture.name == "samples"
    assert "step 10" in picture.alt


def test_without_a_step_they_are_shown_along_training(results, figures):
    assert sd.plots.samples(results, step=None).name == "evolution"
    titles = [axes.get_title() for axes in figures[0].axes[:3]]
    assert titles == ["step 0", "step 10", "step 20"]


def test_a_run_has_no_modes_to_ring_and_is_drawn_without(results, figures):
    history = results.run("simultaneous").history
    sd.plots.samples(history)
    assert len(figures[0].axes[0].collections) == 1
    low, high = figures[0].axes[0].get_xlim()
    assert low < np.median(history["samples"].values[..., 0]) < high


@pytest.mark.parametrize(("step", "record"), [(-1, 1), (5, 1), (0, 0)])
def test_images_are_those_of_the_median_seed_at_the_step(images, figures, step, record):
    sd.plots.samples(images, step=step)
    shades = [int(axes.images[0].get_array()[1, 1]) for axes in figures[0].axes]
    better = 1  # of two seeds the worse stands for the setting: the larger distance
    assert shades == [int(images["samples"].values[i, better, record].flat[0]) for i in range(2)]


def test_images_are_shown_along_training_too(images, figures):
    sd.plots.samples(images, step=None, setting="consensus")
    assert [int(axes.images[0].get_array()[1, 1]) for axes in figures[0].axes] == [180, 210]


def test_what_has_no_samples_is_named(run, results, spectrum, images):
    with pytest.raises(InvalidType, match="samples: got a Spectrum, expected a Run, a Results or an xarray"):
        sd.plots.samples(spectrum)
    with pytest.raises(
        InvalidValue, match=r"samples: the records hold no samples, but .*generator_loss.*metrics\.probe"
    ):
        sd.plots.samples(run)
    with pytest.raises(InvalidValue, match="unknown setting 'consensos'; did you mean 'consensus'"):
        sd.plots.samples(results, setting="consensos")
    with pytest.raises(InvalidValue, match="step: got 7, at which nothing was recorded; the nearest records are at 0"):
        sd.plots.samples(results, step=7)
    with pytest.raises(InvalidValue, match=r"got samples of .*'coordinate': 3.*expected images, or points of 2"):
        sd.plots.samples(xr.Dataset({"samples": (("step", "sample", "coordinate"), np.zeros((1, 2, 3)))}))
