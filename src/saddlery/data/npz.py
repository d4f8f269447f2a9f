"""Images of an .npz file: one array of them, and maybe their labels."""

import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from saddlery._system.files import array_head, open_regular
from saddlery._system.memory import afford
from saddlery.data.images import Images
from saddlery.data.sources.zips import opened_zip
from saddlery.errors import Damaged, InvalidValue
from saddlery.text.arguments import plain

LABELS = ("labels", "label", "y", "targets", "target", "classes")


def read_npz(path: str | os.PathLike[str], labels: bool = True) -> Images:
    """The images of an .npz file that holds one array of four axes, with the labels in an array `labels` or `y`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(path := os.path.join(folder, "x.npz"), a=np.zeros((6, 2, 2, 1), np.uint8), y=np.arange(6) % 2)
        ...     len(read_npz(path)), read_npz(path).labels.tolist()
        (6, [0, 1, 0, 1, 0, 1])

    **Arguments:** `labels`: whether those in the file are wanted.

    **Raises:** `ValueError` naming the file when it holds no such array or several, is damaged, or does not fit into
    the memory that is free; `OSError` when it is not there or no regular file.
    """
    with open_regular(path) as file, opened_zip(Path(path), file) as archive:
        shapes = {name: _shape(archive, name, path) for name in archive.namelist() if name.endswith(".npy")}
        held = ", ".join(f"{name.removesuffix('.npy')} {shape}" for name, (shape, _) in shapes.items()) or "no array"
        found = [name for name, (shape, _) in shapes.items() if len(shape) == 4]
        if len(found) != 1:
            raise InvalidValue(
                f"{plain(path)} holds {plain(held, 300)}; expected one array of images (n, height, width, channels), "
                "and labels (n,) where there are any"
            )
        images = _array(archive, found[0], path)
        said = next((f"{name}.npy" for name in LABELS if f"{name}.npy" in shapes), None) if labels else None
        return Images(images, None if said is None else _array(archive, said, path))


def _shape(archive: zipfile.ZipFile, name: str, path: Any) -> tuple[tuple[int, ...], np.dtype]:
    with archive.open(name) as file:
        shape, _, dtype = array_head(file, f"{path}: {name}")
    return shape, dtype


def _array(archive: zipfile.ZipFile, name: str, path: Any) -> np.ndarray:
    try:
        with archive.open(name) as file:
            shape, order, dtype = array_head(file, f"{path}: {name}")
            size = math.prod(shape) * dtype.itemsize
            afford(plain(path), size)
            content = file.read(size + 1)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise Damaged(f"{plain(path)} is damaged: {plain(error)}") from error
    if len(content) != size:
        raise Damaged(f"{plain(path)} is damaged: the head of {plain(name)} says {size:,} bytes")
    return np.frombuffer(content, dtype).reshape(shape, order=order)
