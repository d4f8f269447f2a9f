"""The colours: a function of the method's name, told apart by every common kind of colour vision."""

import itertools

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb

from saddlery.plots.style import COLOURS, DEPTHS, colour, looks, of_depth

# Machado, Oliveira and Fernandes (2009), complete deficiency, in linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(name):
    channels = np.array(to_rgb(name))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x, y, z = np.cbrt(np.maximum(XYZ @ np.clip(rgb, 0, 1) / (XYZ @ np.ones(3)), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_the_four_methods_of_the_demo_can_be_told_apart(vision):
    seen = [lab(VISION[vision] @ linear(colour(name))) for name in list(COLOURS)[:4]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_can_be_seen_on_white(name):
    luminance = XYZ[1] @ linear(COLOURS[name])
    assert 1.05 / (luminance + 0.05) > 2.7


def test_colours_are_distinct_and_unknown_names_keep_theirs():
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert colour("somebody's own rule") == colour("somebody's own rule") in COLOURS.values()


def test_settings_of_a_method_share_its_colour_but_not_its_stroke():
    labels = ["unrolled(steps=1)", "simultaneous", "unrolled(steps=10)"]
    methods = ["unrolled", "simultaneous", "unrolled"]
    one, other, again = looks(xr.Dataset(coords={"setting": labels, "method": ("setting", methods)}))
    assert one.color == again.color == colour("unrolled") != other.color
    assert one.linestyle != again.linestyle


@pytest.mark.parametrize("vision", VISION)
def test_values_of_k_can_be_told_apart_and_those_between_lie_between(vision):
    seen = [lab(VISION[vision] @ linear(shade)) for shade in DEPTHS.values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 10
    assert [of_depth(steps) for steps in DEPTHS] == list(DEPTHS.values())
    between, ends = np.array(to_rgb(of_depth(2))), [np.array(to_rgb(DEPTHS[steps])) for steps in (1, 5)]
    assert (np.minimum(*ends) <= between).all()
    assert (between <= np.maximum(*ends)).all()
    assert of_depth(100) == DEPTHS[20]
