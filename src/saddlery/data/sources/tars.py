"""WebDataset tars: samples are files of the same stem, an image with its label; plain tars of images as well."""

import contextlib
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saddlery._system.files import Limited, open_regular
from saddlery.data.sources import source as limits
from saddlery.data.sources.source import (
    Pictures,
    Source,
    by_folders,
    content,
    images_of,
    is_hidden,
    is_image,
    labelled,
    leaves,
    passed_over,
    relative,
    stamp,
)
from saddlery.errors import Damaged, InvalidValue
from saddlery.text.arguments import plain, quoted

TOTAL = 1 << 42  # bytes of a tar
AT_ONCE = 1 << 20  # bytes of what a tar says of one file
ENTRIES = 1 << 24  # files of all tars
BLOCK, PADDING = 512, 1 << 20  # bytes of a block, of which empty ones end a tar; fewer than these of them
LABEL = 1 << 20  # bytes of a file with a label


class Entry(NamedTuple):
    """A file in a tar: the tar, where its bytes begin, and how many there are; `None` for what is no regular file."""

    tar: Path
    start: int
    size: int | None


@contextlib.contextmanager
def tars(path: Path, files: list[Path]) -> Iterator[Source]:
    """The source of the images in tars. Nothing is unpacked on disk, and they are not compressed.

    Labels are those of `.cls` files, or of "label" in `.json` files, of the image's name up to its first full stop;
    where there are none, the folders in the tars, as in a folder. Beside an image `a.jpg` those named `a.mask.png` are
    no samples.

        >>> import io, tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with tarfile.open(path := Path(place) / "x.tar", "w") as tar:
        ...         for name, held in (("1.png", b"bytes"), ("1.cls", b"3"), ("2.png", b"more"), ("2.cls", b"0")):
        ...             entry = tarfile.TarInfo(name)
        ...             entry.size = len(held)
        ...             tar.addfile(entry, io.BytesIO(held))
        ...     with tars(path, [path]) as source:
        ...         pictures = source.listed()
        ...         pictures.names, pictures.labels, pictures.read("1.png")
        (['1.png', '2.png'], [3, 0], b'bytes')

    **Arguments:** `path`: what was asked for; `files`: the tars.

    **Raises:** `ValueError` for a tar that is damaged, compressed, or has an entry outside itself, and when there is no
    image.
    """
    identity = "\n".join(f"{name} {stamp(file)}" for name, file in zip(relative(files), files, strict=True))
    yield Source(path, identity, lambda: _pictures(path, files))


def _pictures(path: Path, files: list[Path]) -> Pictures:
    entries: dict[str, Entry] = {}
    inside: dict[str, str] = {}  # the names in the tars, by those that tell the tars apart
    for file, called in zip(files, relative(files), strict=True):
        for name, entry in _entries(file):
            full = f"{called}/{name}" if len(files) > 1 else name
            entries[full] = entry  # of two of a name the last counts, as when a tar is unpacked
            inside[full] = name
            if len(entries) > ENTRIES:
                raise InvalidValue(f"{plain(path)} is refused: it holds more than {ENTRIES:,} files")

    def read(name: str) -> bytes:
        tar, start, size = entries[name]
        if size is None:
            raise InvalidValue("it is a link or no regular file in the tar")
        with open_regular(tar) as file:
            file.seek(start)
            found = content(file, size, beyond=0)
        if len(found) < size:
            raise InvalidValue("the tar ends before it does")
        return found

    every = images_of(path, [*entries])
    plainly = {_key(name) for name in every if _is_plain(name)}
    images = [name for name in every if _is_plain(name) or _key(name) not in plainly]
    notes = passed_over([*entries])
    if beside := len(every) - len(images):
        notes += (f"{beside:,} images beside those of samples are not read, such as {_first(every, images)}",)
    said = {_key(name): name for name in entries if not is_hidden(name) and name.endswith((".json", ".cls"))}
    if not said:
        return Pictures(images, read, by_folders([inside[name] for name in images]), notes=notes)
    found = {name: _label(said[_key(name)], entries) for name in images if _key(name) in said}
    if not any(found.values()):
        return Pictures(images, read, None, notes=notes)
    labels, more = labelled(images, found)
    return Pictures(images, read, labels, notes=notes + more, told=True)


def _entries(path: Path) -> Iterator[tuple[str, Entry]]:
    """The files of a tar, with where they lie in it; what they hold is not read."""
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        if file.read(2) == b"\x1f\x8b":
            unpacked = path.name.removesuffix(".gz")
            raise InvalidValue(f"{plain(path)} is compressed: unpack it by gunzip, and give {plain(unpacked)}")
        file.seek(0)
        limited: Any = Limited(file, TOTAL, AT_ONCE)
        try:
            with tarfile.open(fileobj=limited, mode="r:") as tar:
                for entry in tar:
                    tar.members.clear()  # type: ignore[attr-defined]  # it keeps all that it has seen
                    name = entry.name.removeprefix("./")
                    if leaves(name):
                        raise InvalidValue(
                            f"{plain(path)} is refused: its entry {quoted(entry.name)} lies outside the tar"
                        )
                    if entry.isdir():
                        continue
                    regular = entry.isreg() and not entry.issparse()
                    if regular and entry.offset_data + entry.size > end:
                        raise Damaged(f"{plain(path)} is damaged: it ends within {quoted(entry.name)}")
                    if regular and entry.size > limits.LARGEST and is_image(name):
                        raise InvalidValue(f"{plain(path)} is refused: {quoted(name)} has {entry.size:,} bytes")
                    yield name, Entry(path, entry.offset_data, entry.size if regular else None)
                ending = tar.offset  # where the reader met what is no entry
            file.seek(ending)
            if (rest := file.read(PADDING)).strip(b"\0") or not BLOCK <= len(rest) < PADDING:
                cut = "it is cut off" if len(rest) < BLOCK else "there is more behind where it ends, or seems to"
                raise Damaged(f"{plain(path)} is damaged: {cut}")
        except InvalidValue as error:
            raise error if plain(path) in str(error) else Damaged(f"{plain(path)} is damaged: {error}") from error
        except (tarfile.TarError, ValueError, OSError, EOFError) as error:
            raise Damaged(f"{plain(path)} is no tar, or it is damaged: {plain(error)}") from error


def _key(name: str) -> str:
    """What the files of one sample have in common: their names up to the first full stop."""
    before, slash, last = name.rpartition("/")
    return before + slash + last.split(".", 1)[0]


def _is_plain(name: str) -> bool:
    """Whether a name has one ending only."""
    return name.rpartition("/")[2].count(".") == 1


def _first(every: list[str], images: list[str]) -> str:
    chosen = set(images)
    return plain(next(name for name in every if name not in chosen), 80)


def _label(name: str, entries: dict[str, Entry]) -> str:
    """The label in a `.cls` or `.json` file; an empty text where there is none."""
    tar, start, size = entries[name]
    if size is None or size > LABEL:
        return ""
    with open_regular(tar) as file:
        file.seek(start)
        said = file.read(size).decode("utf-8", "replace").strip()
    if name.endswith(".cls"):
        return said
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        return ""
    label = told.get("label") if isinstance(told, dict) else None
    return str(label) if isinstance(label, str | int) and not isinstance(label, bool) else ""
