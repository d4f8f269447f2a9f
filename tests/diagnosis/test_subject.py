"""What is diagnosed: runs in folders as training left them, and what is refused."""

import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import saddlery as sd
from saddlery.diagnosis import diagnose
from saddlery.diagnosis.subject import from_folder, given
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.records.claims import RESULTS

METHODS = ("simultaneous", "consensus(gamma=1.0)", "consensus(gamma=2.0)")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with three methods of bilinear, two seeds each."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    run(Experiment("bilinear", METHODS, steps=40, seeds=2, learning_rate=0.1, key=5), folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(made, tmp_path / "mine")


@pytest.mark.parametrize(("method", "seed"), [(None, 0), ("simultaneous", 1), ("consensus(gamma=2.0)", 1)])
def test_a_run_is_taken_up_where_training_left_it(made, method, seed):
    """The same players as training from the run's key gives."""
    subject = from_folder(made, method, seed)
    again = sd.train(subject.game, subject.method, steps=40, seeds=2, key=jax.random.key(5))
    np.testing.assert_array_equal(ravel_pytree(subject.players)[0], ravel_pytree(again.players[seed])[0])
    assert (subject.step, subject.diverged_at) == (40, -1)
    assert subject.title == f"bilinear, {method or 'simultaneous'}, seed {seed}"
    assert subject.heading == f"{subject.title}, at step 40"
    assert subject.history["step"].values[-1] == 40
    norm = float(jnp.linalg.norm(subject.players.discriminator))
    assert subject.history["generator_norm"].values[-1] == pytest.approx(norm)


def test_one_that_diverged_is_looked_at_from_its_start(tmp_path):
    run(Experiment("bilinear", ("simultaneous",), steps=400, seeds=1, every=8, learning_rate=1.0), tmp_path / "lost")
    subject = from_folder(tmp_path / "lost")
    assert subject.diverged_at == 136  # √2ⁿ squared is not finite in float32 after 128 steps; every eighth is looked at
    assert subject.step == 0
    assert subject.heading == "bilinear, simultaneous, seed 0, which diverged at step 136: looked at from its start"
    assert subject.history["generator_norm"].values[0] == pytest.approx(
        float(jnp.abs(subject.players.discriminator[0]))
    )


def test_methods_and_seeds_that_the_run_does_not_have_are_named(made):
    with pytest.raises(ValueError, match="unknown method of this run 'simultaneos'; did you mean 'simultaneous'"):
        from_folder(made, "simultaneos")
    with pytest.raises(ValueError, match=r"several of 'consensus': consensus\(gamma=1.0\), consensus\(gamma=2.0\)"):
        from_folder(made, "consensus")
    with pytest.raises(ValueError, match="seed: got 2, expected a whole number from 0 to 1"):
        from_folder(made, seed=2)


def test_a_run_without_checkpoints_is_refused_with_what_to_do(folder):
    for checkpoints in folder.glob("checkpoints"):
        shutil.rmtree(checkpoints)
    with pytest.raises(FileNotFoundError, match="is finished, and keeps none; train it again with saddlery run"):
        diagnose(folder)
    shutil.rmtree(folder / RESULTS)
    with pytest.raises(FileNotFoundError, match=r"holds no checkpoint of simultaneous, seed 0.*saddlery resume"):
        diagnose(folder)


@pytest.mark.filterwarnings("ignore:the checkpoint")
def test_a_run_whose_checkpoints_are_all_damaged_is_refused(folder):
    for digests in folder.glob("checkpoints/0-0/*/digests.json"):
        digests.write_text("{}")
    with pytest.raises(ValueError, match="every checkpoint of simultaneous, seed 0 is damaged"):
        diagnose(folder)


def test_runs_of_training_are_taken_up_with_their_history(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no runs"):
        diagnose(tmp_path)
    run = sd.train(sd.games.bilinear(), sd.methods.simultaneous(), steps=4, key=7, out=tmp_path / "bare")
    subject = from_folder(tmp_path / "bare")
    assert (subject.title, subject.step, subject.others) == ("bilinear, simultaneous, seed 0", 4, ())
    jax.tree.map(np.testing.assert_array_equal, tuple(subject.players), tuple(run.only.players))
    np.testing.assert_array_equal(subject.history["generator_norm"], run.only.history["generator_norm"])


def test_players_of_another_game_are_refused(sgd):
    game, key = sd.games.bilinear(dimension=3), jax.random.key(0)
    method = sgd("simultaneous", 0.1)
    with pytest.raises(ValueError, match="players: of another game"):
        given(game, method, sd.games.bilinear(dimension=4).init(key), key)
    with pytest.raises(ValueError, match="players: of another game"):
        given(game, method, sd.games.ring(batch=4).init(key), key)
    with pytest.raises(ValueError, match="not finite"):
        given(game, method, sd.Pair(jnp.full(3, jnp.nan), jnp.ones(3)), key)


def test_what_is_no_method_key_or_subject_is_refused(sgd):
    game, key = sd.games.bilinear(), jax.random.key(0)
    players, method = game.init(key), sgd("simultaneous", 0.1)
    with pytest.raises(TypeError, match="method: got 'simultaneous', expected a Method"):
        diagnose(game, "simultaneous", players, key=key)
    with pytest.raises(TypeError, match=r"key: got '0', expected a whole number or a jax.random.key"):
        diagnose(game, method, players, key="0")
    with pytest.raises(TypeError, match="without method, players and key"):
        diagnose(sd.train(game, method, steps=1, key=key))
    with pytest.raises(ValueError, match="steps: got 10, expected a whole number, 80 or more"):
        diagnose(game, method, players, key=key, steps=10)
    with pytest.raises(ValueError, match="seeds: got 1, expected a whole number, 2 or more"):
        diagnose(game, method, players, key=key, verify=True, seeds=1)
