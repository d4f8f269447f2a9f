"""Labelled datasets as Zarr folders: written whole or not at all, sealed with digests, and checked when read."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from saddlery.errors import Damaged, NotFound
from saddlery.records import storage
from saddlery.text.arguments import plain

if TYPE_CHECKING:
    import xarray

TEXT = np.dtypes.StringDType()


def write_dataset(path: Path, dataset: "xarray.Dataset") -> None:
    """Write an `xarray.Dataset` as a sealed folder; one that Saddlery wrote before is replaced.

    **Raises:** what `saddlery.records.storage.folder` raises.
    """
    with storage.folder(path) as beside:
        zarr_texts(dataset).to_zarr(beside, mode="w-", zarr_format=3, consolidated=False)


def read_dataset(path: Path) -> "xarray.Dataset":
    """Read a dataset that `write_dataset` wrote, into memory.

    **Raises:** `saddlery.errors.Damaged` naming what changed since; `FileNotFoundError` when there is none.
    """
    import xarray

    if not path.exists():
        raise NotFound(f"there is no {plain(path)}")
    storage.verify(path)
    try:
        return plain_texts(xarray.open_zarr(path, chunks=None, consolidated=False).load())
    except Exception as error:  # Zarr has many names for what is not its own
        raise Damaged(f"{plain(path)} is damaged: {plain(error, 300)}") from error


def zarr_texts(dataset: "xarray.Dataset") -> "xarray.Dataset":
    """A dataset with its texts as NumPy's variable-length strings, which zarr specifies."""
    return _with_texts(dataset, "UO", lambda values: values.astype(TEXT))


def plain_texts(dataset: "xarray.Dataset") -> "xarray.Dataset":
    """A dataset with its texts as NumPy's usual strings, instead of zarr's, which little else understands."""
    return _with_texts(dataset, "T", lambda values: np.array([str(text) for text in values.flat]).reshape(values.shape))


def _with_texts(dataset: "xarray.Dataset", kinds: str, changed: Callable[[np.ndarray], np.ndarray]) -> "xarray.Dataset":
    """The dataset with all texts of some kinds changed, variables and coordinates."""
    texts = {
        name: (each.dims, changed(each.values)) for name, each in dataset.variables.items() if each.dtype.kind in kinds
    }
    coordinates = {name: each for name, each in texts.items() if name in dataset.coords}
    return dataset.assign({name: texts[name] for name in texts.keys() - coordinates.keys()}).assign_coords(coordinates)


def is_there(path: Path) -> bool:
    """Whether a dataset is there, whole; of a damaged one a warning says that it is made again."""
    if not path.exists():
        return False
    try:
        storage.verify(path)
    except (Damaged, OSError) as error:
        warnings.warn(f"{error}; it is computed again", stacklevel=2)
        return False
    return True
