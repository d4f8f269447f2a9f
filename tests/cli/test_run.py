"""From `run` through being stopped, killed and resumed to the report."""

import shlex
import shutil
from pathlib import Path

import pytest
from checks.house import PLACES, build, lost

from saddlery.cli.run import _free_folder
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results

# Long enough to be interrupted in its middle: a checkpoint after every chunk, a record after every thousandth.


@pytest.mark.long
def test_a_small_run_ends_with_the_table_the_folder_and_the_report(saddlery, assert_same):
    command = ("run", "ring(batch=16)", "-m", "simultaneous", "-m", "alternating", "--steps", "4", "--seeds", "2")
    code, printed, errors = saddlery(*command, "--every", "2", "--preset", "numerics", "--out", "my runs")
    assert code == 0
    assert "error" not in errors
    for word in ("simultaneous", "alternating", "Results: my runs", "Report: my runs/report.html"):
        assert word in printed
    assert Path("my runs/report.html").stat().st_size > 10_000
    results = open_results("my runs")
    assert results.sizes["setting"] == results.sizes["seed"] == 2
    assert results.attrs["game"] == "ring(batch=16, preset='numerics')"
    again = shlex.split(results.attrs["command"])
    assert again[:2] == ["saddlery", "run"]
    assert Experiment.read(Path("my runs")).command == results.attrs["command"]

    assert saddlery(*again[1:], "--force", "--quiet", "--no-report")[0] == 0
    assert_same(open_results("my runs"), results)

    assert not Path("my runs/report.html").exists()  # it was the other experiment's
    assert saddlery("report", "my runs")[0] == 0
    assert Path("my runs/report.html").exists()
    assert saddlery("resume", "my runs", "--no-report")[0] == 0  # nothing left to do


def test_a_run_that_diverges_is_a_result(saddlery):
    command = ("run", "bilinear", "-m", "simultaneous(learning_rate=1e6)", "--steps", "60", "--seeds", "2")
    code, _, _ = saddlery(*command, "--quiet", "--no-report", "--out", "mine")
    assert code == 0
    assert (open_results("mine")["diverged_at"] > 0).all()


def test_without_out_a_new_folder_is_chosen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _free_folder("ring") == Path("runs/ring")
    for name in ("ring", "ring-2"):
        Path("runs", name).mkdir(parents=True)
    assert _free_folder("ring") == Path("runs/ring-3")


@pytest.mark.filterwarnings("default")
def test_a_damaged_checkpoint_is_named_and_done_without(saddlery, assert_same):
    command = ("run", "bilinear", "--steps", "10", "--seeds", "1", "--quiet", "--no-report", "--out", "mine")
    assert saddlery(*command)[0] == 0
    before = open_results("mine")
    shutil.rmtree("mine/results.zarr")
    (checkpoint,) = Path("mine").glob("checkpoints/*/step-*")
    (checkpoint / "digests.json").write_text("{")
    code, _, errors = saddlery("resume", "mine", "--quiet", "--no-report")
    assert code == 0
    assert errors.startswith(f"warning: the checkpoint {checkpoint} is damaged")
    assert_same(open_results("mine"), before)


def test_a_disk_that_fills_up_while_running_is_named_with_what_is_kept(saddlery, monkeypatch):
    from saddlery.runs import checkpoints

    def full(folder, step, tree, *_, **__):
        raise OSError(f"the checkpoint of step {step} could not be written to {folder}: no space left")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save", full)
        code, _, errors = saddlery("run", "bilinear", "--steps", "10", "--seeds", "1", "--quiet", "--out", "mine")
    assert code == 1
    assert errors.startswith("error: the checkpoint of step 10 could not be written to mine")
    assert errors.endswith("what was written so far is kept in mine, continue with: saddlery resume mine\n")
    assert saddlery("resume", "mine", "--quiet", "--no-report")[0] == 0


@pytest.mark.filterwarnings("default")
def test_nothing_of_the_user_s_is_lost_whatever_lies_where_it_is_to_run(saddlery, tmp_path):
    made = tmp_path / "made"
    assert saddlery("run", "bilinear", "--steps", "2", "--seeds", "1", "--quiet", "--out", str(made))[0] == 0
    (tmp_path / "home").mkdir()
    theirs = build(tmp_path / "home", made)
    for out in PLACES:
        with pytest.MonkeyPatch.context() as patched:
            code, wrong = lost(tmp_path / "home", theirs, "run", (out, "", ["--force"]), patched)
        assert (code in (0, 1, 2), wrong) == (True, set()), out
