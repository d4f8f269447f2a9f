"""Logs in TensorBoard's event files, as its writers leave them."""

import sys

import numpy as np
import pytest
from tensorboardX import SummaryWriter
from tensorboardX.proto import event_pb2

from saddlery.errors import InvalidValue, NotFound
from saddlery.records.growing import framed
from saddlery.records.logs.read import read_log

STEPS = np.arange(0, 1000, 50)


def losses(seed=0):
    return np.float32(np.random.default_rng(seed).normal(1, 0.1, len(STEPS)))


def written(folder, values=None, tags=("Loss/Generator", "Loss/Discriminator"), steps=STEPS, more=True):
    """A run's folder with scalars by these tags, and what else there is in such files; the values."""
    values = losses() if values is None else values
    writer = SummaryWriter(str(folder))
    for step, value in zip(steps, values, strict=True):
        for i, tag in enumerate(tags):
            writer.add_scalar(tag, value + i, int(step))
        writer.add_scalar("lr", 1e-4, int(step))
    if more:
        writer.add_histogram("weights", np.arange(9.0), 0)
        writer.add_image("samples", np.zeros((3, 4, 4), np.uint8), 0)
        writer.add_text("notes", "a note", 0)
    writer.close()
    return values


def event(step, **value):
    return framed(event_pb2.Event(step=step, summary={"value": [value]}).SerializeToString())


def test_a_run_s_folder_and_its_file_hold_the_same(tmp_path):
    values = written(tmp_path / "run")
    for path in (tmp_path / "run", *(tmp_path / "run").iterdir()):
        found = read_log(path)
        np.testing.assert_array_equal(found.series["generator_loss"].steps, STEPS)
        np.testing.assert_array_equal(found.series["generator_loss"].values, values)
        assert found.taken == {"generator_loss": "Loss/Generator", "discriminator_loss": "Loss/Discriminator"}
        assert (found.counted, found.ignored, found.remarks, found.run) == ("steps", ("lr",), (), "")


def test_each_folder_below_is_a_run_and_one_is_asked_for(tmp_path):
    written(tmp_path / "a")
    other = written(tmp_path / "b" / "c", losses(1))
    with pytest.raises(InvalidValue, match=r"holds 2 runs: a, b/c; choose one: --run 'a'$"):
        read_log(tmp_path)
    found = read_log(tmp_path, run="b/c")
    np.testing.assert_array_equal(found.series["generator_loss"].values, other)
    assert found.run == "b/c"
    with pytest.raises(InvalidValue, match=r"--run: .* holds no run 'x'; it has a, b/c$"):
        read_log(tmp_path, run="x")
    with pytest.raises(InvalidValue, match=r"--run: .* holds no run 'x'; it is of one$"):
        read_log(tmp_path / "a", run="x")


def test_tags_are_named_where_their_names_say_nothing_also_with_their_runs(tmp_path):
    values = written(tmp_path / "run", tags=("A", "B"))
    found = read_log(tmp_path / "run", {"discriminator_norm": "B"})
    np.testing.assert_array_equal(found.series["discriminator_norm"].values, np.float32(values + 1))
    assert set(found.ignored) == {"A", "lr"}
    with pytest.raises(InvalidValue, match=r"--generator-loss: .* has no column 'C'; it has A, B, lr$"):
        read_log(tmp_path / "run", {"generator_loss": "C"})
    with pytest.raises(InvalidValue, match="--step-column: event files have steps of their own"):
        read_log(tmp_path / "run", {"step": "A"})
    written(tmp_path / "run" / "Loss_D", losses(1), tags=("Loss",))  # as `add_scalars` leaves it
    found = read_log(tmp_path / "run", {"discriminator_loss": "Loss_D/Loss", "generator_loss": "./A"})
    np.testing.assert_array_equal(found.series["discriminator_loss"].values, losses(1))
    assert found.taken["generator_loss"] == "./A"


