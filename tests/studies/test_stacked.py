"""The study of stacked digits, made small."""

import numpy as np
import pytest

from saddlery.studies import stacked

SAMPLES = 800


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        size = stacked.SCALES["quick"]._replace(
            steps=2, seeds=2, batch=8, noise=4, network="stacked(width=4, normalised=False, fraction={})",
            depths=(0, 1),
        )  # fmt: skip
        patch.setitem(stacked.SCALES, "quick", size)
        patch.setitem(stacked.BASELINE, "quick", ("stacked(width=4, normalised=False, fraction=1.0)", 0.1))
        patch.setattr(stacked, "FRACTIONS", (0.5,))
        patch.setattr(stacked, "SAMPLES", SAMPLES)
        patch.setattr(stacked, "AT_ONCE", 300)
        return stacked.run(tmp_path_factory.mktemp("stacked"), "quick")


def test_every_depth_and_the_baseline_are_measured(results):
    assert list(results["setting"].values) == ["K = 0, D ½", "K = 1, D ½", "relativistic R1+R2"]
    np.testing.assert_array_equal(results["depth"], [0, 1, np.nan])
    np.testing.assert_array_equal(results["counts"].sum("rank"), SAMPLES)
    np.testing.assert_array_equal((results["counts"] > 0).sum("rank"), results["found"])
    assert (results["counts"].diff("rank") <= 0).all()


def test_measures_are_those_of_the_counts(results):
    p = results["counts"].values[0, 0] / SAMPLES
    kl = (p[p > 0] * np.log(1000 * p[p > 0])).sum()
    np.testing.assert_allclose(results["model_kl"].values[0, 0], kl, rtol=1e-4)
    np.testing.assert_allclose(results["variation"].values[0, 0], abs(p - 1e-3).sum() / 2, rtol=1e-4)
    np.testing.assert_allclose(results["chi"].values[0, 0], ((p - 1e-3) ** 2).sum() * 1000 * SAMPLES, rtol=1e-4)


def test_real_images_are_about_a_perfect_sampler(results):
    real = results.sel(control="real images")
    expected = 1000 * (1 - 0.999**SAMPLES)
    assert results.attrs["perfect_found"] == pytest.approx(expected)
    assert float(real["control_found"]) == pytest.approx(expected, rel=0.08)
    assert float(real["control_sure"]) > 0.9
    assert float(real["control_model_kl"]) == pytest.approx(results.attrs["perfect_model_kl"], rel=0.1)


def test_other_scales_are_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'papre'; did you mean 'paper'"):
        stacked.run(tmp_path, "papre")


def test_the_paper_has_its_settings():
    unrolled, baseline = stacked.experiments("paper").values()
    assert len(unrolled.settings) == len(stacked.PUBLISHED)
    assert "mnist" in unrolled.game
    assert "relativistic" in baseline.game
