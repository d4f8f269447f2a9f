"""Folders of images, with all folders below them, links followed."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from saddlery.data.sources.source import (
    Pictures,
    Source,
    by_folders,
    content_of,
    images_of,
    is_hidden,
    is_image,
    passed_over,
    stamped,
)
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain

FOLDERS = 1 << 20  # below one: links among folders may make any number of paths
PACKED = frozenset({".7z", ".gz", ".parquet", ".rar", ".tar", ".tgz", ".zip"})  # may hold images


class Walked(NamedTuple):
    """What lies in a folder and in all below it.

    - `stamps`: of each file that is not hidden, by its name relative to the folder, what tells that it changed.
    - `closed`: links that lead nowhere and folders that cannot be opened, each with the reason.
    """

    stamps: dict[str, str]
    closed: dict[str, str]


@contextlib.contextmanager
def folder(path: Path, walked: Walked) -> Iterator[Source]:
    """The source of the images in a folder. Hidden files are passed over.

    Links to folders and files are followed; a file that is reached by two names is there twice. A link that leads
    nowhere, or a folder that cannot be opened, is among the names, and reading it says why.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = (Path(place) / "a.png").write_bytes(b"bytes")
        ...     with folder(Path(place), walk(Path(place))) as source:
        ...         source.listed().names, source.listed().read("a.png")
        (['a.png'], b'bytes')

    **Raises:** `ValueError` when it holds no image.
    """
    names, closed = [*walked.stamps], walked.closed
    images = sorted({*closed, *filter(is_image, names)}) if closed else images_of(path, names)
    identity = hashlib.sha256()
    for name in images:
        identity.update(f"{name}\0{walked.stamps.get(name, '')}\0".encode(errors="surrogateescape"))

    def read(name: str) -> bytes:
        if name in closed:
            raise InvalidValue(closed[name])
        return content_of(path / name)

    notes = passed_over(names, PACKED)
    yield Source(path, identity.hexdigest(), lambda: Pictures(images, read, by_folders(images), notes=notes))


def walk(path: Path) -> Walked:
    """All files below a folder, links followed, but none into a folder that it lies in itself.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     (Path(place) / "round").symlink_to(place)
        ...     _ = (Path(place) / "a.png").write_bytes(b"")
        ...     list(walk(Path(place)).stamps)
        ['a.png']

    **Raises:** `ValueError` for more than a million folders; `OSError` when the folder itself cannot be opened.
    """
    found = Walked({}, {})
    above = frozenset(map(_same, [path.resolve(), *path.resolve().parents]))
    waiting, seen = [("", above)], 0
    while waiting:
        below, ancestors = waiting.pop()
        seen += 1
        if seen > FOLDERS:
            raise InvalidValue(f"{plain(path)} has more than {FOLDERS:,} folders, links followed")
        try:
            with os.scandir(path / below) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not below:
                raise
            found.closed[below] = f"a folder that cannot be opened: {error.strerror}"
            continue
        for entry in listed:
            name = f"{below}/{entry.name}" if below else entry.name
            if is_hidden(entry.name):
                continue
            try:
                about = entry.stat()
                is_folder = entry.is_dir()
            except OSError as error:
                if _may_be_meant(entry.name):
                    found.closed[name] = _why(entry, error)
                continue
            if not is_folder:
                found.stamps[name] = stamped(about)
            elif (same := _same(path / name)) not in ancestors:
                waiting.append((name, ancestors | {same}))
    return found


def _same(path: Path) -> tuple[int, int]:
    """What two paths of one folder have in common."""
    about = os.stat(path)
    return about.st_dev, about.st_ino


def _may_be_meant(name: str) -> bool:
    """Whether what cannot be looked into would be an image or a folder, as far as its name tells."""
    return is_image(name) or not re.fullmatch(r"\.[A-Za-z]\w*", os.path.splitext(name)[1])


def _why(entry: os.DirEntry, error: OSError) -> str:
    if not entry.is_symlink():
        return error.strerror or "it cannot be looked at"
    return "a link that leads nowhere" if isinstance(error, FileNotFoundError) else "a link that leads in a circle"
