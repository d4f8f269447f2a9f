"""Weights & Biases: what its package is told, by a stand-in that keeps it."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import saddlery as sd


class Theirs:
    """A run of theirs, as their package has it: a step that never falls, and a summary."""

    def __init__(self, **settings):
        self.settings, self.rows, self.step, self.summary, self.finished = settings, {}, 0, {}, False

    def log(self, numbers, step):
        assert step >= self.step
        assert step not in self.rows
        self.rows[step], self.step = numbers, step

    def finish(self):
        self.finished = True


class Server:
    """Their server: runs by their ids."""

    def __init__(self):
        self.runs = {}

    def init(self, **settings):
        run = self.runs.setdefault(settings["id"], Theirs(**settings))
        run.step = max(run.rows, default=-1) + 1
        run.finished = False
        return run


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=server.init))
    return server


def require_same(server, history):
    assert len(server.runs) == history["seed"].size
    for run in server.runs.values():
        of_seed = history.isel(seed=run.settings["config"]["seed"])
        assert list(run.rows) == history["step"].values.tolist()
        found = [numbers["generator_loss"] for numbers in run.rows.values()]
        np.testing.assert_array_equal(np.float32(found), of_seed["generator_loss"].values)
        assert run.summary == {"diverged_at": -1}
        assert run.finished


def test_a_run_of_theirs_for_each_seed_has_the_history_s_numbers(server, trained):
    run = trained(loggers=["wandb(project='mine', mode='offline')"])
    require_same(server, run.history)
    settings = [each.settings for each in server.runs.values()]
    assert {each["project"] for each in settings} == {"mine"}
    assert {each["mode"] for each in settings} == {"offline"}
    assert {each["name"] for each in settings} == {"simultaneous, seed 0", "simultaneous, seed 1"}
    assert len({each["group"] for each in settings}) == 1


def test_a_run_that_is_resumed_is_theirs_again_with_no_step_twice(server, tmp_path, trained, killed):
    killed(11, out=tmp_path / "run", loggers=["wandb"])
    assert all(run.finished and run.rows for run in server.runs.values())
    run = trained(out=tmp_path / "run", loggers=["wandb"], resume=True)
    require_same(server, run.history)
    trained(out=tmp_path / "run", loggers=["wandb"], force=True)
    assert len(server.runs) == 4  # other runs than those that were replaced


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "saddlery\[wandb\]"'):
        sd.loggers.wandb()
