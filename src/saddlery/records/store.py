"""The store: one Zarr store for a whole sweep, in which a cell appears whole or not at all, and damage is detected."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlery._system.files import PIECE, open_regular, read_limited
from saddlery.errors import Damaged, InTheWay, InvalidValue, NotFound
from saddlery.records import chunks, storage
from saddlery.records.datasets import zarr_texts
from saddlery.records.locks import lock
from saddlery.records.recorder import recorder
from saddlery.records.signed import signed, unsigned
from saddlery.records.storage import GROUP, GROUP_METADATA, LOCK, MANIFEST
from saddlery.text.arguments import first_line, plain

if TYPE_CHECKING:
    import xarray
    from zarr.abc.store import Store as ZarrStore

FORMAT = 2
CELLS = f"{GROUP}/cells"  # where each finished cell has its marker, an object that makes the cell count
LARGEST = 1 << 40  # bytes of an object
LEAST = 1e8  # bytes that a disk should keep free


def location(address: str | os.PathLike) -> str:
    """The normalised address of a store: a path without `file://`, `~` and links, or one of another file system.

    **Raises:** `ValueError` when it is empty, or the home folder of a user who does not exist.
    """
    text = os.fspath(address).removeprefix("file://")
    if "://" in text:
        return text
    return str(storage.expanded("store", text, "a path or an address such as s3://bucket/fair.zarr").resolve())


class Store:
    """A Zarr store of arrays with a first dimension `setting`, of which each cell fills one place.

    Every variable is one array in chunks that belong to one cell, so that cells are written beside each other. A
    cell's marker is written after all its chunks and holds their digests; what has no marker is never read. A manifest
    holds the digests of all that is not a cell's, and what the store was made for.

    **Arguments:** `address` is a folder or an fsspec address, such as `s3://bucket/fair.zarr`.
    """

    def __init__(self, address: str | os.PathLike):
        self.address = location(address)
        self._store: Any = None

    @property
    def local(self) -> bool:
        """Whether the store is on this machine's file system."""
        return "://" not in self.address

    @property
    def store(self) -> "ZarrStore":
        """The underlying store object of Zarr."""
        if self._store is None:
            from zarr.storage import FsspecStore, LocalStore

            try:
                self._store = LocalStore(self.address) if self.local else FsspecStore.from_url(self.address)
            except Exception as error:  # fsspec's file systems have many names for an address that is not theirs
                raise InvalidValue(f"store: {self.address} cannot be opened: {plain(error, 300)}") from error
        return self._store

    @contextlib.contextmanager
    def claimed(self, lost: Callable[[], None], *, force: bool = False, take: bool = False) -> Iterator[None]:
        """A context that holds the store as its only writer; with `force`, a sweep that it holds is deleted first.

        **Arguments:** `lost` and `take` as of `saddlery.records.lease.lease`, for stores elsewhere.

        **Raises:** `FileExistsError` when there is anything at its address that Saddlery did not write; `Held` when
        another process fills it.
        """
        from saddlery.records.lease import lease

        if force or not self._exists(MANIFEST):
            self._require_own()
        if self.local:
            Path(self.address, GROUP).mkdir(parents=True, exist_ok=True)
        with lock(Path(self.address, GROUP, LOCK), self.address) if self.local else lease(self.address, lost, take):
            if force:
                self._clear()
            yield

    def _keys(self) -> list[str]:
        """All keys of a store elsewhere."""

        async def keys():
            return [key async for key in self.store.list()]

        return _waited(keys())

    def _require_own(self) -> None:
        """Refuse an address with anything that Saddlery did not write."""
        if self.local:
            storage.require_own(Path(self.address))
            return
        keys = self._keys()
        names = (self._manifest() or {}).get("names", [])
        if foreign := [key for key in keys if not storage.of_store(key, names)]:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise InTheWay(
                f"{self.address} holds what Saddlery did not write: {plain(foreign[0])}{more}; choose another address"
            )

    def _clear(self) -> None:
        """Delete all of Saddlery's that is in it but the lock; the manifest last, which is the proof of the rest."""
        if self.local:
            root = Path(self.address)
            storage.delete(storage.require_own(root), keep=(root / MANIFEST, root / GROUP / LOCK))
        else:
            self._require_own()
            for key in self._keys():
                if key != MANIFEST:
                    self._delete(key)
        self._delete(MANIFEST)

    def _delete(self, key: str) -> None:
        _waited(self.store.delete(key))

    def _exists(self, key: str) -> bool:
        return _waited(self.store.exists(key))

    def _get(self, key: str) -> bytes | None:
        """An object's bytes; `None` when it is not there."""
        if self.local:  # as Zarr would, without its detours
            try:
                with open_regular(path := f"{self.address}/{key}") as file:
                    if os.fstat(file.fileno()).st_size <= PIECE:  # as most, by the hundred thousand
                        return file.read(PIECE)
                return read_limited(path, LARGEST)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
        from zarr.core.buffer import default_buffer_prototype

        found = _waited(self.store.get(key, default_buffer_prototype()))
        return None if found is None else found.to_bytes()

    def _put(self, key: str, content: str | bytes) -> None:
        from zarr.core.buffer import default_buffer_prototype

        content = content.encode() if isinstance(content, str) else content
        _waited(self.store.set(key, default_buffer_prototype().buffer.from_bytes(content)))

    def _manifest(self) -> dict[str, Any] | None:
        """The manifest; `None` when there is no store.

        **Raises:** `Damaged` when it was changed; `ValueError` when it was made by another version.
        """
        try:
            content = self._get(MANIFEST)
        except OSError as error:
            raise InvalidValue(f"{self.address} cannot be read: {plain(error, 300)}") from error
        if content is None:
            return None
        if (held := unsigned(content)) is None:
            raise Damaged(f"{self.address}/{MANIFEST} is damaged: it changed since it was written")
        if held["format"] != FORMAT:
            raise InvalidValue(
                f"{self.address} has format {held['format']!r}, this version of Saddlery reads format {FORMAT}; use "
                "the version that wrote it, or another address"
            )
        return held

    def _made(self) -> dict[str, Any] | None:
        """The manifest of a store whose making was finished; `None` when there is none."""
        held = self._manifest()
        if held is None and self.local and Path(self.address, "zarr.json").exists():
            raise Damaged(
                f"{self.address} is damaged: {MANIFEST} is missing, or an earlier version of Saddlery made it"
            )
        return None if held is None or held["digests"] is None else held

    def description(self) -> dict[str, Any] | None:
        """The description that the store was made for; `None` when there is none, or its making was not finished.

        **Raises:** `ValueError` when it was made by another version, or is damaged.
        """
        made = self._made()
        return None if made is None else made["description"]

    def fingerprint(self) -> dict[str, Any]:
        """The fingerprint that the store was begun with: data, precision and versions."""
        made = self._made()
        return {} if made is None else made["fingerprint"]

    def steps(self) -> int:
        """The last step of its records; 0 when there is no store, or its making was not finished.

        **Raises:** `ValueError` when it was made by another version, or is damaged.
        """
        import zarr

        if (made := self._made()) is None or "steps" in made:
            return made["steps"] if made else 0
        steps: Any = zarr.open_array(self.store, path="step", mode="r", zarr_format=3)  # as earlier ones were made
        return int(steps[-1])

    def _holds(self, steps: int, records: int) -> bool:
        """Whether its cells are of so many steps, as its manifest says, or of so many records, if that is damaged."""
        with contextlib.suppress(InvalidValue):
            if self._made():
                return self.steps() == steps
        try:
            return json.loads(self._get("step/zarr.json") or b"")["shape"] == [records]
        except (ValueError, TypeError, KeyError):
            return False

    def create(
        self,
        description: Mapping[str, Any],
        known: "xarray.Dataset",
        cell: "xarray.Dataset",
        fingerprint: Mapping[str, Any] | None = None,
    ) -> None:
        """Create the store, with every array and no cell, or write all that is not a cell's again.

        Cells that are there are dropped when they are of another number of records.

        **Arguments:**
        - `description`: what the store is for, in JSON's types; `fingerprint`: what it was begun with, likewise.
        - `known`: an `xarray.Dataset` of all that is known beforehand, its coordinate `setting` among it.
        - `cell`: a cell's dataset, of which names, types and shapes count.

        **Raises:** `OSError` when the disk has less room than all cells need at most; nothing is dropped then.
        """
        import zarr
        from zarr.storage import MemoryStore

        cells = known.sizes["setting"]
        self._require_room(cells * cell.nbytes)
        made = MemoryStore()  # first in memory, so that what is there, whole or damaged, is not in the way
        floats = {name: {"_FillValue": None} for name, each in known.data_vars.items() if each.dtype.kind == "f"}
        zarr_texts(known).to_zarr(made, mode="w", zarr_format=3, consolidated=False, encoding=floats)
        root = zarr.open_group(made, mode="r+", zarr_format=3)
        for name, variable in cell.data_vars.items():
            chunks.add_array(root, str(name), variable, cells)
        content = {key: value.to_bytes() for key, value in made._store_dict.items()}
        content[f"{GROUP}/zarr.json"] = GROUP_METADATA.encode()
        about = {
            "format": FORMAT,
            "description": dict(description),
            "fingerprint": dict(fingerprint or {}),
            "steps": int(known["step"][-1]) if "step" in known else 0,
            "names": sorted({*map(str, known.variables), *map(str, cell.data_vars)}),
        }
        for place in () if self._holds(about["steps"], known.sizes.get("step", 0)) else self.finished():
            self.drop(place)
        self._put_manifest(about | {"digests": None})
        for key, value in content.items():
            self._put(key, value)
        digests = {key: hashlib.sha256(value).hexdigest() for key, value in content.items()}
        self._put_manifest(about | {"digests": digests})

    def _put_manifest(self, held: dict[str, Any]) -> None:
        self._put(MANIFEST, signed(held))

    def _require_room(self, needed: int) -> None:
        """Refuse what does not fit on the disk."""
        free = room(self.address) if self.local else np.inf
        if needed + LEAST > free:
            raise OSError(
                f"{self.address}: the records need up to {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
                "record less often (--every), fewer seeds or fewer settings"
            )

    def finished(self) -> list[int]:
        """The finished cells in order, those with a marker."""
        if (files := getattr(self.store, "fs", None)) is not None:
            files.invalidate_cache()  # what others wrote meanwhile counts too

        async def names():
            return [name async for name in self.store.list_dir(CELLS)]

        found = (name.removesuffix(".json") for name in _waited(names()) if name.endswith(".json"))
        return sorted(int(name) for name in found if name.isdigit())

    def write(self, place: int, cell: "xarray.Dataset") -> None:
        """Write a cell, then its marker with the digests of its chunks.

        **Raises:** `OSError` when it cannot be written; the other cells are untouched.
        """
        import zarr

        digests: dict[str, str] = {}
        try:
            root: Any = zarr.open_group(recorder(self.store, digests), mode="r+", zarr_format=3)
            for name, variable in cell.data_vars.items():
                root[name][(place, *map(slice, variable.shape))] = variable.values  # of smaller images a part
            self._put(f"{CELLS}/{place}.json", signed({"place": place, "digests": digests}))
        except Exception as error:  # file systems and codecs have many names for a full disk
            raise OSError(f"a cell could not be written to {self.address}: {first_line(error)}") from error

    def drop(self, place: int) -> None:
        """Drop a cell, so that it does not count any more: delete its marker."""
        self._delete(f"{CELLS}/{place}.json")

    def damage(self, place: int) -> str | None:
        """The damage of a finished cell: the first object that is missing or changed; `None` when it is whole."""
        return self.damaged([place]).get(place)

    def _digests(self, place: int) -> dict[str, str] | str:
        """A finished cell's digests by key; in words what is wrong with its marker."""
        marker = f"{CELLS}/{place}.json"
        held = unsigned(self._get(marker) or b"")
        return held["digests"] if held and held.get("place") == place else f"{marker} changed"

    def check(self) -> None:
        """Check metadata and coordinates against the manifest.

        **Raises:** `FileNotFoundError` when there is no store; `Damaged` naming what is missing or changed.
        """
        self._checked()

    def _checked(self) -> dict[str, str]:
        """The digests of metadata and coordinates, which are as they were written."""
        if (made := self._made()) is None:
            raise NotFound(f"there is no store at {self.address}")
        if changed := chunks.changed(self._get, made["digests"]):
            raise Damaged(f"{self.address} is damaged: {changed} since it was written")
        return made["digests"]

    def damaged(self, places: Iterable[int]) -> dict[int, str]:
        """The damaged cells among some finished ones, with what is wrong."""
        return chunks.damaged(self._get, self._digests, list(places))

    def read(self, also: Iterable[int] = (), *, numbers: bool = False) -> "xarray.Dataset":
        """Read the finished cells as an `xarray.Dataset`; its attribute `cells` says of how many in all.

        **Arguments:**
        - `also`: cells that are not finished, of which only what is known beforehand is there, and else NaN.
        - `numbers`: only what is a number of a setting, a run or a record: quick, however much is there.

        **Raises:** `FileNotFoundError` when there is no store; `Damaged` when something of that was changed or is gone,
        naming it; `ValueError` when it is of another version.
        """
        import xarray
        import zarr

        known = {key.partition("/")[0] for key in self._checked() if key.split("/")[1:2] == ["c"]}  # hold all cells
        finished = self.finished()
        places = sorted({*finished, *also})
        try:
            whole = xarray.open_zarr(self.store, chunks=None, consolidated=False, mask_and_scale=False)
            few = {"setting", "seed", "step"}
            names = sorted(str(name) for name, each in whole.data_vars.items() if not numbers or {*each.dims} <= few)
            of_cells = [name for name in names if name not in known and whole[name].dims[:1] == ("setting",)]
            others = [name for name in whole.data_vars if name in of_cells or name not in names]
            part = whole.drop_vars(others).isel(setting=places).load()
            root: Any = zarr.open_group(self.store, mode="r", zarr_format=3)
            arrays = {
                name: np.full((len(places), *root[name].shape[1:]), root[name].fill_value, root[name].dtype)
                for name in of_cells
            }
            rows = {place: row for row, place in enumerate(places)}
            broken = chunks.read(self._get, self._digests, {place: rows[place] for place in finished}, arrays)
        except Exception as error:
            raise Damaged(f"{self.address} is damaged: {plain(error, 300)}") from error
        for what in broken.values():
            raise Damaged(f"{self.address} is damaged: {what} since it was written")
        found = {name: (whole[name].dims, values, whole[name].attrs) for name, values in arrays.items()}
        return part.assign(found)[names].assign_attrs(cells=whole.sizes["setting"])


def _waited(coroutine: Any) -> Any:
    """What a coroutine of Zarr's stores gives."""
    from zarr.core.sync import sync

    return sync(coroutine)


def room(path: str | os.PathLike) -> float:
    """Free bytes on the disk that a path is on, or will be."""
    import shutil

    there = Path(path).absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free
