"""Chunks of the cells of a store: how its arrays are cut and compressed, and how many cells are read at once.

A large sweep has a file for each array of each cell. Zarr reads them one by one in some hundred microseconds each; here
each is opened once, compared with its digest and unpacked into its place.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from saddlery._system.cores import threads

if TYPE_CHECKING:
    import xarray
    import zarr

LONG = 0.005  # seconds of a cell from which on several are read at a time


def add_array(root: "zarr.Group", name: str, variable: "xarray.DataArray", cells: int) -> None:
    """Add the array of a variable for so many cells to a Zarr group, empty: along `setting`, then as in a cell.

    A chunk belongs to one cell; where a record is an array itself, to one run of it.
    """
    from zarr.codecs import ZstdCodec

    small = variable.ndim <= 2
    root.create_array(
        name,
        shape=(cells, *variable.shape),
        chunks=(1, *variable.shape) if small else (1, 1, *variable.shape[1:]),
        dtype=variable.dtype,
        fill_value=filling(variable.dtype),
        compressors=ZstdCodec(level=1, checksum=True),
        dimension_names=("setting", *map(str, variable.dims)),
        attributes=dict(variable.attrs),
    )


def filling(kind: np.dtype) -> float:
    """What stands where nothing was recorded: NaN, in images white, else 0."""
    return np.nan if np.issubdtype(kind, np.floating) else 255 if kind == np.uint8 else 0


def changed(get: Callable[[str], bytes | None], digests: Mapping[str, str]) -> str | None:
    """The first of some objects that is missing or has another digest, in words; `None` when there is none."""
    return next((found for key, digest in digests.items() if isinstance(found := _sound(get, key, digest), str)), None)


def read(
    get: Callable[[str], bytes | None],
    digests_of: Callable[[int], Mapping[str, str] | str],
    rows: Mapping[int, int],
    arrays: Mapping[str, np.ndarray],
) -> dict[int, str]:
    """Read cells into arrays, and compare each object that is read with its digest.

    **Arguments:**
    - `get`: an object's bytes by its key, `None` where it is not there.
    - `digests_of`: a cell's digests by key, or in words what is wrong with its marker.
    - `rows`: of the cells, the row that each has in the arrays.
    - `arrays`: by name, along cells, filled with what stands where nothing was recorded; others are left out.

    **Returns:** what is wrong with the damaged ones, in words, by place.
    """
    from numcodecs.zstd import decompress

    def one(place: int) -> str | None:
        digests = digests_of(place)
        if isinstance(digests, str):
            return digests
        for key, digest in digests.items():
            name, _, _, *within = key.split("/")
            if name not in arrays:
                continue
            if isinstance(content := _sound(get, key, digest), str):
                return content
            part = _part(arrays[name][rows[place]], [*map(int, within)])
            try:
                fits = _unpacked(content) == part.nbytes  # of a smaller one the rest would stay as it was
                if fits:
                    decompress(content, part)
            except (ValueError, RuntimeError, IndexError):
                fits = False
            if not fits:
                return f"{key} does not fit"
        return None

    return _each(one, list(rows))


def damaged(
    get: Callable[[str], bytes | None], digests_of: Callable[[int], Mapping[str, str] | str], places: Sequence[int]
) -> dict[int, str]:
    """What is wrong with the damaged ones of some cells, in words, by place; arguments as of `read`."""

    def one(place: int) -> str | None:
        digests = digests_of(place)
        return digests if isinstance(digests, str) else changed(get, digests)

    return _each(one, places)


def _each(one: Callable[[int], str | None], places: Sequence[int]) -> dict[int, str]:
    """What is said of each place where something is.

    Where one takes long, since it is large or far away, a thread for each core; small files are read faster by one
    alone, as threads of Python wait for each other.
    """
    began = time.perf_counter()
    said = [one(place) for place in places[:1]]
    if time.perf_counter() - began < LONG:
        said += [one(place) for place in places[1:]]
    else:
        with threads() as pool:
            said += pool.map(one, places[1:])
    return {place: what for place, what in zip(places, said, strict=True) if what is not None}


def _sound(get: Callable[[str], bytes | None], key: str, digest: str) -> bytes | str:
    """An object's content; of one that is missing or changed, in words what is wrong."""
    content = get(key)
    if content is None:
        return f"{key} is missing"
    return content if hashlib.sha256(content).hexdigest() == digest else f"{key} changed"


def _unpacked(frame: bytes) -> int:
    """The bytes that a Zstandard frame says it holds (RFC 8878, section 3.1.1.1); 0 where it does not say."""
    flag, single, dictionary = frame[4] >> 6, frame[4] >> 5 & 1, (0, 1, 2, 4)[frame[4] & 3]
    at, width = 5 + (1 - single) + dictionary, (single, 2, 4, 8)[flag]
    return int.from_bytes(frame[at : at + width], "little") + 256 * (flag == 1)


def _part(cell: np.ndarray, within: Sequence[int]) -> np.ndarray:
    """The part of a cell's array that is the chunk at these indices: the whole of it, or that of one run."""
    return cell[within[0]] if cell.ndim > 2 else cell
