"""Files that grow while runs are under way, and what in them proves that Saddlery wrote them and nobody changed them.

A file that is appended to has no digest before it is closed, and a process may be killed. So each piece of it carries
its own: a line of live records its SHA-256, a row of `records.csv` its CRC-32, a record of a TensorBoard file its
CRC-32C, as that format has it. The last piece may be cut off: it was being written.
"""

import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from saddlery._system.files import open_regular, read_limited
from saddlery.records.signed import are_signed

LIVE_FILE = re.compile(r"live/\d+-\d+\.jsonl")  # of records of a run under way
ROWS = "records.csv"  # the rows of all runs
HEADING = "setting,seed,step,measure,value,check"
EVENTS = re.compile(r"events\.out\.tfevents\.\d+\.saddlery")  # of one run
LONGEST = 1 << 28  # bytes of a file of live records
LARGEST = 1 << 26  # bytes of a row, or of a TensorBoard record


def proof(path: Path) -> Callable[[Path], bool] | None:
    """The function that tells whether a file of this name is Saddlery's and whole; `None` for names of other files."""
    if LIVE_FILE.fullmatch("/".join(path.absolute().parts[-2:])):
        return lambda file: are_signed(read_limited(file, LONGEST).split(b"\n"))
    if path.name == ROWS:
        return are_rows
    return are_events if EVENTS.fullmatch(path.name) else None


def checked(row: str) -> str:
    """A row of comma-separated values with its check, the CRC-32 of what stands before it, as eight digits.

    >>> checked("a,0,0,loss,1.0")
    'a,0,0,loss,1.0,56d9f724'
    """
    return f"{row},{zlib.crc32(row.encode()):08x}"


def is_checked(line: str) -> bool:
    """Whether a row's check fits it.

    >>> is_checked("a,0,0,loss,1.0,56d9f724"), is_checked("a,0,0,loss,1.5,e41ac7c2")
    (True, False)
    """
    return checked(line.rpartition(",")[0]) == line


def are_rows(path: Path) -> bool:
    """Whether a file is the heading and rows that fit their checks; the last may be cut off."""
    with open_regular(path) as file:
        lines = iter(lambda: file.readline(LARGEST), b"")
        if next(lines, b"").decode(errors="replace").removesuffix("\n") != HEADING:
            return False
        return all(is_checked(line[:-1].decode(errors="replace")) for line in lines if line.endswith(b"\n"))


def framed(content: bytes) -> bytes:
    """A record as TensorBoard's files hold it (TFRecord): its length, that number's checksum, itself, its checksum."""
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def are_framed(head: bytes) -> bool:
    """Whether a file's first twelve bytes are a length with its checksum, as in TensorBoard's files.

    >>> are_framed(framed(b"an event")), are_framed(b"step,generator_loss")
    (True, False)
    """
    return len(head) >= 12 and head[8:12] == _checksum(head[:8])


def records(file: IO[bytes]) -> Iterator[bytes | None]:
    """The records of a TensorBoard file; `None`, and no more, where one does not fit its checksum or is cut off."""
    while length := file.read(8):
        size = struct.unpack("<Q", length)[0] if len(length) == 8 else LARGEST
        if file.read(4) != _checksum(length) or size >= LARGEST:
            yield None
            return
        content = file.read(size)
        if file.read(4) != _checksum(content):
            yield None
            return
        yield content


def are_events(path: Path) -> bool:
    """Whether a TensorBoard file is records that fit their checksums; the last may be cut off."""
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        return all(each is not None or file.tell() == end for each in records(file))


def _checksum(content: bytes) -> bytes:
    """The masked CRC-32C of TensorBoard's files."""
    from google_crc32c import value

    crc = value(content)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)
