"""Folders: links to folders and files are followed, circles end, and what cannot be opened is named."""

import os

import numpy as np
import pytest

from saddlery.data import folder
from saddlery.data.sources import folders
from saddlery.data.sources.folders import walk


@pytest.fixture
def elsewhere(tmp_path, plain):
    """Two classes of three pictures each, in a folder that is not the data set."""
    for i, name in enumerate(("cats", "dogs")):
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        for j in range(3):
            (tmp_path / "elsewhere" / name / f"{j}.png").write_bytes(plain(100 * i + j))
    return tmp_path / "elsewhere"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pics").mkdir()
    return tmp_path / "pics"


def test_linked_class_folders_and_files_are_read_as_if_they_were_there(root, elsewhere):
    (root / "cats").symlink_to(elsewhere / "cats")
    (root / "dogs").mkdir()
    for file in (elsewhere / "dogs").iterdir():
        (root / "dogs" / file.name).symlink_to(os.path.relpath(file, root / "dogs"))
    one, other = folder(root, 8), folder(elsewhere, 8)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert len(folder(root / "cats", 8)) == 3  # the folder itself a link


def test_a_linked_file_or_folder_whose_target_changed_is_read_anew(root, elsewhere, plain):
    (root / "cats").symlink_to(elsewhere / "cats")
    (root / "one.png").symlink_to(elsewhere / "dogs" / "0.png")
    assert folder(root, 8).images[-1, 0, 0, 0] == 100
    (elsewhere / "dogs" / "0.png").write_bytes(plain(7))
    assert folder(root, 8).images[-1, 0, 0, 0] == 7
    (root / "one.png").unlink()
    (root / "one.png").symlink_to(elsewhere / "dogs" / "1.png")
    assert folder(root, 8).images[-1, 0, 0, 0] == 101
    (elsewhere / "cats" / "new.png").write_bytes(plain(9))
    assert len(folder(root, 8)) == 5


def test_links_in_circles_end(root, elsewhere):
    (root / "cats").symlink_to(elsewhere / "cats")
    (elsewhere / "cats" / "self").symlink_to(".")
    (elsewhere / "cats" / "dogs").symlink_to(elsewhere / "dogs")
    (elsewhere / "dogs" / "cats").symlink_to(elsewhere / "cats")  # in a circle of two
    (root / "up").symlink_to(root.parent)  # which holds the root: everything would be there again
    assert [*walk(root).stamps] == [f"cats/{name}{i}.png" for name in ("", "dogs/") for i in range(3)]


def test_what_is_reached_by_two_names_is_there_twice(root, elsewhere):
    (root / "a").symlink_to(elsewhere / "cats")
    (root / "b").symlink_to(elsewhere / "cats")
    data = folder(root, 8)
    assert len(data) == 6
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_broken_links_are_named_with_their_reason(root, elsewhere):
    (root / "cats").symlink_to(elsewhere / "cats")
    (root / "gone").symlink_to(elsewhere / "gone")  # what would have been a class
    (root / "gone.png").symlink_to(elsewhere / "gone.png")
    (root / "notes.txt").symlink_to(elsewhere / "notes.txt")  # which would not have been read
    (root / "round.png").symlink_to("round.png")
    said = r"3 of 6 .*: gone \(a link that leads nowhere\), gone\.png \(a .*re\), round\.png \(a link .*circle\)$"
    with pytest.warns(UserWarning, match=said):
        assert len(folder(root, 8)) == 3
    with pytest.raises(ValueError, match=r"gone \(a link that leads nowhere\).* strict is asked for"):
        folder(root, 8, strict=True)
    (elsewhere / "gone").mkdir()
    (elsewhere / "gone" / "now.png").write_bytes((elsewhere / "cats" / "0.png").read_bytes())
    with pytest.warns(UserWarning, match=r"2 of 6 images cannot"):
        assert len(folder(root, 8)) == 4


def test_a_folder_of_broken_links_alone_says_so(root):
    (root / "cats").symlink_to("nowhere")
    with pytest.raises(ValueError, match=r"none of its 1 images can be read, cats \(a link that leads nowhere\)"):
        folder(root, 8)


def test_a_folder_that_cannot_be_opened_is_named(root, elsewhere, monkeypatch):
    (root / "cats").symlink_to(elsewhere / "cats")
    (root / "dogs").symlink_to(elsewhere / "dogs")
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("dogs"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.warns(UserWarning, match=r"dogs \(a folder that cannot be opened: Permission denied\)"):
        assert len(folder(root, 8)) == 3


def test_links_that_make_folders_without_end_are_refused(root, monkeypatch):
    monkeypatch.setattr(folders, "FOLDERS", 50)
    for name in "abcdef":
        (root / name).mkdir()
    for name in "abcdef":
        for other in "abcdef".replace(name, ""):
            (root / name / other).symlink_to(root / other)
    with pytest.raises(ValueError, match="pics has more than 50 folders, links followed"):
        walk(root)


def test_kinds_of_pictures_that_are_not_read_are_named(root, plain):
    (root / "a.png").write_bytes(plain(1))
    for name in ("a.HEIC", "b.heic", "c.CR2", "d.txt", "e.zip", ".f.heic"):
        (root / name).write_bytes(b"")
    for _ in range(2):  # decoded, and read back
        said = r"pics: 4 files of kinds that are not read are passed over: \.heic \(2\), \.cr2 \(1\), \.zip \(1\)$"
        with pytest.warns(UserWarning, match=said):
            assert len(folder(root, 8)) == 1
