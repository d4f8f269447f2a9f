"""Folders that are claimed for an experiment."""

import dataclasses
import os
from pathlib import Path

import pytest

from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results
from saddlery.records.claims import hold
from saddlery.records.store import Store

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


def test_a_folder_with_another_experiment_is_refused_and_force_replaces_it(tmp_path):
    run(dataclasses.replace(SMALL, steps=5), tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    other = dataclasses.replace(SMALL, steps=10, key=1)
    for resume in (False, True):
        said = r"holds an(other)? experiment \(bilinear: simultaneous, extragradient; 5 st"
        with pytest.raises(FileExistsError, match=said), claimed(tmp_path, other, resume=resume):
            pass
    assert run(other, tmp_path, force=True).attrs["steps"] == 10
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_the_same_experiment_is_gone_on_with_whatever_is_said_about_it(tmp_path):
    with claimed(tmp_path, SMALL):
        pass
    with claimed(tmp_path, dataclasses.replace(SMALL, note="another note"), resume=True):
        pass
    assert Experiment.read(tmp_path) == SMALL


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NotADirectoryError, match="file is a file, expected a folder"),
        claimed(tmp_path / "file", SMALL),
    ):
        pass


def test_a_second_process_on_the_same_sweep_says_so_and_stops(saddlery):
    assert (
        saddlery("run", "bilinear", "--steps", "5", "--seeds", "1", "--quiet", "--no-report", "--out", "mine")[0] == 0
    )
    for held in (hold(Path("mine")), Store("mine/results.zarr").claimed(pytest.fail)):
        with held:
            code, printed, errors = saddlery("resume", "mine", "--quiet")
            assert (code, printed) == (1, "")
            assert f"is being filled by process {os.getpid()} on " in errors
            assert saddlery("run", "bilinear", "--force", "--out", "mine")[0] == 1
    assert open_results("mine").sizes["setting"] == 1
    assert saddlery("resume", "mine", "--quiet", "--no-report")[0] == 0
