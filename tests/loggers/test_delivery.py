"""Delivery: loggers of one's own, of plugins, and those that fail, which never disturb training."""

import json
import threading
import time

import numpy as np
import pytest
from checks.pages import without_plugins
from checks.training import same

import saddlery as sd
from saddlery.cli import main
from saddlery.loggers import LoggedRun, Logger
from saddlery.loggers import delivery as deliveries

PLUGIN = '''
import saddlery as sd


class Lines(sd.loggers.Logger):
    def __init__(self, path):
        self.path = path

    def log(self, run, step, record):
        with open(self.path, "a") as file:
            print(run.setting, run.seed, step, float(record["generator_loss"]), file=file)


def lines(path="lines.txt"):
    """Lines of text."""
    return Lines(path)


LOGGERS = {"lines": lines}
'''


class Kept(Logger):
    """What it is told."""

    def __init__(self):
        self.told, self.threads = [], set()

    def __getattribute__(self, name):
        if name in ("open", "begin", "log", "end", "close"):

            def tell(*given):
                self.threads.add(threading.current_thread())
                self.told.append((name, *given))

            return tell
        return super().__getattribute__(name)

    def of(self, seed):
        return [each for each in self.told if isinstance(each[1:2] and each[1], LoggedRun) and each[1].seed == seed]


def test_a_logger_is_told_of_every_run_its_beginning_each_record_and_its_end(tmp_path, trained):
    kept = Kept()
    run = trained(loggers=[kept], out=tmp_path / "run")
    assert kept.told[0] == ("open", tmp_path / "run", ["simultaneous"])
    assert kept.told[-1] == ("close",)
    for seed in (0, 1):
        begun, *records, ended = kept.of(seed)
        assert begun == ("begin", LoggedRun("simultaneous", 0, seed, 20), 0)
        assert ended == ("end", LoggedRun("simultaneous", 0, seed, 20), -1)
        assert [step for _, _, step, _ in records] == run.history["step"].values.tolist()
        losses = [record["generator_loss"] for *_, record in records]
        np.testing.assert_array_equal(losses, run.history["generator_loss"].isel(seed=seed))
    assert len(kept.threads) == 2  # open's, and one for all the rest


def test_a_run_that_goes_on_is_told_from_its_first_record(tmp_path, trained, killed):
    killed(11, out=tmp_path / "run")
    kept = Kept()
    run = trained(out=tmp_path / "run", loggers=[kept], resume=True)
    for seed in (0, 1):
        begun, *records, _ = kept.of(seed)
        assert begun[2] > 0
        assert [step for _, _, step, _ in records] == run.history["step"].values.tolist()


def test_a_run_that_diverges_ends_where_it_does(trained):
    kept = Kept()
    game = sd.games.bilinear(coupling=1e20)
    sd.train(game, sd.methods.simultaneous(), steps=50, every=50, key=0, loggers=[kept])
    name, _, diverged_at = kept.of(0)[-1]
    assert name == "end"
    assert 0 < diverged_at < 50


class Failing(Logger):
    """A logger of which one method fails."""

    def __init__(self, method, error):
        self.calls = 0
        setattr(self, method, self.fail)
        self.error = error

    def fail(self, *given):
        self.calls += 1
        raise self.error

    def log(self, run, step, record):
        pass


@pytest.mark.parametrize("method", ["open", "begin", "log", "flush", "end", "close"])
def test_a_logger_that_fails_is_a_warning_once_and_training_goes_on(tmp_path, trained, method):
    failing, kept = Failing(method, OSError(28, "No space left on device")), Kept()
    with pytest.warns(
        UserWarning, match="failing fails and is left out, training goes on .OSError: .*No space"
    ) as told:
        run = trained(loggers=[failing, kept], out=tmp_path / "run")
    assert len(told) == 1
    assert failing.calls == 1 + (method == "close")
    assert same(run.history, trained().history)
    assert [step for _, _, step, _ in kept.of(1)[1:-1]] == run.history["step"].values.tolist()


def test_a_logger_that_hangs_is_left_out_and_training_ends(monkeypatch, trained):
    monkeypatch.setattr(deliveries, "LAST", 0.2)
    released = threading.Event()
    began = time.monotonic()
    with pytest.warns(UserWarning, match="it did not end within"):
        trained(loggers=[Hanging(released)])
    assert time.monotonic() - began < 30
    released.set()


class Hanging(Logger):
    """A logger that waits for what does not come."""

    def __init__(self, released):
        self.released = released

    def log(self, run, step, record):
        self.released.wait(60)


def test_a_queue_that_is_full_leaves_its_logger_out(monkeypatch, trained):
    monkeypatch.setattr(deliveries, "MOST", 4)
    monkeypatch.setattr(deliveries, "PATIENCE", 0.1)
    released = threading.Event()
    with pytest.warns(UserWarning, match="it is 4 records behind"):
        run = trained(loggers=[Hanging(released)])
    released.set()
    assert same(run.history, trained().history)


def test_what_is_no_logger_is_named(trained):
    with pytest.raises(TypeError, match="loggers: got 3, expected a text such as 'csv'"):
        trained(loggers=[3])
    with pytest.raises(ValueError, match=r"unknown logger 'cvs'.*did you mean 'csv'"):
        trained(loggers=["cvs"])


def test_a_logger_of_a_plugin_is_named_by_log_and_not_needed_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(PLUGIN)
    words = ["run", "bilinear", "--steps", "4", "--every", "2", "--seeds", "1", "--quiet", "--no-report", "--out", "a"]
    with without_plugins():
        assert main([*words, "-p", "mine.py", "--log", "lines(path='told.txt')"]) == 0
        losses = sd.load("a").dataset["generator_loss"].values[0, 0]
    told = [line.split() for line in (tmp_path / "told.txt").read_text().splitlines()]
    assert [(setting, seed, step) for setting, seed, step, _ in told] == [("alternating", "0", s) for s in "024"]
    np.testing.assert_array_equal(np.float32([loss for *_, loss in told]), losses)
    assert json.loads((tmp_path / "a/run.json").read_text())["plugins"] == {}


def test_where_runs_are_trained_elsewhere_no_logger_is_told(saddlery):
    code, _, errors = saddlery("run", "bilinear", "--log", "csv", "--engine", "ray")
    assert code == 2
    assert errors == "error: log: got 'csv' with --engine ray, whose runs are trained in other processes\n"


def test_a_report_of_progress_says_which_run_and_record_it_is_of():
    reports = []
    sd.train(
        sd.games.bilinear(), sd.methods.simultaneous(), steps=20, every=7, seeds=2, key=0, on_progress=reports.append
    )
    assert {each.label for each in reports} == {"simultaneous"}
    assert {(each.seed, each.recorded) for each in reports} >= {(s, step) for s in (0, 1) for step in (7, 14, 20)}
