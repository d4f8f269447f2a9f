"""MNIST's IDX files: read as published, and refused when they are not what they say."""

import gzip
import io
import struct

import jax.numpy as jnp
import numpy as np
import pytest

from saddlery._system import memory
from saddlery.data import mnist
from saddlery.data.mnist import read_idx

IRREGULAR = ("pipe", "socket", "link to a device", "link in a circle", "link to nothing")


def idx(array):
    """An array of bytes as an IDX file."""
    array = np.asarray(array, np.uint8)
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    """A test split of five images, its labels plain and its images compressed."""
    rng = np.random.default_rng(0)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(rng.integers(0, 256, (5, 28, 28)))))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx([3, 1, 4, 1, 5]))
    return tmp_path


def test_the_published_test_split_is_read(real):
    data = mnist("test", real("mnist"))
    assert data.images.shape == (10_000, 28, 28, 1)
    assert data.images.dtype == jnp.uint8
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # as published
    np.testing.assert_array_equal(np.bincount(data.labels), counts)
    ink = np.asarray(data.images, float).mean(axis=(1, 2, 3))
    assert abs(ink.mean() / 255 - 0.1325) < 1e-4  # a known mean of the test split
    assert ink[np.asarray(data.labels) == 1].mean() < ink[np.asarray(data.labels) == 0].mean() / 2


def test_files_are_found_in_each_place_and_in_this_order(folder, cache, monkeypatch, tmp_path):
    other = cache / "data" / "mnist"
    other.mkdir(parents=True)
    (other / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 28, 28))))
    (other / "t10k-labels-idx1-ubyte").write_bytes(idx([0, 0]))
    assert len(mnist("test")) == 2
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mnist").symlink_to(folder)
    monkeypatch.setenv("SADDLERY_DATA", str(tmp_path / "own"))
    assert mnist("test").labels.tolist() == [3, 1, 4, 1, 5]
    assert len(mnist("test", folder=other)) == 2


def test_what_is_not_there_is_said_with_how_to_get_it_and_what_is_there(folder):
    with pytest.raises(FileNotFoundError, match="saddlery data get mnist") as refused:
        mnist("train", folder)
    assert "train-images-idx3-ubyte.gz" in str(refused.value)
    assert 'split="test" is there' in str(refused.value)
    with pytest.raises(FileNotFoundError, match="saddlery data get mnist") as refused:
        mnist("test")
    assert "is there" not in str(refused.value)
    with pytest.raises(ValueError, match="unknown split 'tset'; did you mean 'test'"):
        mnist("tset", folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="is there, but its labels are not"):
        mnist("test", folder)


def test_labels_that_do_not_match_are_refused(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx([1, 2, 3]))
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte holds 3 labels for the 5 images of .*images"):
        mnist("test", folder)


def test_labels_in_the_place_of_images_are_refused(folder):
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx([1, 2, 3])))
    with pytest.raises(ValueError, match=r"images-idx3-ubyte.gz: got an array of shape 3, expected one of 3 axes"):
        mnist("test", folder)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(np.zeros((3, 4)))[:-1], "truncated or damaged: its head says 12 bytes, it holds 11"),
        (idx(np.zeros((3, 4))) + b"x", "truncated or damaged: its head says 12 bytes, it holds more"),
        (b"\0\0\x0d\1" + bytes(8), "no IDX file of bytes: it begins with 00 00 0d 01"),
        (b"\0\0", "no IDX file of bytes: it begins with 00 00"),
        (b"", "no IDX file of bytes: it begins with nothing"),
        (idx(np.zeros((3, 4)))[:9], "truncated or damaged"),
        (b"\0\0\x08\3" + b"\xff" * 12, "truncated or damaged: its head says"),  # more bytes than any memory has
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, content, message, compressed):
    path = tmp_path / ("x-idx.gz" if compressed else "x-idx")
    path.write_bytes(gzip.compress(content) if compressed else content)
    with pytest.raises(ValueError, match=message) as refused:
        read_idx(path)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize("damage", [lambda c: c[:-20], lambda c: c[:40] + bytes(30) + c[70:], lambda c: b"plain" + c])
def test_a_damaged_compressed_file_is_refused_by_name(tmp_path, damage):
    content = gzip.compress(idx(np.random.default_rng(0).integers(0, 256, (9, 9))))
    path = tmp_path / "x.gz"
    path.write_bytes(damage(content))
    with pytest.raises(ValueError, match="truncated or damaged") as refused:
        read_idx(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, kind, suffix, irregular, at_most):
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        irregular(kind, tmp_path / f"{name}{suffix}")
    with at_most(1 << 20), pytest.raises(OSError, match="t10k-images-idx3-ubyte"):
        mnist("test", tmp_path)
    with at_most(1 << 20), pytest.raises(OSError, match="t10k-images-idx3-ubyte"):
        read_idx(tmp_path / f"t10k-images-idx3-ubyte{suffix}")


def zeros(*shape):
    """An IDX file of so many zeros, compressed, without making them at once."""
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as file:
        file.write(idx(np.zeros((0,) * len(shape)))[:4] + struct.pack(f">{len(shape)}I", *shape))
        for _ in range(8):
            file.write(bytes(1 << 20))
    return content.getvalue()


def test_a_small_file_that_unpacks_to_more_than_a_gib_is_refused_by_its_head(tmp_path, at_most):
    path = tmp_path / "x.gz"
    path.write_bytes(zeros(1 << 17, 1 << 7, 1 << 7) + bytes(2 << 20))  # so large that the ratio would be possible
    with at_most(4 << 20), pytest.raises(ValueError, match=f"{path} is refused: its head says 2,147,483,648 bytes"):
        read_idx(path)


def test_more_bytes_than_the_head_says_are_not_unpacked(tmp_path, at_most):
    path = tmp_path / "x.gz"
    path.write_bytes(zeros(3, 4))
    with at_most(2 << 20), pytest.raises(ValueError, match="its head says 12 bytes, it holds more"):
        read_idx(path)


def test_more_than_the_free_memory_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x-idx"
    path.write_bytes(idx(np.zeros((3, 4))))
    monkeypatch.setattr(memory, "available", lambda: 11)
    with pytest.raises(ValueError, match=f"{path} would take"):
        read_idx(path)


def test_more_axes_than_an_array_has_are_refused(tmp_path):
    path = tmp_path / "x-idx"
    path.write_bytes(b"\0\0\x08\xff" + struct.pack(">255I", *[1] * 255) + b"x")
    with pytest.raises(ValueError, match=f"{path} is no IDX file of bytes"):
        read_idx(path)


def test_a_file_of_no_images_is_refused(folder):
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((5, 0, 28)))))
    with pytest.raises(ValueError, match=r"images-idx3-ubyte.gz is empty: it holds an array of shape 5×0×28"):
        mnist("test", folder)
