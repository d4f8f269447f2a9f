"""The study of recurrent generators, made small."""

import pytest

from saddlery.studies import recurrent


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        size = recurrent.SCALES["quick"]._replace(
            steps=2, seeds=2, batch=8, noise=4, network="lstm(width=4, layers=1)", depths=(0, 1)
        )
        patch.setitem(recurrent.SCALES, "quick", size)
        patch.setattr(recurrent, "SAMPLES", 300)
        patch.setattr(recurrent, "PAIRS", 60)
        return recurrent.run(tmp_path_factory.mktemp("recurrent"), "quick")


def test_every_depth_is_measured(results):
    assert list(results["setting"].values) == ["K = 0", "K = 1"]
    assert results["distances"].shape == (2, 2, 60 * 59 // 2)
    assert (results["pixels"] > 0).all()


def test_controls_are_what_they_are_called(results):
    of = {str(name): results.sel(control=name) for name in results["control"].values}
    real, one, noise = of["real images"], of["one image"], of["noise of the same pixels"]
    assert [float(one[f"control_{name}"]) for name in ("pixels", "features", "support", "found")] == [0, 0, 1, 1]
    assert float(one["control_model_kl"]) == pytest.approx(2.302585)
    assert float(real["control_found"]) == 10
    assert float(real["control_frechet"]) < float(noise["control_frechet"])
    assert float(noise["control_pixels"]) == pytest.approx(float(real["control_pixels"]), rel=0.1)
