"""The study with few rivals and steps, so that it takes no time."""

import itertools
import json

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.built import prepare
from saddlery.metrics.suited import probes
from saddlery.studies import fair
from saddlery.studies.fair import Rival, Scale, Task, experiments, groups, open_fair, places, run

FEW = (
    Rival("simultaneous", "simultaneous"),
    Rival("consensus", "consensus(gamma={})", "γ", (0.1, 1.0)),
    Rival("R1+R2", "alternating", "weight", (0.1, 1.0), "relativistic", ("r1(weight={})", "r2(weight={})")),
)
RING = Task(
    "ring(preset='numerics', batch=16)", "a small ring", "sgd(learning_rate=0.1)",
    {"quick": Scale(8, 4, 2, "geomspace(1e-3, 1e-1, 2)", 0.5)},
)  # fmt: skip


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fair, "RIVALS", FEW)
        patch.setattr(fair, "SECONDS", 0.001)
        patch.setitem(fair.TASKS, "ring", RING)
        yield


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def done():
    return []


@pytest.fixture(scope="module")
def study(folder, done):
    return run(folder, "quick", lambda *counts: done.append(counts))


@pytest.mark.parametrize("on", ["grid", "digits"])
def test_every_rival_of_the_study_can_be_built(on):
    for name, experiment in experiments(on, "quick").items():
        ready = prepare(experiment)
        assert len(ready.methods) == len(experiment.settings)
        assert len(places(on, "quick", name)) == len(experiment.settings)


def test_every_rival_is_there_at_every_learning_rate(study):
    assert study["modes"].sizes == {"setting": 10, "seed": 2, "step": 3}
    assert study["setting"].values[:3].tolist() == [
        "simultaneous, learning rate 0.001", "simultaneous, learning rate 0.1", "consensus, γ 0.1, learning rate 0.001",
    ]  # fmt: skip
    assert study["rival"].values.tolist() == ["simultaneous"] * 2 + ["consensus"] * 4 + ["R1+R2"] * 4
    assert study["method"].values.tolist() == ["simultaneous"] * 2 + ["consensus"] * 4 + ["alternating"] * 4
    np.testing.assert_array_equal(study["value"], [np.nan] * 2 + [0.1, 0.1, 1, 1] * 2)
    assert study.attrs["command"] == "saddlery study fair-ring --scale quick"


SGD = {"learning_rate": 0.1, "generator": "sgd(learning_rate=1.0)", "discriminator": "sgd(learning_rate=1.0)"}
SETTINGS = {
    "consensus, γ 1, learning rate 0.1": ({}, sd.methods.consensus(1.0, **SGD)),
    "R1+R2, weight 0.1, learning rate 0.1": (
        {"loss": "relativistic", "penalty": ("r1(weight=0.1)", "r2(weight=0.1)")},
        sd.methods.alternating(**SGD),
    ),
}


@pytest.mark.parametrize("label", SETTINGS)
def test_a_row_is_the_training_that_it_says(study, label):
    game, method = SETTINGS[label]
    game = sd.games.ring("numerics", batch=16, **game)
    trained = sd.train(game, method, steps=8, every=4, seeds=2, key=jax.random.key(0), probes=probes(game, 2500, 0))
    for name in ("generator_loss", "high_quality", "modes"):
        np.testing.assert_array_equal(study[name].sel(setting=label), trained.history[name])


def test_costs_are_relative_to_simultaneous_and_gradients_are_counted(study):
    first = study.isel(setting=[0, 2, 6])
    assert first["gradients"].values.tolist() == [1, 2, 2]
    assert first["cost"].values[0] == 1
    assert (first["cost"].values > 0).all()


def test_nothing_is_computed_twice(study, folder, done, monkeypatch):
    assert done[-1] == (10 * 2 * 8, 10 * 2 * 8)
    assert all(a <= b for (a, _), (b, _) in itertools.pairwise(done))
    monkeypatch.setattr(fair, "_stopwatch", None)
    monkeypatch.setattr("saddlery.experiments.local.train", None)
    assert run(folder, "quick").identical(study)
    assert open_fair(folder).identical(study)
    assert set(json.loads((folder / "parts" / "quick" / "costs.json").read_text())) == {each.name for each in FEW}


def test_rivals_have_names_of_their_own():
    names = [rival.name for rivals in groups(RING.scales["quick"]).values() for rival in rivals]
    assert len(set(names)) == len(names)


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'papre'; did you mean 'paper'"):
        run(tmp_path, "papre", on="grid")
    with pytest.raises(FileNotFoundError, match="holds no study fair-grid"):
        open_fair(tmp_path, "grid")
