"""The study of coloured digits, made small."""

import numpy as np
import pytest

from saddlery.studies import coloured


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        size = coloured.SCALES["quick"]._replace(
            steps=2,
            seeds=2,
            batch=8,
            noise=4,
            network="stacked(width=4, normalised=False, fraction={})",
            depths=(0, 1),
        )
        patch.setitem(coloured.SCALES, "quick", size)
        patch.setattr(coloured, "FRACTIONS", (0.5,))
        patch.setattr(coloured, "SAMPLES", 1000)
        patch.setattr(coloured, "AT_ONCE", 300)
        return coloured.run(tmp_path_factory.mktemp("coloured"), "quick")


def test_every_depth_is_measured(results):
    assert list(results["setting"].values) == ["K = 0, D ½", "K = 1, D ½"]
    assert results["colours"].dims == ("setting", "seed", "dot", "channel")
    assert ((results["js"] > 0) & (results["js"] <= np.log(2))).all()
    assert ((results["cells"] >= 1) & (results["cells"] <= 125)).all()


def test_controls_are_the_ends_of_the_scale(results):
    control = {str(name): results.sel(control=name) for name in results["control"].values}
    low, high = results.attrs["interval_js"]
    real, one = control["real images"], control["one image"]
    assert 0.8 * low < float(real["control_js"]) < 1.2 * high
    assert float(real["control_spread"]) == pytest.approx(1, abs=0.05)
    assert float(one["control_cells"]) == 1
    assert float(one["control_spread"]) == pytest.approx(0, abs=1e-4)
    assert 0.6 < float(one["control_js"]) < np.log(2)  # but for the cube that holds the one colour
