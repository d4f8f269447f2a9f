"""Folders and stores with files of the user's: none is erased, with `--force` or without."""

import os
import shutil
from pathlib import Path

import pytest

from saddlery.sweeps import lease as leases
from saddlery.sweeps.lease import lease

RUN = ("run", "bilinear", "--steps", "2", "--seeds", "1", "--quiet", "--no-report")


def everything(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lease"}


@pytest.fixture
def theirs(tmp_path):
    folder = tmp_path / "theirs"
    (folder / "modes").mkdir(parents=True)
    for name in ("notes.txt", "zarr.json", "modes/zarr.json"):
        (folder / name).write_text("{}")
    return folder


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("address", ["theirs", "file://{}/theirs", "."])
def test_a_store_that_is_none_is_refused_and_left_as_it_is(saddlery, tmp_path, theirs, force, address):
    before = everything(theirs)
    code, _, errors = saddlery(*RUN, *force, "--out", "out", "--store", address.format(tmp_path))
    assert code == 2
    assert "holds what Saddlery did not write" in errors
    assert everything(theirs) == before


def test_a_description_alone_does_not_say_where_results_are(saddlery, tmp_path, theirs):
    assert saddlery(*RUN, "--out", "mine")[0] == 0
    described, before = Path("mine/experiment.json"), everything(theirs)
    text = described.read_text()
    for address in (str(theirs), f"file://{theirs}"):
        described.write_text(text.replace('"store": null', f'"store": "{address}"'))
        for command in (("resume", "mine", "--quiet"), ("report", "mine"), ("export", "mine")):
            code, _, errors = saddlery(*command)
            assert (code, "keeps its results outside itself" in errors) == (2, True)
    described.write_text(text)
    shutil.move("mine/results.zarr", "moved")
    Path("mine/results.zarr").symlink_to(tmp_path / "moved")
    assert saddlery("resume", "mine", "--quiet")[0] == 2
    assert everything(theirs) == before


def test_results_elsewhere_are_gone_on_with_and_shown_when_named(saddlery):
    assert saddlery(*RUN, "--out", "mine", "--store", "elsewhere.zarr")[0] == 0
    assert saddlery("report", "mine")[0] == 2
    assert saddlery("report", "mine", "--store", "elsewhere.zarr")[0] == 0
    assert saddlery("resume", "mine", "--quiet", "--no-report", "--store", "elsewhere.zarr")[0] == 0
    assert saddlery(*RUN, "--force", "--out", "mine", "--store", "elsewhere.zarr")[0] == 0


@pytest.mark.parametrize("where", ["results.zarr/notes", "results.zarr/rate/notes", "runs/notes", "runs/link"])
def test_force_removes_nothing_when_something_of_the_user_s_lies_among_it(saddlery, tmp_path, where):
    assert saddlery(*RUN, "--out", "mine")[0] == 0
    path = tmp_path / "mine" / where
    path.symlink_to(tmp_path) if path.name == "link" else path.write_text("mine")
    before = everything(tmp_path / "mine")
    code, _, errors = saddlery(*RUN, "--force", "--out", "mine")
    assert (code, path.name in errors) == (2, True)
    assert everything(tmp_path / "mine") == before
    path.unlink()
    assert saddlery(*RUN, "--force", "--out", "mine")[0] == 0


def test_force_looks_at_the_lease_before_it_deletes(saddlery, tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "SETTLING", {True: 0.01, False: 0.01})
    assert saddlery(*RUN, "--out", "mine")[0] == 0
    before = everything(tmp_path / "mine")
    with lease("mine/results.zarr", pytest.fail):
        code, _, errors = saddlery(*RUN, "--force", "--out", "mine")
        assert (code, f"being filled by process {os.getpid()}" in errors) == (1, True)
        assert everything(tmp_path / "mine") == before
