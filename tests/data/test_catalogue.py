"""Data by name and by path."""

import os
import zipfile

import numpy as np
import pytest

from saddlery.data import DATA, Images, Mixture, as_data, ring_centres
from saddlery.data.catalogue import is_path


def test_names_are_called_with_their_arguments():
    assert as_data("digits").images.shape == (1797, 8, 8, 1)
    with pytest.raises(FileNotFoundError, match="mnist: the test split"):
        as_data("mnist(split='test')")
    assert {"cifar10", "digits", "folder", "mnist"} == set(DATA)


def test_what_can_be_drawn_from_is_left_as_it_is():
    data = Mixture(ring_centres(2, 1.0), 0.1)
    assert as_data(data) is data


def test_paths_are_folders_and_zips_of_images(tmp_path, plain, monkeypatch):
    (tmp_path / "mine").mkdir()
    for i in range(3):
        (tmp_path / "mine" / f"{i}.png").write_bytes(plain(i))
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.write(tmp_path / "mine" / "1.png", "1.png")
    monkeypatch.chdir(tmp_path)
    for path in ("mine", tmp_path / "mine", "./mine", f"folder(path={str(tmp_path / 'mine')!r}, size=4)"):
        data = as_data(path, size=4)
        assert isinstance(data, Images)
        np.testing.assert_array_equal(data.images[:, 0, 0, 0], [0, 1, 2])
    assert as_data("mine.zip", size=5, channels=1).images.shape == (1, 5, 5, 1)


def test_mistakes_are_told_with_the_nearest_name():
    with pytest.raises(ValueError, match="unknown data 'minst'; did you mean 'mnist'"):
        as_data("minst")
    with pytest.raises(ValueError, match="unknown argument of mnist 'splt'"):
        as_data("mnist(splt='test')")
    with pytest.raises(FileNotFoundError, match=r"not/there\.zip is not there"):
        as_data("not/there.zip")
    for text in ("~nobody-of-this-name", "x" * 300, "nul\0"):
        with pytest.raises(ValueError, match=r"nobody|xxx|nul"):
            as_data(text)
    with pytest.raises(TypeError, match="data: got 3, expected a name, a path, an array"):
        as_data(3)


def test_devices_are_no_data(tmp_path, at_most):
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "zero", tmp_path / "pipe"):
        with at_most(1 << 20), pytest.raises(ValueError, match=f"{path} is neither a folder nor a regular file"):
            as_data(path)


def test_arrays_by_their_paths(tmp_path):
    images = np.arange(96, dtype=np.uint8).reshape(6, 4, 4, 1)
    np.save(tmp_path / "x.npy", images)
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(6))
    for name in ("x.npy", "x.npz"):
        np.testing.assert_array_equal(as_data(str(tmp_path / name), strict=True).images, images)
        assert as_data(tmp_path / name, size=2).images.shape == (6, 2, 2, 1)
    with pytest.raises(ValueError, match=r"size: .* is read in shards"):
        as_data(tmp_path / "x.npy", size=2, memory=20)


@pytest.mark.parametrize("name", ["x.rar", "x.7z", "x.h5", "x.mp4", "x.pt", "x.tar.gz", "x.png"])
def test_what_is_not_read_is_refused_in_one_line_that_says_what_is(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    if name != "x.png":
        with pytest.raises(FileNotFoundError, match=f"{name} is not there; expected a folder or a zip of"):
            as_data(name)
    (tmp_path / name).write_bytes(b"Rar!\x1a\x07\x00")
    with pytest.raises(ValueError, match=r"read(; expected a folder or a zip|: unpack it)") as refused:
        as_data(name)
    assert "\n" not in str(refused.value)


def test_names_of_files_are_paths():
    for name in ("a.tar", "a-{0..3}.tar", "a.parquet", "a.CSV", "a.tsv", "a.npz", "a.npy", "a.rar", "a.tar.gz"):
        assert is_path(name)
    for name in ("digits", "mnist(split='test')", "folder(path='a.zip')", "minst"):
        assert not is_path(name)
