"""TensorBoard's files: every number of every record once, exactly, also after a resume; sheets of samples."""

import importlib.util
import io
import struct

import numpy as np
import pytest
from PIL import Image
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import masked_crc32c

import saddlery as sd
from saddlery.loggers.tensorboard import LoggedRun, sheet, tensorboard
from saddlery.records.storage import is_own


def events(folder):
    """The events in the only file of a folder, each with the checksums of the format."""
    (path,) = folder.iterdir()
    content, found = path.read_bytes(), []
    while content:
        size, of_size = struct.unpack("<QI", content[:12])
        body, (of_body,) = content[12 : 12 + size], struct.unpack("<I", content[12 + size : 16 + size])
        assert (of_size, of_body) == (masked_crc32c(content[:8]), masked_crc32c(body))
        found.append(Event.FromString(body))
        content = content[16 + size :]
    return found


def require_same(folder, history):
    """The scalars of the runs in a folder are a history's numbers, each once."""
    names = [name for name in history.data_vars if history[name].dims == ("seed", "step")]
    assert {path.name for path in folder.iterdir()} == {f"seed {seed}" for seed in history["seed"].values}
    for seed in history["seed"].values:
        first, start, *records = events(folder / f"seed {seed}")
        assert first.file_version == "brain.Event:2"
        assert start.session_log.status == SessionLog.START  # what TensorBoard has of an earlier process is dropped
        assert [each.step for each in records] == history["step"].values.tolist()
        for name in names:
            found = [value.simple_value for each in records for value in each.summary.value if value.tag == name]
            np.testing.assert_array_equal(np.float32(found), history[name].isel(seed=seed).values)


def test_scalars_are_the_history_s_numbers_exactly(tmp_path, trained):
    run = trained(loggers=["tensorboard"], out=tmp_path / "run")
    require_same(tmp_path / "run/tensorboard/simultaneous", run.history)


@pytest.mark.parametrize(("step", "kept"), [(11, 0.0), (11, 1e9)])
def test_a_run_that_is_resumed_has_no_step_twice_and_loses_none(tmp_path, trained, killed, step, kept):
    settings = {"out": tmp_path / "run", "loggers": ["tensorboard"], "checkpoint_seconds": kept}
    killed(step, **settings)
    run = trained(**settings, resume=True)
    require_same(tmp_path / "run/tensorboard/simultaneous", run.history)


def test_force_replaces_the_files_and_never_one_that_was_changed(tmp_path, trained):
    out = tmp_path / "run"
    trained(loggers=["tensorboard"], out=out)
    trained(method="extragradient", loggers=["tensorboard"], out=out, force=True)
    assert [path.name for path in (out / "tensorboard").iterdir()] == ["extragradient"]
    path = next((out / "tensorboard/extragradient/seed 0").iterdir())
    with open(path, "ab") as file:
        file.write(b"\x01\x02")  # as a kill leaves it
    assert is_own(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not is_own(path)
    with pytest.raises(FileExistsError, match=r"events\.out"):
        trained(out=out, force=True)
    assert path.read_bytes() == content


def test_samples_that_are_images_are_a_grid_of_at_most_64():
    images = np.random.default_rng(0).integers(0, 256, (70, 3, 5, 3), np.uint8)
    grid = sheet(images)
    assert grid.shape == (24, 40, 3)
    np.testing.assert_array_equal(grid[3 * 2 : 3 * 3, 5 * 7 : 5 * 8], images[2 * 8 + 7])
    assert sheet(images[:2, ..., :1]).shape == (3, 10, 1)
    assert sheet(np.zeros((9, 3))) is None


def test_points_of_the_plane_are_a_picture_with_up_at_the_top():
    picture = sheet(np.array([[0.9, 0.9], [0.9, 0.9], [-0.9, 0.1]]))[..., 0]
    right, left = np.argwhere(picture[:, 64:] < 255), np.argwhere(picture[:, :64] < 255)
    assert right.tolist() == [[6, 57]]  # of 128 pixels from −1 to 1
    assert left[0][0] > 50
    assert sheet(np.full((4, 2), np.nan)) is None


def test_of_a_run_at_most_64_records_have_sheets(tmp_path):
    logger, run = tensorboard(tmp_path), LoggedRun("a", 0, 0, 1000)
    images = np.arange(4 * 2 * 2, dtype=np.uint8).reshape(4, 2, 2, 1)
    logger.open(None, ["a"])
    logger.begin(run, 0)
    for step in range(1001):
        logger.log(run, step, {"samples": images, "loss": np.float32(1)})
    logger.end(run, -1)
    sheets = [value for each in events(tmp_path / "a/seed 0") for value in each.summary.value if value.tag == "samples"]
    assert 50 <= len(sheets) <= 64
    np.testing.assert_array_equal(Image.open(io.BytesIO(sheets[0].image.encoded_image_string)), sheet(images)[..., 0])


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "saddlery\[tensorboard\]"'):
        sd.loggers.tensorboard()
