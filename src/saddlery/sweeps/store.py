"""The store: one Zarr store for a whole sweep, in which a cell appears whole or not at all."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1
MARKERS = "finished"  # an array with a chunk for each cell: that a cell's chunk is there makes the cell count
LEAST = 1e8  # bytes that a disk should keep free


class Store:
    """Arrays with a first dimension `setting`, of which each cell fills one place.

    Every variable is one array in chunks that belong to one cell, so that cells are written beside each other. A
    cell's marker, one object, is written after all its chunks; what has no marker is never read.

    **Arguments:** `address` is a folder or an fsspec address, such as `s3://bucket/fair.zarr`.
    """

    def __init__(self, address: str | os.PathLike):
        self.address = str(address)
        self._store: Any = None

    @property
    def local(self) -> bool:
        """Whether it is on this machine's file system."""
        return "://" not in self.address

    @property
    def store(self) -> Any:
        """The store as Zarr knows it."""
        if self._store is None:
            from zarr.storage import FsspecStore, LocalStore

            try:
                self._store = LocalStore(self.address) if self.local else FsspecStore.from_url(self.address)
            except Exception as error:  # fsspec's file systems have many names for an address that is not theirs
                raise ValueError(f"store: {self.address} cannot be opened: {error}") from error
        return self._store

    def description(self) -> dict[str, Any] | None:
        """What the store was made for; `None` when there is none, or its making was not finished.

        **Raises:** `ValueError` when it was made by another version, or is damaged.
        """
        import zarr

        try:
            root = zarr.open_group(self.store, mode="r", zarr_format=3)
            if MARKERS not in root:
                return None
            attributes = dict(root.attrs)
        except FileNotFoundError:
            return None
        except Exception as error:
            raise ValueError(f"{self.address} is damaged: {error}") from error
        if attributes.get("saddlery_format") != FORMAT:
            raise ValueError(
                f"{self.address} has format {attributes.get('saddlery_format')!r}, this version of Saddlery reads "
                f"format {FORMAT}; use the version that wrote it, or another address"
            )
        return json.loads(str(attributes["saddlery"]))

    def create(self, description: Mapping[str, Any], known: Any, cell: Any) -> None:
        """Make the store, with every array and no cell; a store that is there is replaced.

        **Arguments:**
        - `description`: what the store is for, in JSON's types.
        - `known`: an `xarray.Dataset` of all that is known beforehand, its coordinate `setting` among it.
        - `cell`: a cell's dataset, of which names, types and shapes count.

        **Raises:** `OSError` when the disk has less room than all cells need at most; `FileExistsError` when there is
        anything but a store of Saddlery's.
        """
        import zarr
        from zarr.codecs import ZstdCodec

        cells = known.sizes["setting"]
        self.require_own()
        self._require_room(cells * cell.nbytes)
        attributes = {"saddlery_format": FORMAT, "saddlery": json.dumps(dict(description))}
        known.assign_attrs(attributes).to_zarr(self.store, mode="w", zarr_format=3, consolidated=False)
        root = zarr.open_group(self.store, mode="r+", zarr_format=3)
        for name, variable in cell.data_vars.items():
            small = variable.ndim <= 2
            root.create_array(
                name,
                shape=(cells, *variable.shape),
                chunks=(1, *variable.shape) if small else (1, 1, *variable.shape[1:]),
                dtype=variable.dtype,
                fill_value=np.nan if np.issubdtype(variable.dtype, np.floating) else 0,
                compressors=ZstdCodec(level=1, checksum=True),
                dimension_names=("setting", *variable.dims),
            )
        root.create_array(
            MARKERS, shape=(cells,), chunks=(1,), dtype=bool, fill_value=False, dimension_names=("setting",)
        )

    def require_own(self) -> bool:
        """Refuse an address with anything but a store of Saddlery's, key by key.

        **Returns:** whether there is one.

        **Raises:** `FileExistsError` naming what else is there.
        """
        from zarr.core.sync import sync

        async def keys():
            return [key async for key in self.store.list()]

        there = [str(Path(self.address))] if self.local and Path(self.address).is_file() else sync(keys())
        names = {key.removesuffix("/zarr.json") for key in there if key.count("/") == 1 and key.endswith("/zarr.json")}
        own = re.compile(rf"zarr\.json|({'|'.join(map(re.escape, names)) or '(?!)'})/(zarr\.json|c(/\d+)*)")
        foreign = sorted(key for key in there if not own.fullmatch(re.sub(r"\.[0-9a-f]{32}\.partial$", "", key)))
        if foreign or (there and not self._is_marked()):
            what = foreign[0] if foreign else "a Zarr store of somebody else's"
            raise FileExistsError(
                f"{self.address} holds what Saddlery did not write: {what}; nothing was removed, choose another address"
            )
        return bool(there)

    def _is_marked(self) -> bool:
        """Whether the store says that it is Saddlery's."""
        import zarr

        try:
            return "saddlery" in zarr.open_group(self.store, mode="r", zarr_format=3).attrs
        except Exception:  # whatever Zarr finds there instead
            return False

    def clear(self) -> None:
        """Delete everything in it.

        **Raises:** `FileExistsError` when not all of it is Saddlery's.
        """
        from zarr.core.sync import sync

        if self.require_own():
            sync(self.store.clear())

    def _require_room(self, needed: int) -> None:
        """Refuse what does not fit on the disk."""
        free = room(self.address) if self.local else np.inf
        if needed + LEAST > free:
            raise OSError(
                f"{self.address}: the records need up to {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
                "record less often (--every), fewer seeds or fewer settings"
            )

    def finished(self) -> list[int]:
        """The cells that are there, in order: those with a marker."""
        import zarr
        from zarr.core.sync import sync

        if hasattr(self.store, "fs"):
            self.store.fs.invalidate_cache()  # what others wrote meanwhile counts too

        async def names():
            return [name async for name in self.store.list_dir(f"{MARKERS}/c")]

        if MARKERS not in zarr.open_group(self.store, mode="r", zarr_format=3):
            return []
        return sorted(int(name) for name in sync(names()) if name.isdigit())

    def write(self, place: int, cell: Any) -> None:
        """Write a cell, then its marker.

        **Raises:** `OSError` when it cannot be written; the other cells are untouched.
        """
        import zarr

        try:
            root: Any = zarr.open_group(self.store, mode="r+", zarr_format=3)
            for name, variable in cell.data_vars.items():
                root[name][place] = variable.values
            root[MARKERS][place] = True
        except Exception as error:  # file systems and codecs have many names for a full disk
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise OSError(f"a cell could not be written to {self.address}: {said}") from error

    def read(self) -> Any:
        """The finished cells, an `xarray.Dataset`; its attribute `cells` says of how many in all.

        **Raises:** `FileNotFoundError` when there is no store; `ValueError` when it is damaged or of another version.
        """
        import xarray

        if self.description() is None:
            raise FileNotFoundError(f"there is no store at {self.address}")
        finished = self.finished()
        try:
            whole = xarray.open_zarr(self.store, chunks=None, consolidated=False, mask_and_scale=False)
            part = whole[sorted(str(name) for name in whole.data_vars if name != MARKERS)].isel(setting=finished).load()
        except Exception as error:
            raise ValueError(f"{self.address} is damaged: {error}") from error
        part.attrs = {k: v for k, v in part.attrs.items() if not k.startswith("saddlery")}
        return part.assign_attrs(cells=whole.sizes["setting"])


def room(path: str | os.PathLike) -> float:
    """Bytes free on the disk that a path is on, or will be."""
    import shutil

    there = Path(path).absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free
