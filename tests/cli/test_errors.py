"""Mistakes of the user's: one clear line, exit code 2, and nothing written."""

import pytest

MISTAKES = {
    ("run", "rong"): "unknown game 'rong'; did you mean 'ring'? Allowed: bilinear, coloured, digits, dirac,",
    ("run", "ring", "-m", "consensos"): "unknown method 'consensos'; did you mean 'consensus'? Allowed: adaptive_comp",
    ("run", "ring", "--loss", "hing"): "unknown loss 'hing'; did you mean 'hinge'? Allowed:",
    ("run", "ring", "--preset", "numerik"): "unknown preset 'numerik'; did you mean 'numerics'? Allowed:",
    ("run", "ring(bach=3)"): "unknown argument of ring 'bach'; did you mean 'batch'? Allowed:",
    ("run", "ring", "-m", "unrolled(step=3)"): "unknown argument of unrolled 'step'; did you mean 'steps'?",
    ("run", "ring", "--stepz", "3"): "No such option: --stepz",
    ("run", "ring(batch='x')"): "batch: got 'x', expected a whole number",
    ("run", "ring(std=-1.0)"): "std: got -1.0, expected a number above 0",
    ("run", "ring", "-m", "unrolled(steps=-1)"): "steps: got -1, expected a whole number from 0 to 10000",
    ("run", "ring", "-m", "unrolled(steps=2.5)"): "steps: got 2.5, expected a whole number",
    ("run", "ring", "-m", "consensus(gamma='x')"): "gamma: got 'x', expected a number",
    ("run", "ring", "-m", "clipped(value='x')"): "value: got 'x', expected a number",
    ("run", "ring(8)"): "'ring(8)': arguments are named, such as steps=10",
    ("run", "ring("): "'ring(' cannot be read: expected a name or a call",
    ("run", "print(ring)"): "'print(ring)': arguments are named",
    ("run", "ring(loss='hinge')", "--loss", "hinge"): "loss: given both in \"ring(loss='hinge')\" and as --loss",
    ("run", "ring", "-m", "alternating", "-m", "alternating"): "methods: alternating is given more than once",
    ("run", "ring", "--steps", "0"): "steps: got 0, expected a whole number, 1 or more",
    ("run", "ring", "--steps", "many"): "Invalid value for '--steps'",
    ("run", "ring", "--seeds", "-1"): "seeds: got -1, expected a whole number, 1 or more",
    ("run", "ring", "--every", "0"): "every: got 0, expected a whole number, 1 or more",
    ("run", "ring", "--key", "-1"): "key: got -1, expected a whole number from 0",
    ("run", "ring", "--average", "1"): "average: got 1.0, expected a number of 0 or more and below 1",
    ("run", "ring", "--learning-rate", "nan"): "learning_rate: got nan, expected a number",
    ("run", "ring", "--checkpoint-seconds", "-1"): "Invalid value for '--checkpoint-seconds'",
    ("run", "ring", "--generator-optimiser", "adm"): "unknown optimiser 'adm'; did you mean 'adam'?",
    ("run", "ring", "--discriminator-optimiser", "adam(lr=1)"): "unknown argument of adam 'lr'",
    ("run", "ring", "--schedule", "alternate"): "unknown schedule 'alternate'; did you mean 'alternating'?",
    ("run", "quadratic"): "quadratic needs A, B, C",
    ("run",): "Missing argument",
    ("rnu", "ring"): "No such command 'rnu'",
    ("resume", "nowhere"): "there is no folder nowhere",
    ("report", "nowhere"): "there is no folder nowhere",
    ("report", "."): ". holds no runs",
    ("list", "gamez"): "unknown list 'gamez'; did you mean 'games'?",
    ("demo", "--scale", "big"): "unknown scale 'big'. Allowed: full, small",
}


@pytest.mark.parametrize(("command", "said"), MISTAKES.items(), ids=map(" ".join, MISTAKES))
def test_a_mistake_is_named_in_one_line_before_anything_is_written(mistake, command, said):
    assert said in mistake(*command)


def test_a_folder_with_another_experiment_is_refused_without_force(saddlery):
    from pathlib import Path

    from saddlery.experiments.claimed import claimed
    from saddlery.experiments.experiment import Experiment

    with claimed(Path("mine"), Experiment("bilinear", ("alternating",), steps=3)):
        pass
    code, _, errors = saddlery("run", "bilinear", "--out", "mine")
    assert code == 2
    assert "mine holds an experiment (bilinear: alternating; 3 steps, 4 seeds)" in errors
    assert "--force" in errors
    assert saddlery("report", "mine")[::2] == (
        2,
        "error: the experiment in mine is not finished; continue with: saddlery resume mine\n",
    )


def test_a_file_in_the_folder_s_place_is_refused(saddlery, tmp_path):
    (tmp_path / "file").write_text("")
    assert saddlery("run", "bilinear", "--out", "file")[::2] == (2, "error: file is a file, expected a folder\n")


def test_damaged_descriptions_and_other_versions_are_named(saddlery, tmp_path):
    (tmp_path / "run.json").write_text("{")
    assert saddlery("resume", ".")[::2] == (
        2,
        "error: run.json is damaged: it is no description of runs\n",
    )
    (tmp_path / "run.json").write_text('{"format": 99}')
    code, _, errors = saddlery("resume", ".")
    assert code == 2
    assert "format 99, this version of Saddlery reads format 6" in errors


def test_a_folder_that_cannot_be_written_is_a_failure_not_a_mistake(saddlery, monkeypatch):
    from saddlery.records import storage

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(storage, "write", full)
    code, _, errors = saddlery("run", "bilinear", "--out", "mine")
    assert (code, errors) == (1, "error: mine cannot be written: No space left on device\n")


def test_a_fault_of_saddlery_s_own_is_said_to_be_one_and_shown_when_asked_for(saddlery, monkeypatch):
    from saddlery.experiments import built

    def broken(*_, **__):
        raise ZeroDivisionError("in the middle")

    monkeypatch.setattr(built, "prepare", broken)
    code, _, errors = saddlery("run", "bilinear", "--out", "mine")
    assert (code, errors) == (
        1, "error: a fault in Saddlery: ZeroDivisionError: in the middle; SADDLERY_DEBUG=1 shows where\n"
    )  # fmt: skip
    monkeypatch.setenv("SADDLERY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        saddlery("run", "bilinear", "--out", "mine")


def test_labels_that_are_no_formulas_break_no_figure(saddlery, tmp_path):
    import numpy as np
    from PIL import Image

    folder = tmp_path / "$x^{$\x1b[31m"
    folder.mkdir()
    for i in range(2):
        Image.fromarray(np.full((4, 4, 3), 100 * i, np.uint8)).save(folder / f"{i}.png")
    game = f"images(data={str(folder)!r}, size=8, network='mlp(width=2)', batch=2, noise=2)"
    code, printed, errors = saddlery("run", game, "--steps", "1", "--seeds", "1", "--quiet", "--out", "mine")
    assert code == 0, errors
    assert "\x1b" not in printed
    page = (tmp_path / "mine" / "report.html").read_text()
    assert "$x^{$" in page
    assert "\x1b" not in page
