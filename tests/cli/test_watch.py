"""`saddlery watch`: runs that are finished, under way, stopped and damaged."""

import importlib
import subprocess
import sys

import pytest

import saddlery as sd
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import train_settings
from saddlery.experiments.experiment import Experiment
from saddlery.records import live
from saddlery.records.claims import hold

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5)


@pytest.fixture
def finished(tmp_path, saddlery):
    """A folder whose two settings are finished."""
    words = ("bilinear", "-m", "simultaneous", "-m", "extragradient", "--steps", "20", "--every", "5", "--seeds", "2")
    assert saddlery("run", *words, "--out", "a", "--quiet", "--no-report")[0] == 0
    return tmp_path / "a"


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A folder of runs that were killed after half of their steps."""
    monkeypatch.setattr(live, "FLUSH_SECONDS", 0.0)

    def die(_, label, progress):
        if label == "extragradient" and progress.step >= 10:
            raise RuntimeError("killed")

    with claimed(tmp_path / "a", SMALL), pytest.raises(RuntimeError, match="killed"):
        train_settings(prepare(SMALL), tmp_path / "a", die)
    return tmp_path / "a"


def test_of_a_finished_run_the_curves_are_printed_once(finished, saddlery):
    code, printed, errors = saddlery("watch", "a")
    assert (code, errors) == (0, "")
    lines = printed.splitlines()
    assert lines[0] == "a: bilinear, 100% of 4 runs of 20 steps; 2 of 2 settings finished; finished"
    assert "Generator's loss" in lines[1]
    last = sd.load(finished).dataset["generator_norm"].isel(setting=1, step=-1).values
    assert sum(line.startswith(("simultaneous", "extragradient")) for line in lines) == 2
    assert f"{sum(last) / 2:.3g}  ({last[0]:.3g}, {last[1]:.3g})" in printed
    assert any(0x2800 < ord(each) < 0x2900 for each in printed)


def test_of_a_run_under_way_its_share_is_told_and_that_it_goes_on(stopped, saddlery):
    with hold(stopped):
        code, printed, _ = saddlery("watch", "a", "--once")
    assert code == 0
    heading = printed.splitlines()[0]
    assert "of 4 runs of 20 steps" in heading
    assert "stopped" not in heading
    assert 0 < int(heading.split("%")[0].split()[-1]) < 100


def test_of_a_stopped_run_it_is_told_how_to_go_on(stopped, saddlery):
    code, printed, _ = saddlery("watch", "a")
    assert code == 0
    assert "; stopped, continue with: saddlery resume a" in printed.splitlines()[0]
    assert saddlery("resume", "a", "--quiet", "--no-report")[0] == 0
    assert "100% of 4 runs" in saddlery("watch", "a")[1]


def test_a_terminal_is_drawn_anew_until_the_runs_have_ended(stopped, monkeypatch):
    import rich.console

    class Terminal(rich.console.Console):
        is_terminal = True

    monkeypatch.setattr(rich.console, "Console", lambda **settings: Terminal(force_terminal=True, width=100, height=30))
    watch = importlib.import_module("saddlery.cli.watch")
    monkeypatch.setattr(watch, "SECONDS", 0.01)
    looks, looked = [], watch.looked

    def look(folder, store):
        if len(looks) == 2:
            running.__exit__(None, None, None)
        looks.append(looked(folder, store))
        return looks[-1]

    running = hold(stopped)
    running.__enter__()
    monkeypatch.setattr(watch, "looked", look)
    watch.watch(stopped)
    assert [any(view.under_way for view in views) for views in looks] == [True, True, False]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "there is no folder a"),
        (lambda folder: folder.mkdir(), "a holds no runs"),
        (lambda folder: (folder.mkdir(), (folder / "run.json").write_text("{")), "a/run.json"),
    ],
)
def test_a_folder_without_runs_is_refused_in_one_line(tmp_path, saddlery, make, said):
    make(tmp_path / "a")
    code, printed, errors = saddlery("watch", "a")
    assert (code, printed) == (2, "")
    assert errors.startswith(f"error: {said}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("part", ["live/*.jsonl", "results.zarr/saddlery/manifest.json"])
def test_a_damaged_folder_is_named(stopped, saddlery, part):
    path = sorted(stopped.glob(part))[0]
    path.write_bytes(path.read_bytes().replace(b'"', b"'", 4))
    code, printed, errors = saddlery("watch", "a")
    assert (code, printed) == (2, "")
    assert "damaged" in errors
    assert errors.count("\n") == 1


def test_a_run_that_has_begun_without_records_is_waited_for(tmp_path, saddlery):
    with claimed(tmp_path / "a", SMALL):
        assert saddlery("watch", "a")[1] == "a: begun; no records yet\n"
    code, _, errors = saddlery("watch", "a")
    assert code == 2
    assert "not finished; continue with: saddlery resume a" in errors


def test_watching_loads_no_jax(finished):
    program = "from saddlery.cli import main\nimport sys\nmain(['watch', sys.argv[1]])\nprint('jax' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program, str(finished)], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "False"
    assert "extragradient" in ended.stdout
