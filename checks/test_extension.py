"""Extension of runs to more steps: the bits of a run from the start, and nothing lost wherever it is ended."""

import html
import json
import shlex
import shutil

import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results
from saddlery.records.store import Store

METHODS = ["simultaneous", "consensus(gamma=[0.5, 2.0])"]
SHORT = {"steps": 6, "seeds": 2, "every": 3}


class Killed(BaseException):
    """A kill at a certain place: nothing after it is done."""


def killed(*_, **__):
    raise Killed


def killed_at_the_second_cell(store, place, cell, write=Store.write):
    write(store, place, cell) if place == 0 else killed()


PLACES = {
    "description": ("saddlery.experiments.claimed.description.write", killed),
    "training": ("saddlery.experiments.local.train_runs", killed),
    "drop": ("saddlery.records.store.Store.drop", killed),
    "create": ("saddlery.records.store.Store._put_manifest", killed),
    "write": ("saddlery.records.store.Store.write", killed),
    "second": ("saddlery.records.store.Store.write", killed_at_the_second_cell),
}


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A finished sweep of 6 steps."""
    out = tmp_path_factory.mktemp("extension") / "short"
    sd.sweep("bilinear", METHODS, out=out, **SHORT)
    return out


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """The same sweep with 12 steps from the start."""
    out = tmp_path_factory.mktemp("extension") / "long"
    sd.sweep("bilinear", METHODS, out=out, **SHORT | {"steps": 12})
    return out


@pytest.fixture
def mine(short, tmp_path):
    shutil.copytree(short, tmp_path / "mine")
    return tmp_path / "mine"


def extend(folder, steps=12):
    return sd.sweep("bilinear", METHODS, out=folder, resume=True, seeds=2, steps=steps)


def test_an_extended_sweep_has_the_bits_of_one_from_the_start(mine, long, assert_same):
    extended = extend(mine)
    assert_same(open_results(mine), open_results(long))
    assert extended.dataset.attrs["steps"] == 12
    assert Experiment.read(mine).steps == 12
    assert Experiment.read(mine).every == 3  # as recorded, not a fiftieth of the steps
    for seed in range(2):
        one, other = (sd.load(each).run("consensus", seed, gamma=2.0).only for each in (mine, long))
        np.testing.assert_array_equal(one.players.generator, other.players.generator)
        assert one.history.drop_vars("steps_per_second").equals(other.history.drop_vars("steps_per_second"))


def test_runs_that_diverged_stay_so_when_they_are_extended(tmp_path, assert_same):
    given = {"learning_rate": [0.1, 1e4], "seeds": 1, "every": 5}
    sd.sweep("bilinear", "simultaneous", out=tmp_path / "a", steps=15, **given)
    sd.sweep("bilinear", "simultaneous", out=tmp_path / "a", steps=20, resume=True, **given)
    sd.sweep("bilinear", "simultaneous", out=tmp_path / "b", steps=20, **given)
    found = open_results(tmp_path / "a")
    assert_same(found, open_results(tmp_path / "b"))
    assert (found["diverged_at"].values >= 0).sum() == 1


@pytest.mark.parametrize("at", PLACES)
def test_wherever_it_is_killed_nothing_is_lost_and_a_resume_ends_it(mine, long, at, monkeypatch, assert_same, saddlery):
    before = open_results(mine).load()
    with monkeypatch.context() as patched:
        patched.setattr(*PLACES[at])
        with pytest.raises(Killed):
            extend(mine)
    if at in ("description", "training", "drop"):
        assert open_results(mine).load().identical(before)  # the results of fewer steps are there until then
    else:
        monkeypatch.setattr("saddlery.runs.loop.save", killed)  # all steps are in checkpoints, and none is trained
    again = ("resume", str(mine), "--no-report", "-q")
    code, _, errors = saddlery(*again, *(("--steps", "12") if at == "description" else ()))
    assert (code, errors) == (0, "")
    assert_same(open_results(mine), open_results(long))


def test_a_sweep_that_was_stopped_is_extended_too(tmp_path, long, assert_same, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(*PLACES["second"])
        with pytest.raises(Killed):
            sd.sweep("bilinear", METHODS, out=tmp_path / "a", **SHORT)
    extend(tmp_path / "a")
    assert_same(open_results(tmp_path / "a"), open_results(long))


@pytest.mark.parametrize(
    ("begun", "wanted", "said"),
    [
        ({}, {"steps": 5}, "was begun with 6; it can be resumed with as many, or with more .* got 5"),
        ({"steps": 7}, {"steps": 12}, "was begun with 7; .* a multiple of its every, 3; got 12"),
        (
            {"seeds": 33},
            {"seeds": 33, "steps": 12},
            "the 66 runs of .* cannot be extended from 6 to 12: of more than 64",
        ),
        ({}, {"steps": 12, "key": 1}, "holds an experiment"),
        ({}, {"steps": 12, "every": 2}, "holds an experiment"),
    ],
)
def test_what_cannot_be_extended_is_refused_and_why(tmp_path, begun, wanted, said):
    methods = ["simultaneous", "consensus(gamma=0.5)"]
    sd.sweep("bilinear", methods, out=tmp_path / "a", **SHORT | begun)
    before = (tmp_path / "a/run.json").read_bytes(), open_results(tmp_path / "a").load()
    with pytest.raises((ValueError, FileExistsError), match=said):
        sd.sweep("bilinear", methods, out=tmp_path / "a", resume=True, **SHORT | wanted)
    assert (tmp_path / "a/run.json").read_bytes() == before[0]
    assert open_results(tmp_path / "a").load().identical(before[1])


def test_finished_runs_without_checkpoints_are_not_extended(mine):
    shutil.rmtree(mine / "checkpoints" / "1-0")
    with pytest.raises(FileNotFoundError, match=r"cannot be extended: there is no checkpoint in checkpoints/1-0"):
        extend(mine)
    assert Experiment.read(mine).steps == 6


def test_the_command_and_the_page_of_an_extended_run_make_it_again(saddlery, tmp_path, assert_same):
    run = ("run", "ring(batch=8)", "-m", "simultaneous", "--steps", "100", "--seeds", "1", "-q")
    assert saddlery(*run, "--no-report", "--out", "mine")[0] == 0
    assert saddlery("resume", "mine", "--steps", "150", "-q")[0] == 0
    command = json.loads((tmp_path / "mine/run.json").read_text())["experiment"]["command"]
    assert command == (
        "saddlery run 'ring(batch=8)' --method simultaneous --steps 150 --seeds 1 --key 0 --every 2 --out mine"
    )
    page = (tmp_path / "mine/report.html").read_text()
    assert command in html.unescape(page.replace("<span>", "").replace("</span>", ""))
    assert open_results("mine").attrs["command"] == command
    assert saddlery(*shlex.split(command.replace("--out mine", "--out again"))[1:], "-q", "--no-report")[0] == 0
    assert_same(open_results("mine"), open_results("again"))


def test_a_finished_run_says_so_and_how_it_is_extended(saddlery, short, mine):
    before = {path: path.stat().st_mtime_ns for path in mine.glob("results.zarr/**/[!.]*")}
    code, printed, errors = saddlery("resume", str(mine), "--no-report")
    assert (code, errors) == (0, "")
    assert f"{mine} is finished, with 6 steps; extend it to more steps: saddlery resume {mine} --steps 12" in printed
    assert {path: path.stat().st_mtime_ns for path in mine.glob("results.zarr/**/[!.]*")} == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--seeds", "65", "--steps", "4"), "cannot be extended: the 65 runs of mine cannot be extended from 4 to 8"),
        (("--seeds", "1", "--steps", "5", "--every", "2"), "cannot be extended: mine was begun with 5"),
    ],
)
def test_a_finished_run_says_why_it_cannot_be_extended(saddlery, given, said):
    assert saddlery("run", "bilinear", *given, "-q", "--no-report", "--out", "mine")[0] == 0
    code, printed, errors = saddlery("resume", "mine", "--no-report", "-q")
    assert (code, errors) == (0, "")
    assert said in printed


def test_several_runs_are_not_extended_at_once(saddlery, short, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(short, tmp_path / "both" / name)
    code, _, errors = saddlery("resume", "both", "--steps", "12")
    assert (code, errors) == (2, "error: steps: both holds several runs; extend one of them: both/a, both/b\n")


def test_runs_of_training_keep_their_records_until_those_of_more_steps_are_there(tmp_path, monkeypatch, saddlery):
    parts = {"game": sd.games.bilinear(), "method": sd.methods.consensus(gamma=0.5), "key": 3, "seeds": 2}
    sd.train(**parts, steps=10, every=5, out=tmp_path / "mine")
    before = open_results("mine").load()
    with monkeypatch.context() as patched:
        patched.setattr(*PLACES["training"])
        with pytest.raises(Killed):
            sd.train(**parts, steps=20, out=tmp_path / "mine", resume=True)
    assert open_results("mine").load().identical(before)
    assert saddlery("resume", "mine", "-q", "--no-report")[::2] == (0, "")
    whole = sd.train(**parts, steps=30, every=5)
    code, _, errors = saddlery("resume", "mine", "--steps", "30", "-q", "--no-report")
    assert (code, errors) == (0, "")
    found = sd.load("mine").run()
    assert found.history.drop_vars("steps_per_second").equals(whole.history.drop_vars("steps_per_second"))
    code, printed, _ = saddlery("resume", "mine", "-q", "--no-report")
    assert "mine is finished, with 30 steps; extend it to more steps: saddlery resume mine --steps 60" in printed
    code, _, errors = saddlery("resume", "mine", "--steps", "20", "-q")
    assert (code, errors.count("\n")) == (2, 1)
    assert "steps: mine was begun with 30" in errors


def test_a_store_damaged_while_it_is_extended_is_made_anew(mine, long, monkeypatch, assert_same):
    with monkeypatch.context() as patched:
        patched.setattr(*PLACES["training"])
        with pytest.raises(Killed):
            extend(mine)
    manifest = mine / "results.zarr/saddlery/manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"steps": 6', b'"steps": 7'))
    with pytest.warns(UserWarning, match="is damaged.*written anew"):
        extend(mine)
    assert_same(open_results(mine), open_results(long))