def test_of_a_run_that_was_resumed_the_last_file_counts(tmp_path):
    written(tmp_path, more=False)
    [first] = tmp_path.iterdir()
    first.rename(tmp_path / "events.out.tfevents.1")
    again = written(tmp_path, losses(1)[10:], steps=STEPS[10:], more=False)
    found = read_log(tmp_path)
    np.testing.assert_array_equal(found.series["generator_loss"].values, [*losses()[:10], *again])
    assert found.remarks == ("10 steps are there more than once, as of a run that was resumed: the last was taken",)


def test_scalars_may_be_tensors_of_one_number(tmp_path):
    """As TensorFlow 2 writes them: floats and doubles, as numbers and as bytes; larger ones are no scalars."""
    half = np.float64(0.25).tobytes()
    tensors = [
        {"dtype": 1, "float_val": [0.5]},
        {"dtype": 1, "tensor_content": np.float32(1.5).tobytes()},
        {"dtype": 2, "double_val": [2.5]},
        {"dtype": 2, "tensor_content": half, "tensor_shape": {"dim": [{"size": 1}]}},
        {"dtype": 1, "float_val": [1.0, 2.0], "tensor_shape": {"dim": [{"size": 2}]}},
        {"dtype": 1, "tensor_content": b"\0" * 8},
        {"dtype": 7, "string_val": [b"text"]},
    ]
    path = tmp_path / "events"
    path.write_bytes(b"".join(event(i, tag="g_loss", tensor=each) for i, each in enumerate(tensors)))
    found = read_log(path).series["generator_loss"]
    assert (found.steps.tolist(), found.values.tolist()) == ([0, 1, 2, 3], [0.5, 1.5, 2.5, 0.25])


def test_a_file_that_is_being_written_is_read_as_far_as_it_is_and_damage_is_said(tmp_path):
    content = [event(i, tag="g_loss", simple_value=float(i)) for i in range(20)]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(content)[:-5])
    assert (len(read_log(path).series["generator_loss"].steps), read_log(path).remarks) == (19, ())
    damaged = bytearray(b"".join(content))
    damaged[5 * len(content[0]) + 15] ^= 1
    path.write_bytes(damaged)
    found = read_log(path)
    assert len(found.series["generator_loss"].steps) == 5
    assert found.remarks == (f"{path} is damaged after 5 events, and was read up to there",)


def test_what_holds_no_scalars_is_refused(tmp_path, monkeypatch):
    with pytest.raises(NotFound, match=r"holds neither event files of TensorBoard nor a file of CSV$"):
        read_log(tmp_path)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(framed(b"\xff no event"))
    with pytest.raises(InvalidValue, match=r"holds records that are no events of TensorBoard$"):
        read_log(path)
    path.write_bytes(b"no event")
    with pytest.raises(InvalidValue, match=r"is no event file of TensorBoard, or damaged at its beginning$"):
        read_log(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(InvalidValue, match=r"holds no scalars$"):
        read_log(tmp_path)
    path.write_bytes(event(0, tag="lr", simple_value=1.0))
    with pytest.raises(InvalidValue, match=r"has no column that is known as .*; it has lr; name them"):
        read_log(tmp_path)


def test_no_more_is_read_than_is_said(tmp_path, monkeypatch):
    (tmp_path / "events.out.tfevents.1").write_bytes(event(0, tag="g_loss", simple_value=1.0) * 9)
    for i in range(5):
        (tmp_path / f"{i}.txt").touch()
    limits = {
        "NUMBERS": "has more than 3 numbers",
        "SIZE": "bytes of event files, expected at most 3",
        "SEEN": "holds too many files",
    }
    for limit, said in limits.items():
        with monkeypatch.context() as context:
            context.setattr(f"saddlery.records.logs.events.{limit}", 3)
            with pytest.raises(InvalidValue, match=said):
                read_log(tmp_path)


def test_without_tensorboardx_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    path = tmp_path / "events"
    path.write_bytes(event(0, tag="g_loss", simple_value=1.0))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "tensorboardX" in sys.modules
    with pytest.raises(InvalidValue, match=r'to read it install tensorboardX: pip install "saddlery\[tensorboard\]"$'):
        read_log(path)
