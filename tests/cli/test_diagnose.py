"""`saddlery diagnose`, from the run to the page."""

import json
import re
from pathlib import Path

import pytest

import saddlery.diagnosis.page as page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a game that circles under one method and comes to rest under another."""
    from saddlery.cli import main

    made = tmp_path_factory.mktemp("runs") / "mine"
    command = ["run", "bilinear", "-m", "alternating", "-m", "extragradient", "--learning-rate", "0.1"]
    assert main([*command, "--steps", "100", "--seeds", "2", "--quiet", "--no-report", "--out", str(made)]) == 0
    return made


def test_a_run_that_cycles_is_told_so_and_what_helps(saddlery, folder):
    code, printed, _ = saddlery("diagnose", str(folder), "--verify", "--seeds", "2", "--steps", "400", "--quiet")
    assert code == 0
    lines = printed.splitlines()
    assert lines[0] == "bilinear, alternating, seed 0, at step 100"
    assert lines[1].startswith("cycling: it circles the equilibrium")
    for word in ("What was measured", "eigenvalues of J", "0 ± 1i", "rotation along v", "multiplier of the update"):
        assert word in printed
    assert "RECOMMENDED: consensus(gamma=1)" in printed
    told = " ".join(printed.split())
    assert "confirmed it on 3 independently trained checkpoints: consensus(gamma=1)." in told
    for heading in (
        "Why: ",
        "It could also be: ",
        "What to change: ",
        "Command: saddlery run bilinear --method ",
        "How sure: ",
    ):
        assert heading in told
    assert "The first of 2 settings; by --method also: extragradient; or best" in printed
    assert f"Report: {folder / 'diagnosis' / 'report.html'}" in printed
    assert {path.name for path in (folder / "diagnosis" / "figures").glob("*.svg")} == {
        "norms.svg",
        "losses.svg",
        "path.svg",
        "spectrum.svg",
        "verified.svg",
    }
    held = json.loads((folder / "diagnosis" / "diagnosis.json").read_text())
    assert held["verdict"] == "cycling"
    assert {"RECOMMENDED", "screened by one short run"} <= {each["status"] for each in held["advice"]}
    assert held["clear"] is False
    assert sorted(held["eigenvalues"]) == [[pytest.approx(0, abs=1e-6), sign] for sign in (-1, 1)]


def test_a_run_that_converges_is_left_as_it_is(saddlery, folder):
    code, printed, _ = saddlery(
        "diagnose", str(folder), "--method", "extragradient", "--seed", "1", "--steps", "400", "--out", "here"
    )
    assert code == 0
    assert printed.startswith(
        "bilinear, extragradient, seed 1, at step 100\nconverging: the distance to the equilibrium halves"
    )
    assert "Nothing to change" in printed
    written = Path("here/report.html").read_text()
    assert "<h1>Diagnosis: converging</h1>" in written
    assert re.findall(r'(?:src|href)="(?!data:|#)', written) == []  # it opens without a network


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "extragradeint"), "unknown method of this run 'extragradeint'; did you mean 'extragradient'?"),
        (("--seed", "2"), "seed: got 2, expected a whole number from 0 to 1"),
        (("--steps", "5"), "steps: got 5, expected a whole number, 80 or more"),
        (("--verify", "--seeds", "1"), "seeds: got 1, expected a whole number, 2 or more"),
    ],
)
def test_mistakes_are_named_in_one_line(mistake, folder, arguments, said):
    assert said in mistake("diagnose", str(folder), *arguments)


def test_what_is_no_run_is_refused(saddlery):
    assert saddlery("diagnose", "nowhere")[::2] == (
        2,
        "error: nowhere holds no runs: there is no nowhere/run.json\n",
    )


def test_a_folder_that_cannot_be_written_is_a_failure(saddlery, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page.storage, "write", full)
    code, _, errors = saddlery("diagnose", str(folder), "--steps", "100", "--out", "here")
    assert (code, errors) == (1, "error: here cannot be written: No space left on device\n")
