"""The file of a run that is under way."""

import json

import numpy as np
import pytest

from saddlery.errors import Damaged
from saddlery.records.live import LiveFile, read_live
from saddlery.records.storage import is_own


def lines(path):
    return path.read_bytes().split(b"\n")


def test_a_live_file_is_read_back_exactly_and_a_torn_line_is_left_out(tmp_path):
    path = tmp_path / "live" / "0-1.jsonl"
    values = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    for first in (0, 2):  # a process that is killed, and the one that goes on
        file = LiveFile(path, lambda: {"label": "a", "seed": 1, "variables": {"x": {"dims": ["step", "axis"]}}})
        for step, value in enumerate(values[first : first + 2], first):
            file.append(step, 0.5 * step, {"x": value, "loss": np.nan, "big": np.zeros(2000)})
        file.flush()
        with path.open("ab") as torn:
            torn.write(b'{"step": 9, "sec')
    run = read_live(path)
    np.testing.assert_array_equal(run.values["x"], values)
    np.testing.assert_array_equal(run.steps, range(4))
    assert np.isnan(run.values["loss"]).all()
    assert "big" not in run.values
    assert run.about["label"] == "a"


def test_a_live_file_that_was_changed_is_named_and_not_saddlery_s(tmp_path):
    path = tmp_path / "live" / "0-0.jsonl"
    (tmp_path / ".saddlery").touch()
    file = LiveFile(path, lambda: {"label": "a", "seed": 0, "variables": {}})
    for step in range(3):
        file.append(step, 0.0, {"x": np.float32(step)})
    file.flush()
    assert is_own(path)
    content = lines(path)
    changed = json.loads(content[2])
    changed["values"]["x"] = 7.0
    path.write_bytes(b"\n".join([*content[:2], json.dumps(changed).encode(), *content[3:]]))
    with pytest.raises(Damaged, match=r"0-0\.jsonl is damaged: a line changed"):
        read_live(path)
    assert not is_own(path)
