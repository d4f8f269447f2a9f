"""What is said of pairwise distances, on results made up."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.pairwise.findings import findings

GENERATORS = ["K = 0", "K = 10", "real", "noise", "untrained"]


@pytest.fixture
def study():
    """In pixels noise is as near as real images, in features further away than all but the untrained."""
    cell = ("generator", "seed", "space")
    apart = np.array([[0.4, 0.3], [0.2, 0.1], [0.01, 0.01], [0.02, 0.5], [0.9, 0.9]])[:, None]
    apart = apart * np.array([[0.99], [1.0], [1.02]])
    variables = dict.fromkeys(("median", "apart", "support_low", "support_high"), (cell, apart))
    variables["support"] = cell, np.where(apart > 0.5, np.inf, 100.0)
    variables["histogram"] = (*cell, "bin"), np.full((5, 3, 2, 4), 0.25)
    variables["edges"] = ("space", "edge"), np.array([[0.0, 1, 2, 3, 4], [0, 2, 4, 6, 8]])
    variables["made"] = (
        ("generator", "seed", "shown", "y", "x", "channel"),
        np.zeros((5, 3, 4, 8, 8, 1), np.uint8),
    )
    variables["diverged_at"] = ("setting", "seed"), np.full((2, 3), -1)
    coordinates = {
        "generator": GENERATORS, "kind": ("generator", ["unrolled", "unrolled", "real", "noise", "untrained"]),
        "setting": GENERATORS[:2], "method": ("setting", ["unrolled"] * 2), "seed": range(3),
        "space": ["pixels", "features"],
    }  # fmt: skip
    attrs = {"title": "A <study>", "note": "noted", "command": "saddlery study pairwise", "number": 60, "share": 1e-3}
    return xr.Dataset(variables, coordinates, attrs)


def test_what_noise_does_to_each_distance_is_said(study):
    found = {finding.subject: finding for finding in findings(study)}
    noise = found["Noise as a control"]
    assert "2 of 2 are further apart than noise; in features" in noise.text
    assert noise.text.endswith("So distances in pixels alone can be matched by nonsense.")
    assert noise.tone == "bad"
    study["apart"].loc[{"generator": "noise"}] = 0.8
    noise = {finding.subject: finding for finding in findings(study)}["Noise as a control"]
    assert "nonsense" not in noise.text
    assert noise.tone == "good"


def test_the_order_and_the_change_are_those_of_the_data(study):
    found = {finding.subject: finding.text for finding in findings(study)}
    assert "in features real 0.01 (n = 3, too few for an interval), K = 10 0.1" in found["Nearest to real images"]
    assert "in pixels nearer (difference -0.201 (-0.208 to -0.193, n = 3))" in found["Does K help?"]
    assert "untrained ∞" in found["Different images"]


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
