"""MNIST, from the IDX files in which it was published."""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from saddlery.data.images import Images
from saddlery.data.places import absent, places
from saddlery.names import nearest

SPLITS = {"train": "train", "test": "t10k"}
DEFLATE = 1100  # no gzip file holds more times its own size


def mnist(split: str = "train", folder: str | os.PathLike | None = None) -> Images:
    """Handwritten digits, 28×28 pixels, one channel, uint8, with their labels 0 to 9 (LeCun, Cortes, Burges).

    **Arguments:**
    - `split`: `"train"`, 60,000 of them, or `"test"`, 10,000.
    - `folder`: where the IDX files are, such as `train-images-idx3-ubyte`, with or without `.gz`; by default
      `$SADDLERY_DATA/mnist`, then where `saddlery data get mnist` puts them. Any data set of this form will do.

    **Raises:** `FileNotFoundError` when they are in none of these; `ValueError`, naming the file, for one that is
    truncated or of another kind, or labels that are not as many as images.
    """
    if split not in SPLITS:
        raise ValueError(nearest("split", split, SPLITS))
    looked = places("mnist", folder)
    for place in looked:
        files = [_file(place, SPLITS[split], kind) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
        if files[0] and files[1]:
            return _pair(files[0], files[1])
        if there := files[0] or files[1]:
            raise FileNotFoundError(f"mnist: {there} is there, but its {'labels' if files[0] else 'images'} are not")
    other = next(each for each in SPLITS if each != split)
    there = any(_file(place, SPLITS[other], "images-idx3-ubyte") for place in looked)
    wanted = f"the {split} split ({SPLITS[split]}-images-idx3-ubyte.gz)"
    raise absent("mnist", wanted, looked, f'; split="{other}" is there' if there else "")


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array of unsigned bytes in an IDX file: `00 00 08 d`, `d` sizes as big-endian 32-bit numbers, the bytes.

    **Raises:** `ValueError`, naming the file, when it is no such file, or its length is not what its head says.
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != b"\0\0\x08" or not head[3]:
                raise ValueError(f"{path} is no IDX file of bytes: it begins with {head.hex(' ') or 'nothing'}")
            sizes = file.read(4 * head[3])
            shape = struct.unpack(f">{len(sizes) // 4}I", sizes[: len(sizes) // 4 * 4])
            expected = math.prod(shape)
            if len(shape) < head[3] or expected > DEFLATE * path.stat().st_size:
                raise EOFError(f"its head says {expected:,} bytes")
            content = file.read(expected + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is truncated or damaged: {error}") from error
    if len(content) != expected:
        held = f"{len(content):,}" if len(content) < expected else "more"
        raise ValueError(f"{path} is truncated or damaged: its head says {expected:,} bytes, it holds {held}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _file(place: Path, split: str, kind: str) -> Path | None:
    """An IDX file in a folder, compressed or not."""
    names = (f"{split}-{kind}.gz", f"{split}-{kind}")
    return next((place / name for name in names if (place / name).is_file()), None)


def _pair(images: Path, labels: Path) -> Images:
    """Images and labels that belong together."""
    pixels, classes = read_idx(images), read_idx(labels)
    for path, array, axes in ((images, pixels, 3), (labels, classes, 1)):
        if array.ndim != axes:
            raise ValueError(f"{path}: got an array of shape {_shape(array)}, expected one of {axes} axes")
    if len(pixels) != len(classes):
        raise ValueError(f"{labels} holds {len(classes):,} labels for the {len(pixels):,} images of {images}")
    return Images(pixels[..., None], classes.astype(np.int32))


def _shape(array: Any) -> str:
    return "×".join(map(str, array.shape))
