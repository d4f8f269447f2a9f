"""Where pictures lie: the image files of a folder or of a zip, listed, told apart and read."""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
LARGEST = 1 << 28  # bytes of one image file
TOTAL = 1 << 40  # bytes that a zip may unpack to
RATIO = 100  # times its own size that a zip may unpack to; images are compressed already


class Source(NamedTuple):
    """A folder or a zip of images.

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
    """The images of a folder, with all folders below it, or of a zip. Hidden files are passed over.

    **Raises:** `FileNotFoundError` when there is nothing there; `ValueError` when it is neither or holds no image, and
    for a zip that is damaged or encrypted, that has an entry outside itself, or that would unpack to far more than it
    is: an image of more than 256 MiB, or in all more than 1 TiB or 100 times its size. Nothing of a zip is ever
    unpacked on disk.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise FileNotFoundError(f"{path} is not there; expected a folder or a zip of images")
    elif not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is neither a folder nor a zip of images, or the zip is damaged")
    else:
        with _opened_zip(path) as archive:
            yield _zip(path, archive)


def _folder(path: Path) -> Source:
    names = [(Path(folder) / file).relative_to(path).as_posix() for folder, _, files in os.walk(path) for file in files]
    images = _images_of(path, names)
    digest = hashlib.sha256()
    for name in images:
        about = os.lstat(path / name)
        digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode(errors="surrogateescape"))

    def read(name: str) -> bytes:
        size = (path / name).stat().st_size
        if size > LARGEST:
            raise OSError(f"{size:,} bytes, more than {LARGEST:,}")
        return (path / name).read_bytes()

    return Source(path, images, digest.hexdigest(), read)


@contextlib.contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    with archive:
        yield archive


def _zip(path: Path, archive: zipfile.ZipFile) -> Source:
    entries = archive.infolist()
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0].endswith(":") or entry.filename[:1] in "/\\":
            raise ValueError(f"{path} is refused: its entry {entry.filename!r} lies outside the zip")
    size, total = path.stat().st_size, sum(entry.file_size for entry in entries)
    if total > TOTAL or total > RATIO * max(size, 1 << 16):
        raise ValueError(f"{path} is refused: its {size:,} bytes would unpack to {total:,}, as those of a zip bomb")
    images = _images_of(path, [entry.filename for entry in entries if not entry.is_dir()])
    for name in images:
        if (entry := archive.getinfo(name)).file_size > LARGEST:
            raise ValueError(f"{path} is refused: its entry {name!r} unpacks to {entry.file_size:,} bytes")
        if entry.flag_bits & 1:
            raise ValueError(f"{path} is encrypted: unpack it, and give the folder")
    return Source(path, images, f"{size} {path.stat().st_mtime_ns}", archive.read)


def _images_of(path: Path, names: list[str]) -> list[str]:
    """The image files among all files, sorted; refused when there are none."""
    images = sorted({name for name in names if _is_image(name)})
    if not images:
        others = f"none of its {len(names):,} files ends in" if names else "it is empty; images end in"
        raise ValueError(f"{path} holds no images: {others} {', '.join(sorted(SUFFIXES))}")
    return images


def _is_image(name: str) -> bool:
    parts = name.split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and os.path.splitext(name)[1].lower() in SUFFIXES
