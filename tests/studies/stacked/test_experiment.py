"""What is measured of stacked digits, where it is known, and the paper's settings."""

import numpy as np
import pytest

from saddlery.studies.stacked import experiment

pytestmark = pytest.mark.long

SAMPLES = 800


@pytest.fixture(scope="module")
def controls():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "SAMPLES", SAMPLES)
        patch.setattr(experiment, "AT_ONCE", 300)
        return experiment._controls(experiment.SCALES["tiny"].unrolled), experiment._perfect()


def test_measures_are_those_of_the_counts(controls):
    found = controls[0].sel(control="untrained generator")
    counts = found["control_counts"].values
    assert counts.sum() == SAMPLES
    assert (counts > 0).sum() == found["control_found"]
    assert (np.diff(counts) <= 0).all()
    p = counts / SAMPLES
    kl = (p[p > 0] * np.log(1000 * p[p > 0])).sum()
    np.testing.assert_allclose(found["control_model_kl"], kl, rtol=1e-4)
    np.testing.assert_allclose(found["control_variation"], abs(p - 1e-3).sum() / 2, rtol=1e-4)
    np.testing.assert_allclose(found["control_chi"], ((p - 1e-3) ** 2).sum() * 1000 * SAMPLES, rtol=1e-4)


def test_real_images_are_about_a_perfect_sampler(controls):
    real, perfect = controls[0].sel(control="real images"), controls[1]
    expected = 1000 * (1 - 0.999**SAMPLES)
    assert perfect["perfect_found"] == pytest.approx(expected)
    assert float(real["control_found"]) == pytest.approx(expected, rel=0.08)
    assert float(real["control_sure"]) > 0.9
    assert float(real["control_model_kl"]) == pytest.approx(perfect["perfect_model_kl"], rel=0.1)


def test_the_paper_has_its_settings():
    unrolled, baseline = experiment.experiments(experiment.SCALES["paper"]).values()
    assert len(unrolled.settings) == len(experiment.PUBLISHED)
    assert "mnist" in unrolled.game
    assert "relativistic" in baseline.game
    plain = "the paper's deliberately small networks, but without batch normalisation"
    notes = {scale: experiment._note(size) for scale, size in experiment.SCALES.items()}
    assert {scale: plain in note for scale, note in notes.items()} == {"tiny": True, "quick": True, "paper": False}
    assert notes["paper"].startswith("MNIST's digits")
    assert notes["quick"].startswith("Scikit-learn's 8×8 digits in the place of")
    named = [experiment.named("unrolled", setting) for setting in unrolled.settings]
    assert {(each["fraction"], each["depth"]) for each in named} == {*experiment.PUBLISHED}
