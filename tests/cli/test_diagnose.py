"""`saddlery diagnose`, from the run to the page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checks.watch import watched_folder

import saddlery.diagnosis.page as page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a game that circles under one method and comes to rest under another."""
    from saddlery.cli import main

    made = tmp_path_factory.mktemp("runs") / "mine"
    command = ["run", "bilinear", "-m", "alternating", "-m", "extragradient", "--learning-rate", "0.1"]
    assert main([*command, "--steps", "100", "--seeds", "2", "--quiet", "--no-report", "--out", str(made)]) == 0
    return made


@pytest.mark.long
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


LOG = "step,g_loss,d_loss,lr\n" + "".join(f"{50 * i},{0.7 + 0.1 * (i % 3)},1.38,0.001\n" for i in range(100))


def watched(path):
    """The folder of a training that was watched in PyTorch."""
    row = {f"{player}_{what}": 1.0 for player in ("generator", "discriminator") for what in ("norm", "update", "size")}
    report = {"departures": ["[red]spread[/] is 2 since step 50"]}
    return watched_folder(path, [row | {"generator_loss": 0.7 + 0.01 * i, "spread": 0.5} for i in range(20)], report)


def test_a_log_says_what_it_can_and_what_it_cannot(saddlery):
    Path("losses.csv").write_text(LOG)
    code, printed, errors = saddlery("diagnose", "--csv", "losses.csv")
    assert (code, errors) == (0, "")
    lines = printed.splitlines()
    assert lines[:3] == [
        "losses.csv: 100 records, steps 0 to 4,950, 50 apart",
        "Taken: step from step, generator_loss from g_loss, discriminator_loss from d_loss",
        "Ignored: lr",
    ]
    assert lines[3].startswith("undecided: every number is finite to step 4,950")
    told = " ".join(printed.split())
    for text in ("What was measured Value What it means", "generator's loss 0.8 → 0.8", "alarm W05 did not ring",
                 "How sure: Nothing is concluded", "What this cannot say, and what would:",
                 "- whether samples are diverse or have collapsed: watch.note(samples=…, real=…)"):  # fmt: skip
        assert text in told
    assert "Report" not in printed
    assert [path.name for path in Path().iterdir()] == ["losses.csv"]


def test_columns_and_runs_are_named_by_options(saddlery, mistake):
    Path("losses.csv").write_text("n,train/aeloss,train/g_loss,disc\n" + "".join(f"{i},0.5,0.6,1\n" for i in range(9)))
    assert "train/aeloss, train/g_loss; choose one: --generator-loss 'train/aeloss'" in mistake(
        "diagnose", "--csv", "losses.csv"
    )
    named = ("--generator-loss", "train/aeloss", "--discriminator-norm", "disc", "--step-column", "n")
    code, printed, _ = saddlery("diagnose", "--csv", "losses.csv", *named)
    assert code == 0
    assert "Taken: step from n, generator_loss from train/aeloss, discriminator_norm from disc" in printed
    Path("losses.csv").write_text("Step,[b]a - g_loss,b - g_loss\n" + "".join(f"{i},0.5,0.6\n" for i in range(9)))
    code, printed, _ = saddlery("diagnose", "--csv", "losses.csv", "--run", "[b]a")
    assert (code, printed.splitlines()[0]) == (0, "losses.csv, run [b]a: 9 records, steps 0 to 8, 1 apart")


def test_a_watched_training_says_what_it_can_and_what_it_cannot(saddlery, tmp_path):
    folder = watched(tmp_path / "mine")
    code, printed, errors = saddlery("diagnose", str(folder))
    assert (code, errors) == (0, "")
    told = " ".join(printed.split())
    assert "mine, mine, watched in PyTorch: 20 records, steps 50 to 1,000, 50 apart undecided: " in told
    for text in ("samples' spread 0.5 → 0.5", "balance of steps × 1", "beyond the reference [red]spread[/]",
                 "- how good the samples are: measure them beside real ones"):  # fmt: skip
        assert text in told
    assert "whether samples are diverse" not in told
    assert not (folder / "diagnosis").exists()
    (folder / "report.json").unlink()
    assert "beyond the reference" not in saddlery("diagnose", str(folder))[1]
    (folder / "report.json").write_text("{")
    assert saddlery("diagnose", str(folder))[::2] == (
        2,
        f"error: {folder}/report.json is damaged: it is no report of a watched training\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the folder of a run, or a log: saddlery diagnose RUN, saddlery diagnose --csv LOG"),
        (("mine", "--csv", "losses.csv"), "--csv: got losses.csv and the folder mine; give one of the two"),
        (("--csv", "losses.csv", "--verify"), "--verify: of a log nothing can be trained on, and no page is written"),
        (("--csv", "losses.csv", "--out", "x"), "--out: of a log nothing can be trained on, and no page is written"),
        (("--csv", "losses.csv", "--seed", "0"), "--seed: of a log nothing can be trained on"),
        (("--csv", "nowhere.csv"), "there is no nowhere.csv"),
        (("--csv", "."), "holds neither event files of TensorBoard nor a file of CSV"),
        (("--csv", "/dev/null"), "/dev/null cannot be read: /dev/null is not a regular file"),
        (("mine", "--generator-loss", "x"), "--generator-loss: it goes with --csv"),
    ],
)
def test_mistakes_with_logs_are_named_in_one_line(mistake, arguments, said):
    assert said in mistake("diagnose", *arguments)


@pytest.mark.parametrize("option", ["--verify", "--steps=100", "--seeds=3", "--method=x", "--out=here"])
def test_of_a_watched_training_nothing_is_trained(saddlery, tmp_path, option):
    folder = watched(tmp_path / "mine")
    assert saddlery("diagnose", str(folder), option)[::2] == (
        2,
        f"error: {option.partition('=')[0]}: {folder} was watched in PyTorch; of its records nothing can be trained "
        "on, and no page is written\n",
    )


def test_records_are_diagnosed_without_jax_or_pytorch(tmp_path):
    (tmp_path / "losses.csv").write_text(LOG)
    folder = watched(tmp_path / "mine")
    program = (
        "import sys; from saddlery.cli import main\n"
        f"assert main(['diagnose', '--csv', {str(tmp_path / 'losses.csv')!r}]) == 0\n"
        f"assert main(['diagnose', {str(folder)!r}]) == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"jax", "torch", "equinox", "optax", "matplotlib"} & {*ended.stderr.split()} == set()
