"""Training: the same bits however it is cut, stopped, resumed or accompanied; divergence, averages, folders."""

import json
import threading

import jax
import numpy as np
import pytest
from checks.training import KEY, method_with_memory, players_probe, same, small_ring, train  # noqa: F401

import saddlery as sd


def test_history_holds_step_zero_every_and_the_last(ring, method):
    history = train(ring, method).only.history
    assert history.step.values.tolist() == [0, 7, 14, 21, 28, 30]
    assert history.parameters.dims == ("step", "parameters_0")
    assert not np.isnan(history.parameters).any()


def test_same_bits_alone_and_beside_seven_others(ring, method):
    together = train(ring, method, seeds=8)
    assert together.history.sizes["seed"] == 8
    for seed in (0, 5):
        alone = train(ring, method, key=jax.random.fold_in(KEY, seed))
        assert same(alone.only.history, together.history.isel(seed=seed, drop=True))
        assert jax.tree.all(jax.tree.map(np.array_equal, alone.only.players, together.players[seed]))
        assert jax.tree.all(jax.tree.map(np.array_equal, alone.only.state, together.state[seed]))


@pytest.mark.long
@pytest.mark.parametrize("stopped_after", [1, 11, 25])
def test_same_bits_after_a_resume(ring, method, tmp_path, stopped_after):
    """A run killed between two checkpoints continues from the last, with a rule's and an optimiser's memory."""

    def die(progress):
        if progress.step >= stopped_after:
            raise RuntimeError("killed")

    whole = train(ring, method, seeds=2, average=0.9)
    arguments = {"seeds": 2, "average": 0.9, "out": tmp_path / "run", "checkpoint_seconds": 0.0}
    with pytest.raises(RuntimeError, match="killed"):
        train(ring, method, on_progress=die, **arguments)
    resumed = train(ring, method, resume=True, **arguments)
    assert same(whole.history, resumed.history)
    assert jax.tree.all(jax.tree.map(np.array_equal, whole.state, resumed.state))
    assert jax.tree.all(jax.tree.map(np.array_equal, whole.average, resumed.average))


def test_a_longer_run_continues_a_finished_one(ring, method, tmp_path):
    train(ring, method, steps=14, out=tmp_path / "run")
    longer = train(ring, method, steps=30, out=tmp_path / "run", resume=True)
    assert same(longer.history, train(ring, method, steps=30).history)
    with pytest.raises(ValueError, match=r"steps: .* was begun with 30"):
        train(ring, method, steps=35, out=tmp_path / "run", resume=True)


def test_ctrl_c_checkpoints_every_run_and_is_passed_on(ring, method, tmp_path):
    import _thread

    begun, pressed = set(), threading.Event()

    def interrupt(progress):
        if progress.step >= 9:
            begun.add(progress.seed)  # a run that has not begun has nothing to keep
        if begun == {0, 1} and not pressed.is_set():  # again would be not to wait
            pressed.set()
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        train(ring, method, steps=20_000, seeds=2, every=5000, out=tmp_path / "run", on_progress=interrupt)
    assert all(list((tmp_path / "run/checkpoints" / seed).glob("step-*")) for seed in ("0-0", "0-1"))


def test_a_folder_that_holds_a_run_is_refused_resumed_or_replaced(ring, method, tmp_path):
    out = tmp_path / "run"
    train(ring, method, out=out)
    with pytest.raises(FileExistsError, match=f"out: {out} holds runs of saddlery.train"):
        train(ring, method, out=out)
    with pytest.raises(ValueError, match="is of another run: method there: "):
        train(ring, sd.methods.consensus(gamma=2.0), out=out, resume=True)
    with pytest.raises(ValueError, match="is of another run: key there: "):
        train(ring, method, key=jax.random.key(4), out=out, resume=True)
    train(ring, sd.methods.consensus(gamma=2.0), out=out, force=True)
    assert "2." in json.loads((out / "run.json").read_text())["training"]["method"]


def test_a_folder_that_cannot_be_written_is_named(ring, method, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"out: .*file.* cannot be written"):
        train(ring, method, out=tmp_path / "file" / "run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps: got 0, expected a whole number, 1 or more"),
        ({"steps": 2.5}, "steps: got 2.5"),
        ({"every": 0}, "every: got 0"),
        ({"seeds": -1}, "seeds: got -1"),
        ({"average": 1.0}, "average: got 1.0, expected a number of 0 or more and below 1"),
        ({"key": -3}, "key: got -3"),
        ({"key": "3"}, "key: got '3', expected a whole number or a jax.random.key"),
    ],
)
def test_bad_arguments_are_named(ring, method, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        train(ring, method, **arguments)


def test_a_method_that_is_none_is_named(ring):
    with pytest.raises(TypeError, match="method: got 'consensus', expected a Method"):
        train(ring, "consensus")


def test_players_of_another_game_are_named_before_anything_runs(tmp_path):
    game, other = sd.games.ring(batch=8), sd.games.ring("numerics", batch=8)
    with pytest.raises(ValueError, match="players: of another game: "):
        sd.train(
            game, sd.methods.simultaneous(), steps=2, key=jax.random.key(0), players=other.init(jax.random.key(1)),
            out=tmp_path / "a",
        )  # fmt: skip
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["g[1]", "a*b", "[", "a]b[c]", "ü $HOME ~"])
def test_a_folder_s_name_is_no_pattern(method, tmp_path, name):
    game = sd.games.bilinear()
    whole = train(game, method, out=tmp_path / name)
    assert same(train(game, method, out=tmp_path / name, resume=True).history, whole.history)
    assert [path.name for path in tmp_path.iterdir()] == [name]
