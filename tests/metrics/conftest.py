"""torch-fidelity, with which formulas are compared."""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def fidelity():
    """Its functions from features to metrics; skips where it is not installed (extra `inception`)."""
    if find_spec("torch_fidelity") is None:
        pytest.skip("torch-fidelity is not installed: pip install -e '.[inception]'")
    import torch

    torch.set_num_threads(1)
    try:
        import torchvision  # noqa: F401
    except RuntimeError:  # made for another build of PyTorch; its operators, which no formula uses, are only declared
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    return SimpleNamespace(
        tensor=torch.from_numpy,
        statistics=metric_fid.fid_features_to_statistics,
        fid=metric_fid.fid_statistics_to_metric,
        isc=metric_isc.isc_features_to_metric,
        kid=metric_kid.kid_features_to_metric,
        prc=metric_prc.prc_features_to_metric,
    )
