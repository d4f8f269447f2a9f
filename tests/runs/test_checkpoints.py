"""Checkpoints: damaged, of another game, or not to be written."""

import shutil

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.runs import checkpoints

KEY = jax.random.key(3)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(ring, method, tmp_path, train, same):
    whole = train(ring, method)
    train(ring, method, out=tmp_path / "run", checkpoint_seconds=0.0)
    newest, before = sorted((tmp_path / "run/checkpoints/0-0").glob("step-*"), reverse=True)
    data = max((path for path in newest.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(bytes(content))
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged .*{data.name} changed"):
        resumed = train(ring, method, out=tmp_path / "run", resume=True)
    assert same(whole.history, resumed.history)
    shutil.rmtree(before / "arrays")
    (newest / "digests.json").write_text("{")
    with (
        pytest.warns(UserWarning, match=f"{newest} was damaged and is now damaged-{newest.name}"),
        pytest.warns(UserWarning, match="is damaged"),
    ):
        resumed = train(ring, method, out=tmp_path / "run", resume=True)
    assert same(whole.history, resumed.history)


def test_a_checkpoint_of_another_game_is_refused(tmp_path):
    checkpoints.save(tmp_path, 3, {"a": np.ones(2)})
    with pytest.raises(ValueError, match="holds 1 arrays where this game and method have 2"):
        checkpoints.restore(tmp_path, {"a": np.ones(2), "b": np.ones(2)})


def test_a_checkpoint_that_cannot_be_written_keeps_the_run_so_far(ring, method, tmp_path, monkeypatch, train, same):
    import orbax.checkpoint

    train(ring, method, steps=14, out=tmp_path / "run")
    full = lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(orbax.checkpoint.Checkpointer, "save", full)
        with pytest.raises(OSError, match=r"checkpoint of step 30 could not be written to .*No space left"):
            train(ring, method, steps=30, out=tmp_path / "run", resume=True)
    kept = list((tmp_path / "run/checkpoints/0-0").iterdir())
    assert [path.name for path in kept] == ["step-000000014"]
    assert same(train(ring, method, steps=30, out=tmp_path / "run", resume=True).history, train(ring, method).history)


def test_a_first_checkpoint_that_cannot_be_read_back_ends_the_run(method, tmp_path, monkeypatch, train):
    monkeypatch.setattr(checkpoints, "_read", lambda path: {"00000": np.zeros(1)})
    with pytest.raises(OSError, match="what was read back is not what was written"):
        train(sd.games.bilinear(), method, out=tmp_path / "run", checkpoint_seconds=0.0)
