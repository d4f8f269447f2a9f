"""Results: what a folder holds, finished or under way, and what can be done with it."""

import dataclasses
import re

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.records.live import LiveFile
from saddlery.records.locks import Held

SMALL = {"steps": 6, "seeds": 2, "every": 3}
METHODS = ["simultaneous", "consensus(gamma=[0.5, 2.0])"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished sweep."""
    out = tmp_path_factory.mktemp("results") / "swept"
    sd.sweep("bilinear", METHODS, out=out, **SMALL)
    return out


def test_runs_are_those_that_training_gives(folder):
    results = sd.load(folder)
    game, method = results.game("consensus", gamma=2.0), results.method("consensus", gamma=2.0)
    alone = sd.train(game, method, key=0, probes={"losses": sd.metrics.probes(game)["losses"]}, **SMALL)
    for seed in range(2):
        found = results.run("consensus", seed, gamma=2.0)
        jax.tree.map(np.testing.assert_array_equal, found.only.players, alone.players[seed])
        jax.tree.map(np.testing.assert_array_equal, results.players("consensus", seed, gamma=2.0), alone.players[seed])
    every = results.run("consensus", gamma=2.0)
    np.testing.assert_array_equal(every.history["generator_norm"], alone.history["generator_norm"])
    recorded = results.dataset.sel(method="consensus", gamma=2.0)["generator_norm"].squeeze()
    np.testing.assert_array_equal(recorded, alone.history["generator_norm"])


def test_a_table_has_a_row_for_each_run_with_its_last_record(folder):
    results = sd.load(folder)
    table = results.table()
    assert len(table) == 6
    assert set(table["method"]) == {"simultaneous", "consensus"}
    last = results.dataset["generator_norm"].isel(step=-1).values.ravel()
    np.testing.assert_array_equal(np.sort(table["generator_norm"]), np.sort(last))
    assert results._repr_html_().count("<tr") == 7


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"method": "consensos"}, "unknown method of this run 'consensos'"),
        ({"method": "consensus"}, "several of 'consensus'"),
        ({"gama": 1.0}, "unknown level 'gama'; did you mean 'gamma'"),
        ({"gamma": 7.0}, "gamma: got 7.0, expected one of None, 0.5, 2.0"),
        ({"seed": 2}, "seed: got 2, expected a whole number from 0 to 1"),
    ],
)
def test_what_a_folder_does_not_have_is_named(folder, how, said):
    with pytest.raises(ValueError, match=said):
        sd.load(folder).players(**how)


def test_reports_exports_and_diagnoses_are_those_of_the_commands(folder):
    results = sd.load(folder)
    assert results.report().read_text().startswith("<!doctype html>")
    assert len(results.export(folder / "numbers.csv").read_text().splitlines()) == 1 + 6 * 3
    found = results.diagnose("consensus", levels={"gamma": 2.0}, steps=100)
    assert found.subject.title == "bilinear, consensus(gamma=2.0), seed 0"


def test_a_sweep_without_a_folder_has_its_players_as_long_as_it_is_there():
    results = sd.sweep("bilinear", "simultaneous", **SMALL)
    kept = results.folder
    assert results.players(seed=1).generator.shape == (1,)
    del results
    assert not kept.exists()


def test_one_s_own_parts_are_given_again_to_go_on_with(tmp_path):
    def mine(gamma=1.0):
        return sd.Method(sd.rules.Consensus(gamma), sd.schedules.simultaneous())

    game = sd.games.bilinear()
    sd.sweep(game, {"mine(gamma=[0.1, 1.0])": mine}, out=tmp_path / "own", **SMALL)
    assert sd.load(tmp_path / "own").dataset.sizes["setting"] == 2  # to look at them they are not needed
    with pytest.raises(ValueError, match="unknown game 'Bilinear'"):
        sd.load(tmp_path / "own").players()
    results = sd.load(tmp_path / "own", games={"Bilinear": game}, methods={"mine": mine})
    alone = sd.train(game, mine(1.0), key=0, **SMALL)
    jax.tree.map(np.testing.assert_array_equal, results.players("mine", gamma=1.0), alone.players[0])


def test_a_generator_leaves_with_its_averaged_weights_unless_the_last_are_wanted(tmp_path):
    sd.sweep("ring(batch=16)", "simultaneous", steps=20, seeds=2, samples=50, average=0.9, out=tmp_path / "ring")
    results, key = sd.load(tmp_path / "ring"), jax.random.key(1)
    found = results.run(seed=1).only
    for averaged, weights in ((True, found.average), (False, found.players.generator)):
        path = results.export_generator(seed=1, averaged=averaged, force=True)
        drawn = sd.load_generator(path)(key, 5)
        np.testing.assert_allclose(drawn, results.game().sample(weights, key, 5), atol=1e-6)
    assert path == tmp_path / "ring" / "generators" / "0-1.safetensors"


def test_a_folder_of_training_is_read_like_any(tmp_path):
    game, method = sd.games.bilinear(), sd.methods.consensus()
    run = sd.train(game, method, key=0, out=tmp_path / "run", **SMALL)
    results = sd.load(tmp_path / "run")
    np.testing.assert_array_equal(results.dataset["generator_norm"].squeeze("setting"), run.history["generator_norm"])
    assert len(results.table()) == 2
    assert results.report().is_file()
    assert "samples_measured" not in results.dataset.attrs  # how many its probes measured is theirs to know
    found = results.run()
    for name in ("players", "state", "average"):
        jax.tree.map(np.testing.assert_array_equal, getattr(found, name), getattr(run, name))
    assert found.history.equals(run.history)
    assert found.history.attrs == run.history.attrs
    assert str(results.method("consensus").generator) == run.history.attrs["generator_optimiser"]
    assert results.diagnose(seed=1, steps=100).subject.title == "bilinear, consensus, seed 1"
    with pytest.raises(ValueError, match=r"gamma: got 1\.0; runs of saddlery\.train have no levels"):
        results.players(gamma=1.0)
    with pytest.raises(ValueError, match="unknown method of this run 'consensos'; did you mean 'consensus'"):
        results.players("consensos")
    with pytest.raises(ValueError, match="no grid of settings"):
        results.experiment  # noqa: B018


def test_one_s_own_parts_of_training_are_given_again(tmp_path):
    game, probe = dataclasses.replace(sd.games.bilinear(), coupling=np.float32(0.5)), lambda *_: np.zeros(3)
    method = sd.Method(sd.rules.Consensus(2.0), sd.schedules.simultaneous())
    run = sd.train(game, method, key=0, out=tmp_path / "own", probes={"mine": probe, "also": probe}, **SMALL)
    assert sd.load(tmp_path / "own").dataset["mine"].dims == ("setting", "seed", "step", "mine_0")
    with pytest.raises(ValueError, match="the game of these runs, Bilinear, has no text"):
        sd.load(tmp_path / "own").players()
    results = sd.load(tmp_path / "own", games={"Bilinear": game}, methods={"consensus": method})
    jax.tree.map(np.testing.assert_array_equal, results.run().players, run.players)
    assert results.run().history.equals(run.history)
    other = sd.load(tmp_path / "own", games={"Bilinear": sd.games.bilinear()}, methods={"consensus": method})
    with pytest.raises(ValueError, match=r"is of another run: game.coupling there: 0.5, here: 1.0"):
        other.players()


def test_methods_of_one_s_own_may_be_given_as_they_are(tmp_path):
    method = sd.Method(sd.rules.Consensus(2.0), sd.schedules.simultaneous())
    sd.sweep("bilinear", {"mine": method}, out=tmp_path / "swept", **SMALL)
    results = sd.load(tmp_path / "swept", methods={"mine": method})
    assert results.players("mine").generator.shape == (1,)


def test_runs_under_way_are_read_beside_finished_ones(tmp_path, monkeypatch):
    """A sweep stopped in the middle: the records of what was under way are there, and the same as at the end."""
    monkeypatch.setattr("saddlery.records.live.FLUSH_SECONDS", 0.0)
    experiment = Experiment("bilinear", tuple(METHODS), steps=40, seeds=2, every=10)
    built = prepare(experiment)

    def stop(_, label, progress):
        if label.startswith("consensus(gamma=2") and progress.step >= 20:
            for cell in cells:
                cell.stop.set()

    cells = cells_of(built, None)
    with claimed(tmp_path, experiment) as lost:
        cells[0].stop = lost
        with pytest.raises(Held, match="has taken this sweep over"):
            run_experiment(built, tmp_path, stop, 0.0, stop=lost)
    before = sd.load(tmp_path).dataset
    assert not before["finished"].values.all()
    with claimed(tmp_path, experiment, resume=True) as lost:
        run_experiment(built, tmp_path, stop=lost)
    after = sd.load(tmp_path).dataset
    assert after["finished"].values.all()
    norms = before["generator_norm"].values
    known = np.isfinite(norms)
    assert known.any()
    np.testing.assert_array_equal(norms[known], after["generator_norm"].sel(setting=before.setting).values[known])
    assert not (tmp_path / "live").exists()
    file = LiveFile(tmp_path / "live" / "2-0.jsonl", lambda: {"label": built.experiment.labels[2], "variables": {}})
    file.append(0, 0.0, {"generator_norm": np.float32(7.0)})
    file.flush()  # as of a process that was ended before it could delete it
    assert sd.load(tmp_path).dataset.equals(after)


def test_a_folder_in_which_nothing_is_recorded_yet_says_so(tmp_path):
    experiment = Experiment("bilinear", ("simultaneous",), steps=4, seeds=1)
    with claimed(tmp_path, experiment):
        pass
    with pytest.raises(FileNotFoundError, match="is not finished; continue with: saddlery resume"):
        sd.load(tmp_path).dataset  # noqa: B018


class Hovering(sd.Method):
    """A method that takes steps of its own, though its optimisers are left open."""

    def step(self, game, players, state, key):
        return players, state


class Own:
    """Two numbers against two, with default optimisers that nobody below trains by."""

    default_optimisers = ("adam(learning_rate=0.5)", "adam(learning_rate=0.25)")

    def init(self, key):
        return sd.Pair(np.ones(2, np.float32), np.ones(2, np.float32))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator

    def losses(self, discriminator, samples, batch):
        value = (discriminator * samples).sum()
        return sd.Pair(value, -value)


def test_the_page_of_an_own_game_tells_the_optimisers_that_were_used_of_each_setting(tmp_path):
    def page(results):
        (found,) = re.findall(r"<dt>Optimisers</dt><dd>(.*?)</dd>", results.report().read_text())
        return found

    closed = sd.Method(
        sd.rules.Consensus(0.5),
        sd.schedules.simultaneous(),
        generator="sgd(learning_rate=0.05)",
        discriminator="sgd(learning_rate=0.2)",
    )
    made = {"mine": closed, "made(rate=[0.1, 0.3])": lambda rate: sd.methods.simultaneous(learning_rate=rate)}
    assert page(sd.sweep(Own(), made, **SMALL)) == (
        "mine: generator sgd(learning_rate=0.05), discriminator sgd(learning_rate=0.2); "
        "made(rate=0.1): adam(learning_rate=0.1) for both players; "
        "made(rate=0.3): adam(learning_rate=0.3) for both players"
    )
    with_rate = sd.sweep(Own(), {"mine": sd.methods.simultaneous(learning_rate=7.0)}, learning_rate=[0.1, 0.3], **SMALL)
    assert page(with_rate) == (
        "mine(learning_rate=0.1): adam(learning_rate=0.1) for both players; "
        "mine(learning_rate=0.3): adam(learning_rate=0.3) for both players"
    )
    sd.train(Own(), closed, key=0, out=tmp_path / "run", **SMALL)
    assert page(sd.load(tmp_path / "run")) == "generator sgd(learning_rate=0.05), discriminator sgd(learning_rate=0.2)"
    best = sd.methods.simultaneous(learning_rate=0.1, schedule="best_response")
    answered = sd.sweep(sd.games.two_gaussians(), {"best": best}, **SMALL)
    assert page(answered) == "generator sgd(learning_rate=0.1), discriminator none"


def test_a_method_with_steps_of_its_own_takes_them_on_every_game():
    method = Hovering(sd.rules.Simultaneous(), sd.schedules.simultaneous())
    assert isinstance(method.for_game(Own()), Hovering)
    run = sd.train(Own(), method, key=0, **SMALL)
    np.testing.assert_array_equal(run.players[0].generator, 1)
