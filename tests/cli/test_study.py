"""`saddlery study`: it finds the study and its page, and refuses what there is none of."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from saddlery.cli.study import _lines
from saddlery.records.lease import Held
from saddlery.studies.study import STUDIES


class MadeUp:
    """A study that notes how it was called."""

    scales = ("tiny", "quick", "paper")

    def __init__(self):
        self.calls = []

    def run(self, folder, scale, progress):
        self.calls.append((folder, scale))
        if progress:
            progress(1, 2)
        folder.mkdir(parents=True, exist_ok=True)
        return "results"

    def page(self, results, folder):
        assert results == "results"
        return folder / "report.html"


@pytest.fixture
def made_up(monkeypatch):
    study = MadeUp()
    monkeypatch.setitem(STUDIES, "made-up", "made_up:study")
    monkeypatch.setitem(sys.modules, "saddlery.studies.made_up", SimpleNamespace(study=study))
    return study


def test_a_study_is_run_and_its_page_written(saddlery, made_up):
    assert saddlery("study", "made-up")[:2] == (0, "Results: runs/made-up\nReport: runs/made-up/report.html\n")
    assert saddlery("study", "made-up", "--scale", "paper", "--out", "here", "--quiet")[0] == 0
    assert made_up.calls == [(Path("runs/made-up"), "quick"), (Path("here"), "paper")]


def test_progress_is_a_line_in_ten_seconds_with_what_is_left(monkeypatch, capsys):
    clock = iter([0.0, 1.0, 20.0, 25.0, 40.0])
    monkeypatch.setattr(sys.modules[_lines.__module__], "time", SimpleNamespace(monotonic=lambda: next(clock)))
    report = _lines("atlas")
    for done in (10, 20, 30, 40):
        report(done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "atlas: 20% (20 of 100), 2 min 40 s left",
        "atlas: 40% (40 of 100), 1 min 20 s left",
    ]


def test_being_stopped_says_how_to_go_on(saddlery, made_up, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(made_up, "run", stopped)
    code, _, errors = saddlery("study", "made-up", "--out", "here")
    assert (code, errors) == (130, "error: stopped; the same command goes on with what is in here\n")


@pytest.mark.parametrize("error", [Held("another process is at it"), FileExistsError("here holds another sweep")])
def test_a_folder_that_is_not_to_be_had_is_no_traceback(saddlery, made_up, monkeypatch, error):
    def refused(*_):
        raise error

    monkeypatch.setattr(made_up, "run", refused)
    assert saddlery("study", "made-up")[::2] == (1, f"error: {error}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("atlsa",), "unknown study 'atlsa'; did you mean 'atlas'? Allowed: architectures, atlas, best-response, "),
        (("atlas", "--scale", "papre"), "unknown scale 'papre'; did you mean 'paper'?"),
        (("atlas", "--out", "file"), "file is a file, expected a folder"),
    ],
)
def test_mistakes_are_named_before_anything_runs(mistake, arguments, said):
    Path("file").write_text("")
    assert said in mistake("study", *arguments)
