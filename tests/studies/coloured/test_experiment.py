"""What is measured of colours, where it is known."""

import numpy as np
import pytest

from saddlery.metrics import perfect_colours
from saddlery.studies.coloured import experiment

pytestmark = pytest.mark.long


def test_controls_are_the_ends_of_the_scale(monkeypatch):
    monkeypatch.setattr(experiment, "SAMPLES", 1000)
    monkeypatch.setattr(experiment, "AT_ONCE", 300)
    found = experiment._controls(experiment.SCALES["tiny"])
    control = {str(name): found.sel(control=name) for name in found["control"].values}
    expected, real, one = perfect_colours(1000, 1000, experiment.BINS), control["real images"], control["one image"]
    assert 0.8 * expected.low < float(real["control_js"]) < 1.2 * expected.high
    assert float(real["control_spread"]) == pytest.approx(1, abs=0.05)
    assert float(one["control_cells"]) == 1
    assert float(one["control_spread"]) == pytest.approx(0, abs=1e-4)
    assert 0.6 < float(one["control_js"]) < np.log(2)  # but for the cube that holds the one colour
