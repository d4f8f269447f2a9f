"""Results that are opened."""

import pytest

from saddlery.experiments.claimed import claimed
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results
from saddlery.records.claims import RESULTS

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


def test_unfinished_and_damaged_results_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no runs"):
        open_results(tmp_path)
    with claimed(tmp_path, SMALL):
        pass
    with pytest.raises(FileNotFoundError, match="not finished; continue with: saddlery resume"):
        open_results(tmp_path)
    (tmp_path / RESULTS / "zarr.json").write_text("{}")
    with pytest.raises(ValueError, match=r"is damaged.*computed again by: saddlery resume"):
        open_results(tmp_path)
