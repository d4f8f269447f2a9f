"""Sources of images: the image files of a folder or of a zip, listed and read."""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saddlery._system.files import Limited, open_regular
from saddlery._system.memory import afford
from saddlery.errors import Damaged, InvalidValue, NotFound
from saddlery.text.arguments import plain, quoted

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
BEGINNINGS = (  # of image files
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    *(b"P%d" % kind for kind in range(1, 8)),
)  # fmt: skip
LARGE = 1 << 24  # bytes from which an image file is looked at before it is read
LARGEST = 1 << 28  # bytes of one image file
TOTAL = 1 << 40  # bytes of a zip, and of its images unpacked
DIRECTORY = 1 << 28  # bytes of a zip's table of contents


class Source(NamedTuple):
    """A source of images: a folder or a zip.

    - `path`: where it is.
    - `names`: its image files, sorted, relative to it, their parts separated by `/`.
    - `identity`: a text that changes when a file is added, removed or altered.
    - `read`: from a name to the file's bytes; threads may call it at once.
    """

    path: Path
    names: list[str]
    identity: str
    read: Callable[[str], bytes]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The source of images in a folder, with all folders below it, or in a zip. Hidden files are passed over.

    What is named as an image and is none costs no more than the few bytes at its beginning that tell.

    **Raises:** `FileNotFoundError` when there is nothing there; `ValueError` when it is neither or holds no image, and
    for a zip that is damaged or encrypted, that has an entry outside itself, or that would unpack to an image of more
    than 256 MiB, or to more than 1 TiB of images. Nothing of a zip is ever unpacked on disk.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise NotFound(f"{plain(path)} is not there; expected a folder or a zip of images")
    elif not path.is_file():
        raise InvalidValue(
            f"{plain(path)} is neither a folder nor a regular file; expected a folder or a zip of images"
        )
    else:
        with open_regular(path) as file, _opened_zip(path, file) as archive:
            yield _zip(path, archive, os.fstat(file.fileno()))


def _folder(path: Path) -> Source:
    names = [(Path(folder) / file).relative_to(path).as_posix() for folder, _, files in os.walk(path) for file in files]
    images = _images_of(path, names)
    digest = hashlib.sha256()
    for name in images:
        about = _about(path / name)
        digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode(errors="surrogateescape"))

    def read(name: str) -> bytes:
        with open_regular(path / name) as file:
            return _content(file, os.fstat(file.fileno()).st_size)

    return Source(path, images, digest.hexdigest(), read)


def _about(path: Path) -> os.stat_result:
    """The size and date of a file, or of a link that leads nowhere."""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


@contextlib.contextmanager
def _opened_zip(path: Path, file: Any) -> Iterator[zipfile.ZipFile]:
    limited: Any = Limited(file, TOTAL, DIRECTORY)
    if not zipfile.is_zipfile(limited):
        raise InvalidValue(f"{plain(path)} is neither a folder nor a zip of images, or the zip is damaged")
    try:
        archive = zipfile.ZipFile(limited)
    except Exception as error:  # it has many names for a damaged table of contents
        raise Damaged(f"{plain(path)} is damaged: {plain(error)}") from error
    with archive:
        yield archive


def _zip(path: Path, archive: zipfile.ZipFile, about: os.stat_result) -> Source:
    entries = archive.infolist()
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0].endswith(":") or entry.filename[:1] in "/\\":
            raise InvalidValue(f"{plain(path)} is refused: its entry {quoted(entry.filename)} lies outside the zip")
    images = _images_of(path, [entry.filename for entry in entries if not entry.is_dir()])
    for name in images:
        if (entry := archive.getinfo(name)).file_size > LARGEST:
            raise InvalidValue(
                f"{plain(path)} is refused: its entry {quoted(name)} unpacks to {entry.file_size:,} bytes"
            )
        if entry.flag_bits & 1:
            raise InvalidValue(f"{plain(path)} is encrypted: unpack it, and give the folder")
    if (total := sum(archive.getinfo(name).file_size for name in images)) > TOTAL:
        raise InvalidValue(f"{plain(path)} is refused: its images would unpack to {total:,} bytes")

    def read(name: str) -> bytes:
        with archive.open(name) as file:
            return _content(file, archive.getinfo(name).file_size)

    return Source(path, images, f"{about.st_size} {about.st_mtime_ns}", read)


def _content(file: Any, size: int) -> bytes:
    """The bytes of an image file; of a large one only when it begins as one, as what else it holds may be anything.

    How images begin is all that is looked at: their size may come after any amount of what a camera had to say.
    """
    if size > LARGEST:
        raise InvalidValue(f"{size:,} bytes, more than {LARGEST:,}")
    if size > LARGE:
        if not file.read(len(max(BEGINNINGS, key=len))).startswith(BEGINNINGS):
            raise InvalidValue(f"{size:,} bytes that do not begin as an image does")
        afford("it", size)
        file.seek(0)
    return file.read(size + 1)


def _images_of(path: Path, names: list[str]) -> list[str]:
    """The image files among all files, sorted; refused when there are none."""
    images = sorted({name for name in names if _is_image(name)})
    if not images:
        others = f"none of its {len(names):,} files ends in" if names else "it is empty; images end in"
        raise InvalidValue(f"{plain(path)} holds no images: {others} {', '.join(sorted(SUFFIXES))}")
    return images


def _is_image(name: str) -> bool:
    parts = name.split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and os.path.splitext(name)[1].lower() in SUFFIXES
