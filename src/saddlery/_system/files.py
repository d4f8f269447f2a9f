"""Reading files of any origin: regular and of limited size, with errors that name the file."""

import io
import json
import math
import os
import stat
from typing import IO, TYPE_CHECKING, Any

from saddlery._system.memory import afford
from saddlery.errors import Damaged, InvalidValue
from saddlery.text.arguments import COUNT, plain

if TYPE_CHECKING:
    import numpy as np

TEXT = 64 << 20  # bytes of a JSON file at most
HEAD = 1 << 20  # bytes of an .npy file's head at most
PIECE = 1 << 20  # bytes read at once


def read_limited(path: str | os.PathLike, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes.

    Nothing else is waited for or read: a pipe, a device, a socket and a link to one of them are refused.

    **Raises:** `FileNotFoundError` and other `OSError`s naming the file, also when it is not a regular one;
    `ValueError` when it is larger, or grows while it is read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise InvalidValue(f"{plain(path)} has {size:,} bytes, expected at most {most:,}")
        afford(plain(path), size)
        content = file.read(size + 1)
    if len(content) > size:
        raise InvalidValue(f"{plain(path)} grew while it was read")
    return content


def open_regular(path: str | os.PathLike) -> io.BufferedReader:
    """A regular file, open for reading bytes.

    **Raises:** `OSError` naming the file when it is not there, cannot be read, or is a folder, pipe, device or socket.
    """
    if stat.S_ISREG(os.stat(path).st_mode):  # some devices do something when they are opened
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        if stat.S_ISREG(os.fstat(opened).st_mode):
            return os.fdopen(opened, "rb")
        os.close(opened)
    raise OSError(f"{plain(path)} is not a regular file")


class Limited:
    """A stream of which at most `most` bytes are handed out, and at most `at_once` by one read.

    For readers that believe what a file says of itself, and for what is small packed and large unpacked: neither then
    costs more than that. Whoever reads it names the file, which a stream has no name of.

    **Raises:** `ValueError` when a read, or a seek from the start, goes beyond.
    """

    def __init__(self, file: IO[bytes], most: int, at_once: int | None = None):
        self.file, self.most, self.at_once = file, most, most if at_once is None else at_once

    def read(self, size: int | None = -1) -> bytes:
        """Read `size` bytes, or all that are left, or what there is before the end."""
        left = max(0, min(self.at_once, self.most - self.file.tell()))
        wanted = left + 1 if size is None or size < 0 else min(size, left + 1)
        parts = []
        while wanted > 0 and (part := self.file.read(min(wanted, PIECE))):  # files make room for all that is asked for
            parts.append(part)
            wanted -= len(part)
        if sum(map(len, parts)) > left:
            raise InvalidValue(f"it holds more than {self.most:,} bytes, or more than {self.at_once:,} in one piece")
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position in the stream."""
        if whence == os.SEEK_SET and offset > self.most:
            raise InvalidValue(f"it holds more than {self.most:,} bytes")
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """The position in the stream."""
        return self.file.tell()

    def seekable(self) -> bool:
        """Whether the position in the stream can be moved."""
        return self.file.seekable()


def read_json(path: str | os.PathLike, what: str = "JSON") -> Any:
    """The content of a JSON file.

    **Arguments:** `what` names what it should be, for the error.

    **Raises:** `Damaged` naming the file when it is no JSON; what `read_limited` raises.
    """
    return parse_json(read_limited(path, TEXT), path, what)


def parse_json(content: bytes, path: str | os.PathLike, what: str = "JSON") -> Any:
    """The content of JSON in bytes that were read from `path`.

    **Raises:** `Damaged` naming the file when they are no JSON.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{plain(path)} is damaged: it is no {what}") from error


def read_array(path: str | os.PathLike, mmap: bool = False) -> "np.ndarray":
    """The array of an .npy file, in memory or, with `mmap`, mapped and read only.

    **Raises:** `Damaged` naming the file when it is no .npy file or shorter than its head says; `ValueError` when it
    does not fit into the memory that is free, or has an axis of 2³¹ or more; `OSError` when it is not there or not a
    regular file.
    """
    import numpy as np

    with open_regular(path) as file:
        shape, order, dtype = array_head(file, path)
        count, start = math.prod(shape), file.tell()
        size, there = count * dtype.itemsize, os.fstat(file.fileno()).st_size - start
        if size > there:
            raise Damaged(f"{plain(path)} is damaged: its head says {size:,} bytes, it holds {there:,}")
        if mmap and size:
            return np.memmap(file, dtype, "r", start, shape, order)
        afford(plain(path), size)
        return np.fromfile(file, dtype, count).reshape(shape, order=order)


def array_head(file: IO[bytes], path: str | os.PathLike) -> tuple[tuple[int, ...], Any, Any]:
    """Shape, order and type of the array in an .npy file, of which no more than its head is read.

    **Arguments:** `file`: open at its beginning; `path`: what the error names.

    **Raises:** `Damaged` when it is no .npy file of numbers; `ValueError` for an axis of 2³¹ or more.
    """
    from numpy.lib import format as npy

    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    limited: Any = Limited(file, HEAD)
    try:
        shape, transposed, dtype = readers[npy.read_magic(limited)](limited)
        if dtype.hasobject or dtype.fields or dtype.subdtype or not dtype.itemsize or min(shape, default=0) < 0:
            raise InvalidValue(f"it holds {dtype} of shape {shape}")
    except Exception as error:  # NumPy's parser has many names for a damaged head
        raise Damaged(f"{plain(path)} is damaged: it is no .npy file of numbers") from error
    if max(shape, default=0) > COUNT:
        raise InvalidValue(f"{plain(path)} holds an array of shape {shape}, expected axes of at most {COUNT:,}")
    return shape, "F" if transposed else "C", dtype
