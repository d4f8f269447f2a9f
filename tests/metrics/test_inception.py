import sys

import numpy as np
import pytest

from saddlery.metrics import inception


def test_without_torch_fidelity_the_extra_is_named(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    monkeypatch.setitem(sys.modules, "torch_fidelity.utils", None)
    with pytest.raises(ImportError, match=r"saddlery\[inception\]"):
        inception()


def test_a_missing_file_of_weights_is_named(fidelity, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        inception(tmp_path / "weights.pth")


def test_images_reach_the_network_as_bytes_with_channels_first(fidelity, monkeypatch, tmp_path):
    import torch
    import torch_fidelity.utils

    seen = []

    def network(batch):
        seen.append(batch)
        return batch.float().mean((2, 3)), torch.zeros(len(batch), 4)

    monkeypatch.setattr(torch_fidelity.utils, "create_feature_extractor", lambda *a, **k: network)
    measure = inception()
    images = np.linspace(-1, 1, 100 * 8 * 6 * 3, dtype=np.float32).reshape(100, 8, 6, 3)
    found = measure(images)
    assert [tuple(batch.shape) for batch in seen] == [(64, 3, 8, 6), (36, 3, 8, 6)]
    assert all(batch.dtype == torch.uint8 for batch in seen)
    np.testing.assert_allclose(found.features, (images.mean((1, 2)) + 1) * 127.5, atol=0.5)
    np.testing.assert_allclose(found.probabilities, 0.25)
    grey = measure(images[..., :1])
    np.testing.assert_array_equal(grey.features[:, 0], grey.features[:, 2])
