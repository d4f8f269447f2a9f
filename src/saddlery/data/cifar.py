"""CIFAR-10, from its published binary batches or from folders of images, one for each class."""

import gzip
import itertools
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from saddlery._system.files import Limited, open_regular, read_limited
from saddlery.data.folder import folder as images_of
from saddlery.data.images import Images
from saddlery.data.places import absent, places
from saddlery.data.shards import Shards
from saddlery.errors import Damaged, InvalidValue, NotFound
from saddlery.text.arguments import plain
from saddlery.text.names import nearest

BATCHES: dict[str, tuple[str, ...]] = {
    "train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    "test": ("test_batch.bin",),
}
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # a label, then the red, the green and the blue pixels
LARGEST = 20_000 * RECORD  # bytes of a batch; the published ones have half as many
ARCHIVE, ENTRIES = 1 << 28, 1000  # bytes and entries of the archive, unpacked; the published one has 184 million, and 9


def cifar10(
    split: str = "train",
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: Callable[[int, int], Any] | None = None,
) -> Images | Shards:
    """CIFAR-10: photographs of ten classes, 32×32 pixels, three channels, uint8, with labels 0 to 9 (Krizhevsky, 2009).

    **Arguments:**
    - `split`: `"train"`, 50,000 of them, or `"test"`, 10,000.
    - `folder`: where they are; by default `$SADDLERY_DATA/cifar10`, then where `saddlery data get cifar10` puts them.
      It holds `cifar-10-binary.tar.gz` as published, or what is in it, `cifar-10-batches-bin`, or a folder or zip of
      images named after the split, `train.zip`, with a folder for each class. (The published Python version consists
      of pickles, which Saddlery does not read.)
    - `progress`: for images, called with how many are done and how many there are.

    **Returns:** `Images`; what `saddlery.data.folder` returns where they are images.

    **Raises:** `FileNotFoundError` when they are in none of these; `ValueError`, naming the file, for a batch that is
    truncated or holds another label, one of more than 61 MB, and an archive that unpacks to more than 256 MiB;
    `OSError` for what is not a regular file.
    """
    if split not in BATCHES:
        raise InvalidValue(nearest("split", split, BATCHES))
    looked = places("cifar10", folder)
    for place in looked:
        if (tar := place / "cifar-10-binary.tar.gz").exists():
            return _images(_from_tar(tar, BATCHES[split]))
        if (batches := place / "cifar-10-batches-bin").is_dir():
            return _images(_from_folder(batches, BATCHES[split]))
        for pictures in (place / f"{split}.zip", place / split):
            if pictures.exists():
                return images_of(pictures, SIDE, progress=progress)
    pickled = [place for place in looked if list(place.glob("cifar-10-*py*"))]
    also = f"; {plain(pickled[0])} holds the Python version, pickles that Saddlery does not read" if pickled else ""
    raise absent("cifar10", f"the {split} split", looked, also)


def read_batch(name: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, 32, 32, 3)` and labels `(n,)` of a binary batch of CIFAR-10.

        >>> images, labels = read_batch("data_batch_1.bin", bytes([7]) + bytes(3 * 32 * 32))
        >>> images.shape, labels.tolist()
        ((1, 32, 32, 3), [7])

    **Raises:** `ValueError`, naming it, when it is not a whole number of records or a label is not 0 to 9.
    """
    if not content or len(content) % RECORD:
        raise Damaged(f"{name} is truncated or damaged: {len(content):,} bytes, not a multiple of {RECORD:,}")
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0]
    if labels.max() > 9:
        raise Damaged(f"{name}: image {int(labels.argmax())} has the label {int(labels.max())}, expected 0 to 9")
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1), labels.astype(np.int32)


def _images(batches: list[tuple[np.ndarray, np.ndarray]]) -> Images | Shards:
    return Images(*map(np.concatenate, zip(*batches, strict=True)))


def _from_folder(folder: Path, names: tuple[str, ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise NotFound(f"cifar10: {plain(folder)} has no {', '.join(missing)}")
    return [read_batch(plain(folder / name), read_limited(folder / name, LARGEST)) for name in names]


def _from_tar(path: Path, names: tuple[str, ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The batches of these names, in this order; nothing is unpacked on disk."""
    with open_regular(path) as file, gzip.GzipFile(fileobj=file) as unpacked:
        try:
            with tarfile.open(fileobj=Limited(unpacked, ARCHIVE, LARGEST), mode="r:") as tar:  # type: ignore[arg-type]
                found = _entries(tar, names)
        except Exception as error:  # tarfile, gzip and zlib have many names for a damaged archive
            raise Damaged(f"{plain(path)} is truncated or damaged: {error}") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise InvalidValue(f"{plain(path)} has no {', '.join(missing)}")
    return [read_batch(f"{name} in {plain(path)}", found[name]) for name in names]


def _entries(tar: tarfile.TarFile, names: tuple[str, ...]) -> dict[str, bytes]:
    """The contents of the first files of these names. (A sparse file says itself how large it is.)"""
    found = {}
    for entry in itertools.islice(tar, ENTRIES):
        name = entry.name.rpartition("/")[2]
        if name in names and name not in found and entry.isfile() and not entry.issparse():
            found[name] = tar.extractfile(entry).read()  # type: ignore[union-attr]
        if len(found) == len(names):
            break
    return found
