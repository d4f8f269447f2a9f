"""Zips of images: read where they are, never unpacked on disk."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from saddlery._system.files import Limited, open_regular
from saddlery.data.sources import source as limits
from saddlery.data.sources.source import (
    READ,
    Pictures,
    Source,
    by_folders,
    content,
    images_of,
    leaves,
    passed_over,
    stamp,
)
from saddlery.errors import Damaged, InvalidValue
from saddlery.text.arguments import plain, quoted

TOTAL = 1 << 40  # bytes of a zip, and of its images unpacked
DIRECTORY = 1 << 28  # bytes of a zip's table of contents


@contextlib.contextmanager
def zip_of_images(path: Path) -> Iterator[Source]:
    """The source of the images in a zip. Hidden files are passed over.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with zipfile.ZipFile(path := Path(place) / "x.zip", "w") as archive:
        ...         archive.writestr("a.png", b"bytes")
        ...     with zip_of_images(path) as source:
        ...         source.listed().names, source.listed().read("a.png")
        (['a.png'], b'bytes')

    **Raises:** `ValueError` for a zip that is damaged or encrypted, holds no image, has an entry outside itself, or
    that would unpack to an image of more than 256 MiB, or to more than 1 TiB of images.
    """
    with open_regular(path) as file, opened_zip(path, file) as archive:
        yield Source(path, stamp(path), lambda: _pictures(path, archive))


@contextlib.contextmanager
def opened_zip(path: Path, file: io.BufferedIOBase | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """A zip, its table of contents read.

        >>> import io
        >>> zipfile.ZipFile(file := io.BytesIO(), "w").close()
        >>> with opened_zip(Path("x.zip"), file) as archive:
        ...     archive.namelist()
        []

    **Raises:** `ValueError` when it is none, or damaged.
    """
    limited: Any = Limited(cast(IO[bytes], file), TOTAL, DIRECTORY)
    if not zipfile.is_zipfile(limited):
        if path.suffix.lower() in (".zip", ".npz"):
            raise Damaged(f"{plain(path)} is no zip, or the zip is damaged")
        raise InvalidValue(f"{plain(path)} is of a kind that is not read; expected {READ}")
    try:
        archive = zipfile.ZipFile(limited)
    except Exception as error:  # it has many names for a damaged table of contents
        raise Damaged(f"{plain(path)} is damaged: {plain(error)}") from error
    with archive:
        yield archive


def _pictures(path: Path, archive: zipfile.ZipFile) -> Pictures:
    entries = archive.infolist()
    for entry in entries:
        if leaves(entry.filename):
            raise InvalidValue(f"{plain(path)} is refused: its entry {quoted(entry.filename)} lies outside the zip")
    files = [entry.filename for entry in entries if not entry.is_dir()]
    images = images_of(path, files)
    for name in images:
        if (entry := archive.getinfo(name)).file_size > limits.LARGEST:
            raise InvalidValue(
                f"{plain(path)} is refused: its entry {quoted(name)} unpacks to {entry.file_size:,} bytes"
            )
        if entry.flag_bits & 1:
            raise InvalidValue(f"{plain(path)} is encrypted: unpack it, and give the folder")
    if (total := sum(archive.getinfo(name).file_size for name in images)) > TOTAL:
        raise InvalidValue(f"{plain(path)} is refused: its images would unpack to {total:,} bytes")

    def read(name: str) -> bytes:
        with archive.open(name) as file:
            return content(file, archive.getinfo(name).file_size)

    return Pictures(images, read, by_folders(images), notes=passed_over(files))
