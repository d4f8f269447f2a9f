"""Labelled datasets as Zarr folders: written whole or not at all, sealed, and compared with the seal when read."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlery import storage
from saddlery.arguments import plain
from saddlery.reading import Damaged

if TYPE_CHECKING:
    import xarray


def write_dataset(path: Path, dataset: Any) -> None:
    """Write an `xarray.Dataset` as a sealed folder; one of Saddlery's that is there is replaced.

    **Raises:** what `saddlery.storage.folder` raises.
    """
    with storage.folder(path) as beside:
        dataset.to_zarr(beside, mode="w-", zarr_format=3, consolidated=False)


def read_dataset(path: Path) -> "xarray.Dataset":
    """A dataset that `write_dataset` wrote, in memory.

    **Raises:** `saddlery.reading.Damaged` naming what changed since; `FileNotFoundError` when there is none.
    """
    import xarray

    if not path.exists():
        raise FileNotFoundError(f"there is no {plain(path)}")
    storage.verify(path)
    try:
        return xarray.open_zarr(path, chunks=None, consolidated=False).load()
    except Exception as error:  # Zarr has many names for what is not its own
        raise Damaged(f"{plain(path)} is damaged: {plain(error, 300)}") from error


def is_there(path: Path) -> bool:
    """Whether there is such a dataset, whole; of a damaged one a warning says that it is made again."""
    if not path.exists():
        return False
    try:
        storage.verify(path)
    except (Damaged, OSError) as error:
        warnings.warn(f"{error}; it is computed again", stacklevel=2)
        return False
    return True
