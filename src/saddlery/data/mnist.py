"""MNIST, from its published IDX files."""

import contextlib
import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from saddlery._system.files import open_regular
from saddlery._system.memory import afford
from saddlery.data.images import Images
from saddlery.data.places import absent, places
from saddlery.errors import Damaged, InvalidValue, NotFound
from saddlery.text.arguments import plain
from saddlery.text.names import nearest

SPLITS = {"train": "train", "test": "t10k"}
DEFLATE = 1100  # no gzip file holds more times its own size
AXES = 32  # at most
LARGEST = 1 << 30  # bytes of an array; MNIST's are 47 million


def mnist(split: str = "train", folder: str | os.PathLike[str] | None = None) -> Images:
    """MNIST: handwritten digits, 28×28 pixels, one channel, uint8, with their labels 0 to 9 (LeCun, Cortes, Burges).

    **Arguments:**
    - `split`: `"train"`, 60,000 of them, or `"test"`, 10,000.
    - `folder`: where the IDX files are, such as `train-images-idx3-ubyte`, with or without `.gz`; by default
      `$SADDLERY_DATA/mnist`, then where `saddlery data get mnist` puts them. Any data set of this form will do.

    **Raises:** `FileNotFoundError` when they are in none of these; `ValueError`, naming the file, for one that is
    truncated or of another kind, or labels that are not as many as images.
    """
    if split not in SPLITS:
        raise InvalidValue(nearest("split", split, SPLITS))
    looked = places("mnist", folder)
    for place in looked:
        files = [_file(place, SPLITS[split], kind) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
        if files[0] and files[1]:
            return _pair(files[0], files[1])
        if there := files[0] or files[1]:
            raise NotFound(f"mnist: {plain(there)} is there, but its {'labels' if files[0] else 'images'} are not")
    other = next(each for each in SPLITS if each != split)
    there = any(_file(place, SPLITS[other], "images-idx3-ubyte") for place in looked)
    wanted = f"the {split} split ({SPLITS[split]}-images-idx3-ubyte.gz)"
    raise absent("mnist", wanted, looked, f'; split="{other}" is there' if there else "")


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of unsigned bytes in an IDX file: `00 00 08 d`, `d` sizes as big-endian 32-bit numbers, the bytes.

    Of a compressed file no more is unpacked than its head says, and that is at most a GiB.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 9]))  # one axis, of two bytes: 5 and 9
        ...     read_idx(path).tolist()
        [5, 9]

    **Raises:** `ValueError`, naming the file, when it is no such file, its length is not what its head says, or that is
    more than a GiB or than the memory that is free; `OSError` when it is not there or not a regular file.
    """
    path = Path(path)
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            with gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else contextlib.nullcontext(file) as unpacked:
                shape = _sizes(unpacked, path)
                expected = math.prod(shape)
                if expected > DEFLATE * size:
                    raise EOFError(f"its head says {expected:,} bytes")
                if max(*shape, expected) > LARGEST:
                    raise InvalidValue(
                        f"{plain(path)} is refused: its head says {expected:,} bytes, {LARGEST:,} at most"
                    )
                afford(plain(path), expected)
                content = unpacked.read(expected + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise Damaged(f"{plain(path)} is truncated or damaged: {error}") from error
    if len(content) != expected:
        held = f"{len(content):,}" if len(content) < expected else "more"
        raise Damaged(f"{plain(path)} is truncated or damaged: its head says {expected:,} bytes, it holds {held}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _sizes(file: Any, path: Path) -> tuple[int, ...]:
    """The axes that an IDX file's head names."""
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\0\0\x08" or not 0 < head[3] <= AXES:
        raise Damaged(f"{plain(path)} is no IDX file of bytes: it begins with {head.hex(' ') or 'nothing'}")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise EOFError("it ends within its head")
    return struct.unpack(f">{head[3]}I", sizes)


def _file(place: Path, split: str, kind: str) -> Path | None:
    """An IDX file in a folder, compressed or not."""
    names = (f"{split}-{kind}.gz", f"{split}-{kind}")
    return next((place / name for name in names if (place / name).exists()), None)


def _pair(images: Path, labels: Path) -> Images:
    """Images and labels that belong together."""
    pixels, classes = read_idx(images), read_idx(labels)
    for path, array, axes in ((images, pixels, 3), (labels, classes, 1)):
        if array.ndim != axes:
            raise InvalidValue(f"{plain(path)}: got an array of shape {_shape(array)}, expected one of {axes} axes")
        if not array.size:
            raise InvalidValue(f"{plain(path)} is empty: it holds an array of shape {_shape(array)}")
    if len(pixels) != len(classes):
        raise InvalidValue(
            f"{plain(labels)} holds {len(classes):,} labels for the {len(pixels):,} images of {plain(images)}"
        )
    return Images(pixels[..., None], classes.astype(np.int32))


def _shape(array: Any) -> str:
    return "×".join(map(str, array.shape))
