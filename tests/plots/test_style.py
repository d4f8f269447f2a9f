"""The colours: a function of the method's name, told apart by every common kind of colour vision."""

import itertools

import numpy as np
import pytest
import xarray as xr
from checks.vision import VISION, XYZ, lab, linear
from matplotlib.colors import to_rgb

from saddlery.plots.style import COLOURS, DEPTHS, colour, looks, of_depth


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
