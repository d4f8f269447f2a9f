"""Whatever is asked of any command that writes: no file that Saddlery did not write is changed or gone afterwards."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from saddlery.cli import main

RUN = ("--steps", "2", "--seeds", "1", "--quiet", "--no-report")
PLACES = ("missing", "empty", "file", "foreign", "link", "dangling", "mine", "mixed", ".", "~")
COMMANDS = {
    "run": lambda out, other, force: ["run", "bilinear", *RUN, *force, "--out", out],
    "run --store": lambda out, other, force: ["run", "bilinear", *RUN, *force, "--out", out, "--store", other],
    "run --store file://": lambda out, other, force: [
        "run", "bilinear", *RUN, *force, "--out", out, "--store", f"file://{os.path.abspath(other)}"
    ],
    "run --data": lambda out, other, force: [
        "run", f"images(data={other!r}, size=4, batch=2)", *RUN, *force, "--out", out
    ],
    "resume": lambda out, other, force: ["resume", out, "--quiet"],
    "resume --store": lambda out, other, force: ["resume", out, "--store", other, "--quiet"],
    "report": lambda out, other, force: ["report", out],
    "export": lambda out, other, force: ["export", "mine", "--out", out],
    "sample": lambda out, other, force: ["sample", "mine", "-n", "4", "--out", f"{out}.npy"],
    "diagnose": lambda out, other, force: ["diagnose", "mine", "--steps", "20", "--quiet", "--out", out],
    "demo": lambda out, other, force: ["demo", "--scale", "small", "--quiet", *force, "--out", out],
    "study": lambda out, other, force: ["study", "pairwise", "--quiet", "--out", out],
    "data get": lambda out, other, force: ["data", "get", "mnist", "--quiet", "--folder", out],
}  # fmt: skip


def foreign(folder):
    """A folder of the user's, with names that Saddlery uses itself."""
    (folder / "figures").mkdir(parents=True)
    (folder / "results.zarr").mkdir()
    for name in ("notes.txt", "report.html", "figures/a.svg", "results.zarr/zarr.json", "run.json", "ring", "digits"):
        (folder / name).write_text(f"mine: {name}")
    (folder / "train-images-idx3-ubyte.gz").write_text("mine")
    (folder / "link").symlink_to("notes.txt")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(folder / "b.png")


def everything(folder):
    """What is in a folder: links as they are, files by their content."""
    return {
        path: os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An experiment of Saddlery's, with its report, copied for each example."""
    folder = tmp_path_factory.mktemp("made") / "mine"
    assert main(["run", "bilinear", "--steps", "2", "--seeds", "1", "--quiet", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory, made):
    """`house()`: a new home folder with a place of each kind, and what in it is the user's."""

    def build():
        home = tmp_path_factory.mktemp("home")
        (home / "empty").mkdir()
        foreign(home / "foreign")
        foreign(home / "cache" / "images")
        (home / "file").write_text("mine")
        (home / "file.npy").write_text("mine")
        (home / "link").symlink_to("foreign")
        (home / "dangling").symlink_to("nowhere")
        theirs = everything(home)
        shutil.copytree(made, home / "mine")
        shutil.copytree(made, home / "mixed")
        for name in ("results.zarr/notes", "runs/notes", "figures/notes", "notes"):
            (home / "mixed" / name).write_text("mine")
            theirs[home / "mixed" / name] = b"mine"
        (home / "mixed" / "report.html").write_text("edited by the user")
        theirs[home / "mixed" / "report.html"] = b"edited by the user"
        return home, theirs

    return build


def check(house, command, arguments, monkeypatch):
    home, theirs = house()
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SADDLERY_CACHE", str(home / "cache"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", os.environ.get("JAX_COMPILATION_CACHE_DIR", ""))
    code = main(COMMANDS[command](*arguments))
    assert code in (0, 1, 2)
    now = everything(home)
    assert {path: now.get(path) for path in theirs} == theirs, (command, arguments, code)
    return code


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("demo", "study")])
@settings(max_examples=6, deadline=None)
@given(out=st.sampled_from(PLACES), other=st.sampled_from(PLACES), force=st.sampled_from([[], ["--force"]]))
def test_nothing_of_the_user_s_is_lost(house, command, out, other, force):
    with pytest.MonkeyPatch.context() as patched:
        check(house, command, (out, other, force), patched)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", ["demo", "study"])
@pytest.mark.parametrize("out", ["file", "foreign", "link", "dangling"])
def test_nor_by_commands_that_train_for_minutes(house, command, out, monkeypatch):
    """Places where they must not even begin."""
    assert check(house, command, (out, "", ["--force"] if command == "demo" else []), monkeypatch) in (1, 2)


def test_a_folder_received_from_somebody_cannot_name_another_to_be_filled(house, monkeypatch, capsys):
    """Neither by the store that its description names nor by a link in the place of its own."""
    home, theirs = house()
    monkeypatch.chdir(home)
    described = Path("mine", "run.json")
    text = described.read_text()
    assert '"store": null' in text
    for address in (str(home / "foreign"), str(home / "empty"), f"file://{home}/foreign"):
        described.write_text(text.replace('"store": null', f'"store": "{address}"'))
        for command in (["resume", "mine", "--quiet"], ["report", "mine"], ["export", "mine"]):
            assert main(command) == 2
            assert "keeps its results outside itself" in capsys.readouterr().err
    described.write_text(text)
    shutil.move("mine/results.zarr", "moved")
    Path("mine/results.zarr").symlink_to(home / "moved")
    assert main(["resume", "mine", "--quiet"]) == 2
    assert not list((home / "empty").iterdir())
    now = everything(home)
    assert {path: now.get(path) for path in theirs} == theirs


def test_force_while_another_process_fills_the_folder_touches_nothing(house, monkeypatch, capsys):
    from saddlery.records.claims import hold

    home, _ = house()
    monkeypatch.chdir(home)
    with hold(home / "mine"):
        before = everything(home / "mine")
        assert main(["run", "bilinear", *RUN, "--force", "--out", "mine"]) == 1
        assert f"is being filled by process {os.getpid()}" in capsys.readouterr().err
        assert everything(home / "mine") == before
