"""What the image studies share: trainings and measurements that are not made twice, and names."""

import numpy as np
import pytest
import xarray as xr

from saddlery.experiments.experiment import Experiment
from saddlery.studies import trained

GAME = "digits(width=4, batch=8, noise=2"
SMALL = {"steps": 2, "every": 1, "seeds": 2, "samples": 16, "shown": 4}
EXPERIMENTS = {
    "plain": Experiment(f"{GAME})", ("simultaneous", "alternating"), **SMALL),
    "hinge": Experiment(f"{GAME}, loss='hinge')", ("simultaneous",), **SMALL),
}


def named(name, setting):
    return {"setting": f"{name} {setting.method.name}", "method": setting.levels["method"]}


class Measure:
    """Notes how often it was called."""

    dims = {"drawn": ("y", "x", "channel")}  # noqa: RUF012

    def __init__(self):
        self.calls = 0

    def __call__(self, game, players, key):
        self.calls += 1
        return {"loss": len(game.loss.__name__), "drawn": game.sample(players.generator, key, 1)[0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def results(folder):
    told, measure = [], Measure()
    found = trained.train_and_measure(folder, EXPERIMENTS, measure, named, lambda done, of: told.append((done, of)))
    assert measure.calls == 6
    assert told[-1][0] == told[-1][1]
    return found


def test_all_settings_and_seeds_are_there_with_their_names(results):
    assert list(results["setting"].values) == ["plain simultaneous", "plain alternating", "hinge simultaneous"]
    assert results["generator_loss"].shape == (3, 2, 3)
    np.testing.assert_array_equal(results["loss"], [[len("nonsaturating")] * 2] * 2 + [[len("hinge")] * 2])
    assert results["drawn"].dims == ("setting", "seed", "y", "x", "channel")
    assert results["drawn"].shape == (3, 2, 8, 8, 1)


def test_what_is_there_is_not_computed_again(results, folder):
    measure = Measure()
    again = trained.train_and_measure(folder, EXPERIMENTS, measure, named)
    assert measure.calls == 0
    xr.testing.assert_identical(again, results)
    (folder / "measured" / "plain" / "2-1.npz").unlink()
    assert np.array_equal(trained.train_and_measure(folder, EXPERIMENTS, measure, named)["drawn"], results["drawn"])
    assert measure.calls == 1


def test_players_are_those_that_training_ended_with(results, folder):
    """The probe's own samples, of the last record and of the players from the checkpoint, are the same."""
    import jax

    from saddlery.experiments.built import prepare
    from saddlery.experiments.cells import cells_of

    cell = cells_of(prepare(EXPERIMENTS["hinge"]), folder / "hinge")[0]
    _, _, key = jax.random.split(cell.keys[1], 3)
    again = cell.probes["samples"](cell.game, trained.players_of(cell, 1), key)["samples"]
    np.testing.assert_array_equal(again, results["samples"].isel(setting=2, seed=1, step=-1))


def test_too_many_runs_are_refused_before_anything_is_trained(tmp_path):
    many = Experiment(f"{GAME})", ("simultaneous",), **SMALL | {"seeds": 65})
    with pytest.raises(ValueError, match="many has 65 runs, expected at most 64"):
        trained.train_and_measure(tmp_path, {"many": many}, Measure(), named)
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_already_keeps_its_name(results, folder, tmp_path):
    with pytest.raises(ValueError, match="measure: generator_loss is recorded already"):
        trained.train_and_measure(tmp_path, {"hinge": EXPERIMENTS["hinge"]}, lambda *_: {"generator_loss": 1.0}, named)


def test_another_study_in_the_folder_is_left_alone(results, folder):
    other = {"plain": Experiment(f"{GAME})", ("simultaneous",), **SMALL)}
    with pytest.raises(FileExistsError, match="plain holds an experiment"):
        trained.train_and_measure(folder, other, Measure(), named)
