"""A home folder with a place of each kind, and what of it must be there after any command."""

import os
import shutil

import numpy as np
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


def build(home, made):
    """Fill a home folder with a place of each kind, `mine` like the experiment `made`: what in it is the user's."""
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
    for name in ("results.zarr/notes", "checkpoints/notes", "figures/notes", "notes"):
        (home / "mixed" / name).write_text("mine")
        theirs[home / "mixed" / name] = b"mine"
    (home / "mixed" / "report.html").write_text("edited by the user")
    theirs[home / "mixed" / "report.html"] = b"edited by the user"
    return theirs


def lost(home, theirs, command, arguments, monkeypatch):
    """Run a command there: its exit code, and what of the user's is changed or gone."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SADDLERY_CACHE", str(home / "cache"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", os.environ.get("JAX_COMPILATION_CACHE_DIR", ""))
    code = main(COMMANDS[command](*arguments))
    now = everything(home)
    return code, {path for path in theirs if now.get(path) != theirs[path]}
