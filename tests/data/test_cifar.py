"""CIFAR-10, from binary batches, from their archive and from images."""

import gzip
import io
import tarfile
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.data import cifar as the_cifar
from saddlery.data import cifar10
from saddlery.data.cifar import BATCHES

IRREGULAR = ("pipe", "socket", "link to a device")
RNG = np.random.default_rng(0)
PIXELS = {name: RNG.integers(0, 256, (3, 32, 32, 3), np.uint8) for names in BATCHES.values() for name in names}
LABELS = {name: RNG.integers(0, 10, 3) for name in PIXELS}


def batch(name):
    """A batch as published: each image's label, then its red, green and blue pixels."""
    return b"".join(
        bytes([label]) + image[..., 0].tobytes() + image[..., 1].tobytes() + image[..., 2].tobytes()
        for label, image in zip(LABELS[name], PIXELS[name], strict=True)
    )


def archive(path, batches):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in batches.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


@pytest.fixture(params=["archive", "folder"])
def published(request, tmp_path):
    """The data set as it was published, small, in no order."""
    batches = {name: batch(name) for name in reversed(PIXELS)}
    if request.param == "archive":
        archive(tmp_path / "cifar-10-binary.tar.gz", batches)
    else:
        (tmp_path / "cifar-10-batches-bin").mkdir()
        for name, content in batches.items():
            (tmp_path / "cifar-10-batches-bin" / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("split", BATCHES)
def test_published_batches_are_read_in_order(published, split):
    data = cifar10(split, published)
    np.testing.assert_array_equal(data.images, np.concatenate([PIXELS[name] for name in BATCHES[split]]))
    np.testing.assert_array_equal(data.labels, np.concatenate([LABELS[name] for name in BATCHES[split]]))
    assert data.images.dtype == jnp.uint8


def test_folders_of_images_are_read_as_the_same_data(real, tmp_path):
    with zipfile.ZipFile(real("cifar10") / "test.zip") as whole, zipfile.ZipFile(tmp_path / "test.zip", "w") as part:
        for name in whole.namelist()[:-1]:
            if name.endswith("0.jpg"):
                part.writestr(name, whole.read(name))
    data = cifar10("test", tmp_path)
    assert data.images.shape[1:] == (32, 32, 3)
    np.testing.assert_array_equal(np.bincount(data.labels), np.full(10, 100))
    pixels = np.asarray(data.images, float)
    blue = pixels[..., 2].mean(axis=(1, 2)) - pixels.mean(axis=(1, 2, 3))
    ships, frogs = (blue[np.asarray(data.labels) == label].mean() for label in (8, 6))
    assert ships > frogs + 10  # the sea is blue, and classes are in the published order


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-1], r"test_batch.bin.* is truncated or damaged: 9,218 bytes"),
        (lambda content: b"", r"test_batch.bin.* is truncated or damaged: 0 bytes"),
        (lambda content: b"\x0c" + content[1:], r"test_batch.bin.*: image 0 has the label 12, expected 0 to 9"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_damaged_batches_are_refused_by_name(tmp_path, damage, message, packed):
    content = damage(batch("test_batch.bin"))
    if packed:
        archive(tmp_path / "cifar-10-binary.tar.gz", {"test_batch.bin": content})
    else:
        (tmp_path / "cifar-10-batches-bin").mkdir()
        (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        cifar10("test", tmp_path)


def test_a_damaged_archive_is_refused_by_name(tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    archive(path, {"test_batch.bin": batch("test_batch.bin")})
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=f"{path} is truncated or damaged"):
        cifar10("test", tmp_path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=f"{path} is truncated or damaged"):
        cifar10("test", tmp_path)


def test_missing_batches_are_named(tmp_path):
    archive(tmp_path / "cifar-10-binary.tar.gz", {"data_batch_1.bin": batch("data_batch_1.bin")})
    with pytest.raises(ValueError, match=r"cifar-10-binary.tar.gz has no data_batch_2.bin, data_batch_3.bin"):
        cifar10("train", tmp_path)


def test_what_is_not_there_is_said_with_how_to_get_it(tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"saddlery data get cifar10.*pickles that Saddlery does not read"):
        cifar10("train", tmp_path)
    with pytest.raises(ValueError, match="unknown split 'validation'"):
        cifar10("validation", tmp_path)


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("name", ["cifar-10-binary.tar.gz", "cifar-10-batches-bin/test_batch.bin", "test.zip"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, kind, name, irregular, at_most):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    irregular(kind, tmp_path / name)
    with at_most(4 << 20), pytest.raises((OSError, ValueError), match=f"{tmp_path / name} is n.* regular file"):
        cifar10("test", tmp_path)


def test_a_batch_of_more_bytes_than_any_has_is_refused(tmp_path, at_most):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    with open(tmp_path / "cifar-10-batches-bin" / "test_batch.bin", "wb") as file:
        file.truncate(1 << 40)
    with at_most(4 << 20), pytest.raises(ValueError, match=r"test_batch\.bin has 1,099,511,627,776 bytes"):
        cifar10("test", tmp_path)


def headed(path, entry, size):
    """An archive of an entry and its head, as large as it says, of zeros, and then the test batch."""
    entry.size = size
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(entry.tobuf(tarfile.GNU_FORMAT))
        for _ in range(-(-size // tarfile.BLOCKSIZE)):
            file.write(bytes(tarfile.BLOCKSIZE))
        content = batch("test_batch.bin")
        entry = tarfile.TarInfo("test_batch.bin")
        entry.size = len(content)
        file.write(entry.tobuf() + content + bytes(-len(content) % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.REGTYPE])
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(tmp_path, monkeypatch, kind, at_most):
    monkeypatch.setattr(the_cifar, "ARCHIVE", 2 << 20)
    monkeypatch.setattr(the_cifar, "LARGEST", 1 << 20)
    path, entry = tmp_path / "cifar-10-binary.tar.gz", tarfile.TarInfo("test_batch.bin")
    entry.type = kind
    headed(path, entry, 24 << 20)
    with at_most(6 << 20), pytest.raises(ValueError, match=f"{path} is truncated or damaged: it holds more than"):
        cifar10("test", tmp_path)


def test_what_is_passed_over_in_an_archive_counts(tmp_path, monkeypatch, at_most):
    path = tmp_path / "cifar-10-binary.tar.gz"
    headed(path, tarfile.TarInfo("other"), 24 << 20)
    assert len(cifar10("test", tmp_path)) == 3
    monkeypatch.setattr(the_cifar, "ARCHIVE", 2 << 20)
    with at_most(6 << 20), pytest.raises(ValueError, match=f"{path} is truncated or damaged: it holds more than"):
        cifar10("test", tmp_path)


def test_entries_without_end_are_not_all_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(the_cifar, "ENTRIES", 5)
    archive(tmp_path / "cifar-10-binary.tar.gz", {**{f"{i}": b"" for i in range(9)}, "test_batch.bin": b""})
    with pytest.raises(ValueError, match="has no test_batch"):
        cifar10("test", tmp_path)
