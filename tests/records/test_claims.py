"""Claims: folders that are made Saddlery's own, and what is never taken."""

import os
import subprocess
import sys

import pytest

from saddlery.records import storage
from saddlery.records.claims import claim, hold, local_folder
from saddlery.records.locks import Held, lock
from saddlery.records.storage import LOCK, MARK


def test_a_folder_that_is_not_there_or_empty_is_made_saddlery_s(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("new/deep", "empty"):
        with hold(tmp_path / name):
            assert {path.name for path in (tmp_path / name).iterdir()} == {MARK, LOCK}
        with hold(tmp_path / name):
            pass


def test_a_folder_with_anything_in_it_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds files that Saddlery did not write \(.*notes\)"):
        hold(tmp_path).__enter__()
    (tmp_path / "link").symlink_to(tmp_path / "notes")
    for name in ("notes", "link"):
        with pytest.raises(NotADirectoryError, match="is a file, expected a folder"):
            hold(tmp_path / name).__enter__()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "notes"]


def test_what_is_there_is_gone_on_with_replaced_or_refused(tmp_path):
    with claim(tmp_path / "a") as going_on:
        assert not going_on
        storage.write(tmp_path / "a" / "run.json", "{}")
        with storage.folder(tmp_path / "a" / "results.zarr") as beside:
            (beside / "x").write_text("1")
        storage.write(tmp_path / "a" / "report.html", "<p>")
    with pytest.raises(FileExistsError, match=r"a holds run\.json, results\.zarr already"):
        claim(tmp_path / "a").__enter__()
    with claim(tmp_path / "a", resume=True) as going_on:
        assert going_on
    (tmp_path / "a" / "notes").write_text("mine")
    with claim(tmp_path / "a", force=True) as going_on:
        assert not going_on
        assert {path.name for path in (tmp_path / "a").iterdir()} == {MARK, LOCK, "notes"}


@pytest.mark.parametrize("where", ["live/notes", "runs/notes", "results.zarr/notes", "run.json", "checkpoints"])
def test_force_removes_nothing_when_something_of_the_user_s_lies_among_it(tmp_path, where):
    with claim(tmp_path / "a"):
        storage.write(tmp_path / "a" / "run.json", "{}")
        with storage.folder(tmp_path / "a" / "results.zarr") as beside:
            (beside / "x").write_text("1")
    theirs = tmp_path / "a" / where
    theirs.parent.mkdir(exist_ok=True)
    if where == "checkpoints":
        theirs.symlink_to(tmp_path)
    else:
        theirs.write_text("mine")
    before = set(tmp_path.rglob("*"))
    folder, name = where.split("/")[0], where.split("/")[-1]
    with pytest.raises(FileExistsError, match=rf"{folder} holds .*{name}; nothing was removed"):
        claim(tmp_path / "a", force=True).__enter__()
    assert before == set(tmp_path.rglob("*"))


def test_a_folder_is_held_by_one_and_free_when_its_process_is_killed(tmp_path):
    held = (
        f"from saddlery.records.claims import hold; from pathlib import Path\n"
        f"with hold(Path({str(tmp_path / 'a')!r})): print('held', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Held, match=rf"a is being filled by process {process.pid} on "):
            claim(tmp_path / "a", force=True).__enter__()
        process.kill()
    with hold(tmp_path / "a"), pytest.raises(Held, match=f"process {os.getpid()} on "):
        hold(tmp_path / "a").__enter__()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "theirs").write_text("mine")
    (tmp_path / LOCK).symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="symbolic links"):
        lock(tmp_path / LOCK, "a").__enter__()
    assert (tmp_path / "theirs").read_text() == "mine"


def test_a_file_system_without_locks_is_told_of(tmp_path, monkeypatch):
    import errno
    import fcntl

    def none(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.warns(UserWarning, match="keeps no locks"), hold(tmp_path / "a"):
        pass


def test_a_folder_s_name_is_taken_as_it_is_and_expanded_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_folder("out", "~/a[1]*") == tmp_path / "a[1]*"
    for text in ("memory://x", "s3://b/c", "memory:/x", "~nobody-of-this-name/x", ""):
        with pytest.raises(ValueError, match=r"^out: got "):
            local_folder("out", text)


def test_a_folder_in_which_only_a_figure_was_saved_is_the_user_s(tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "draft.tex").write_text("mine")
    storage.mark(tmp_path / "papers")
    storage.write(tmp_path / "papers" / "figure.svg", "<svg/>")
    with pytest.raises(FileExistsError, match=r"holds files that Saddlery did not write .*draft\.tex"):
        claim(tmp_path / "papers").__enter__()
