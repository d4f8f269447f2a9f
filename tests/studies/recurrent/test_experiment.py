"""What is measured of samples, where it is known."""

import pytest

from saddlery.studies.recurrent import experiment

pytestmark = pytest.mark.long


def test_controls_are_what_they_are_called(monkeypatch):
    monkeypatch.setattr(experiment, "SAMPLES", 300)
    monkeypatch.setattr(experiment, "PAIRS", 60)
    found = experiment._controls(experiment.SCALES["tiny"])
    of = {str(name): found.sel(control=name) for name in found["control"].values}
    real, one, noise = of["real images"], of["one image"], of["noise of the same pixels"]
    assert [float(one[f"control_{name}"]) for name in ("pixels", "features", "support", "found")] == [0, 0, 1, 1]
    assert float(one["control_model_kl"]) == pytest.approx(2.302585)
    assert float(real["control_found"]) == 10
    assert float(real["control_frechet"]) < float(noise["control_frechet"])
    assert float(noise["control_pixels"]) == pytest.approx(float(real["control_pixels"]), rel=0.1)
    assert real["control_distances"].shape == (60 * 59 // 2,)
