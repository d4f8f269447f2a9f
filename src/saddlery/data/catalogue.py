"""Data sets by name, as commands and games take them in text."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import jax
from jaxtyping import ArrayLike

from saddlery.data.arrays import is_array
from saddlery.data.cifar import cifar10
from saddlery.data.digits import digits
from saddlery.data.folder import folder
from saddlery.data.images import Data, Images
from saddlery.data.mnist import mnist
from saddlery.data.origin import Origin, remember
from saddlery.data.points import of_array
from saddlery.data.shards import Shards, held
from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import plain, quoted
from saddlery.text.call import build

DataLike: TypeAlias = str | os.PathLike[str] | Data | ArrayLike  # a name, a path, an array, or data themselves
ARRAYS = (".npy", ".npz")
FILES = (  # what paths end in, read or refused with what is
    ".zip", ".tar", ".parquet", ".csv", ".tsv", *ARRAYS,
    ".7z", ".arrow", ".avi", ".bz2", ".gz", ".h5", ".hdf5", ".json", ".jsonl", ".lmdb", ".mat", ".mp4", ".pkl",
    ".pickle", ".pt", ".pth", ".rar", ".tfrecord", ".tgz", ".xz", ".zarr", ".zst",
)  # fmt: skip

DATA: dict[str, Callable[..., Images | Shards]] = {
    "cifar10": cifar10,
    "digits": digits,
    "folder": folder,
    "mnist": mnist,
}


def as_data(data: DataLike, **settings: Any) -> Any:
    """A data set from text or from an array; one with `draw(key, n)` is returned as it is.

        >>> len(as_data("digits(split='test')"))
        299

    **Arguments:**
    - `data`: a name of `DATA`, alone or with arguments, such as `"mnist"` or `"mnist(split='test')"`; the path of
      images, as of `saddlery.data.folder`, or of an .npy or .npz file, as of `saddlery.data.held`; or an array of any
      library, `(n, dimension)` of `Points` or `(n, height, width, channels)` of `Images`.
    - `settings`: arguments of `saddlery.data.folder`, such as `size=32`, for when it is a path.

    **Raises:** `ValueError` for a name that is not known, naming the nearest, and for an array of another shape;
    `TypeError` for anything else; and what the function of that name raises.
    """
    if callable(getattr(data, "draw", None)):
        return data
    if isinstance(data, os.PathLike) or (isinstance(data, str) and is_path(data)):
        return _of_file(data, **settings) if str(data).lower().endswith(ARRAYS) else folder(data, **settings)
    if is_array(data):
        return of_array("data", data)
    if not isinstance(data, str):
        raise InvalidType(
            f"data: got {quoted(data)}, expected a name, a path, an array, or an object with draw(key, n)"
        )
    return build("data", data, DATA)


def is_path(text: str) -> bool:
    """Whether a text that is no data set's name names a file or folder, there or not.

    >>> is_path("pictures.zip"), is_path("shards-{000..003}.tar"), is_path("digits")
    (True, True, False)
    """
    if text.partition("(")[0].strip() in DATA:
        return False
    return os.sep in text or text.lower().endswith(FILES) or os.path.exists(os.path.expanduser(text))


def _of_file(path: str | os.PathLike[str], size: int | None = None, **settings: Any) -> Images | Shards:
    """The images of an .npy or .npz file, of the size that is asked for, with the file as their origin."""
    place = Path(os.path.expanduser(path)).absolute()
    data = held(place, memory=settings.get("memory"))
    if size is not None and data.draw(jax.random.key(0), 1).shape[1:3] != (size, size):
        if isinstance(data, Shards):
            raise InvalidValue(f"size: {plain(path)} is read in shards, whose images are not resized")
        data = data.resized(size)
    remember(data, Origin(place, {}, (), None))
    return data
