"""Sources of images: what one is to those who decode it, and what of its files counts as an image."""

import io
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from saddlery._system.files import open_regular
from saddlery._system.memory import afford
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain

SUFFIXES = frozenset({
    ".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff",
    ".webp",
})  # fmt: skip
PICTURES = frozenset({
    ".arw", ".cr2", ".cr3", ".dcm", ".dng", ".exr", ".hdr", ".heic", ".heif", ".j2k", ".jp2", ".jxl", ".nef", ".nii",
    ".orf", ".psd", ".raf", ".rw2", ".svg", ".tga",
})  # fmt: skip # that are not read: raw photographs, drawings, volumes
BEGINNINGS = (  # of image files
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    *(b"P%d" % kind for kind in range(1, 8)), *(b"\0\0\0%cftypavi" % size for size in range(16, 64, 4)),
)  # fmt: skip
LARGE = 1 << 24  # bytes from which an image file is looked at before it is read
LARGEST = 1 << 28  # bytes of one image file
READ = (
    "a folder or a zip of images, WebDataset tars (.tar), Parquet files with a column of images (.parquet), "
    "or a table of paths and labels (.csv, .tsv)"
)
NAMED = 3  # things that an error or a note names


class Pictures(NamedTuple):
    """The images of a source.

    - `names`: of the images, sorted, relative to the source, their parts separated by `/`.
    - `read`: from a name to the file's bytes; threads may call it at once.
    - `labels`: of the images, in the order of their names: texts, or whole numbers from 0, all of one kind; or `None`.
    - `classes`: what whole numbers stand for, where the source says it.
    - `notes`: what whoever reads them is to be told, each in one line.
    - `told`: whether the labels are the source's own, of which names say nothing.
    """

    names: list[str]
    read: Callable[[str], bytes]
    labels: Sequence[str] | Sequence[int] | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    told: bool = False


class Source(NamedTuple):
    """A source of images.

    - `path`: where it is.
    - `identity`: a text that changes when a file is added, removed, resized, or has another date. It is had without
      reading a file, and tells of those that links lead to.
    - `listed`: gives the images, while the source is open.
    """

    path: Path
    identity: str
    listed: Callable[[], Pictures]


def stamp(path: str | os.PathLike[str]) -> str:
    """What tells that a file may have changed: its size and dates. Of a link, those of what it leads to, or its own.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     stamp(file.name) == stamp(file.name)
    True
    """
    try:
        about = os.stat(path)
    except OSError:
        try:
            about = os.lstat(path)
        except OSError:
            return "missing"
    return stamped(about)


def stamped(about: os.stat_result) -> str:
    """What tells that a file may have changed, out of what the system says of it.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     stamped(os.stat(file.name)) == stamp(file.name)
    True
    """
    return f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns}"


def content_of(path: Path) -> bytes:
    """The bytes of an image file that lies by itself, as of `content`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = (Path(place) / "a.gif").write_bytes(b"GIF89a")
        ...     content_of(Path(place) / "a.gif")
        b'GIF89a'

    **Raises:** `ValueError`, with the reason and without the path, when it cannot be read.
    """
    try:
        with open_regular(path) as file:
            return content(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise InvalidValue(error.strerror or "it is not a regular file") from error


def content(file: io.BufferedIOBase | IO[bytes], size: int, beyond: int = 1) -> bytes:
    """The bytes of an image file; of a large one only when it begins as one, as what else it holds may be anything.

    How images begin is all that is looked at: their size may come after any amount of what a camera had to say.

        >>> import io
        >>> content(io.BytesIO(b"GIF89a"), 6)
        b'GIF89a'

    **Arguments:** `beyond`: how many bytes more are asked for, which files that end where they should do not have.

    **Raises:** `ValueError` when it is too large, or large and no image.
    """
    if size > LARGEST:
        raise InvalidValue(f"{size:,} bytes, more than {LARGEST:,}")
    head = b""
    if size > LARGE:
        head = file.read(len(max(BEGINNINGS, key=len)))
        if not head.startswith(BEGINNINGS):
            raise InvalidValue(f"{size:,} bytes that do not begin as an image does")
        afford("it", size)
    return head + file.read(size - len(head) + beyond)


def images_of(path: Path, names: list[str]) -> list[str]:
    """The image files among all files, sorted; refused when there are none.

        >>> images_of(Path("x"), ["b.JPG", "a/1.png", ".hidden.png", "notes.txt"])
        ['a/1.png', 'b.JPG']

    **Raises:** `ValueError`.
    """
    images = sorted({name for name in names if is_image(name)})
    if not images:
        others = f"none of its {len(names):,} files ends in" if names else "it is empty; images end in"
        raise InvalidValue(f"{plain(path)} holds no images: {others} {', '.join(sorted(SUFFIXES))}")
    return images


def is_image(name: str) -> bool:
    """Whether a file is an image by its name, and not hidden.

    >>> is_image("a/1.PNG"), is_image("a/__MACOSX/1.png"), is_image("a/1.txt")
    (True, False, False)
    """
    return not is_hidden(name) and os.path.splitext(name)[1].lower() in SUFFIXES


def is_hidden(name: str) -> bool:
    """Whether a file is one that nobody put there as data: its name, or that of a folder, begins with a full stop.

    >>> is_hidden("a/.b/1.png"), is_hidden("a/1.png")
    (True, False)
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def leaves(name: str) -> bool:
    """Whether a name in an archive or a table leads outside of it.

    >>> leaves("a/../../b.png"), leaves("/b.png"), leaves("C:\\\\b.png"), leaves("a/b.png")
    (True, True, True, False)
    """
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0].endswith(":") or name[:1] in ("/", "\\")


def passed_over(names: list[str], others: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """A note of what looks as if it were meant, and is not read; none where there is nothing of the kind.

        >>> passed_over(["a.png", "b.HEIC", "c.heic"])
        ('2 files of kinds that are not read are passed over: .heic (2)',)

    **Arguments:** `others`: endings of files beside pictures', such as archives'.
    """
    kinds = Counter(os.path.splitext(name)[1].lower() for name in names if not is_hidden(name))
    found = {kind: count for kind, count in kinds.most_common() if kind in PICTURES | others}
    if not found:
        return ()
    said = ", ".join(f"{kind} ({count:,})" for kind, count in found.items())
    total = sum(found.values())
    are = "1 file of a kind that is not read is" if total == 1 else f"{total:,} files of kinds that are not read are"
    return (f"{are} passed over: {said}",)


def relative(files: list[Path]) -> list[str]:
    """The names of several files, relative to the innermost folder that holds them all.

    >>> relative([Path("x/a/0.tar"), Path("x/b/0.tar")])
    ['a/0.tar', 'b/0.tar']
    """
    above = os.path.commonpath([file.parent for file in files])
    return [file.relative_to(above).as_posix() for file in files]


def by_folders(names: list[str]) -> list[str]:
    """Labels of images by their folders.

    >>> by_folders(["a/1.png", "2.png"])
    ['a', '']
    """
    return [name.rpartition("/")[0] for name in names]


def labelled(names: list[str], found: dict[str, str]) -> tuple[list[str] | list[int] | None, tuple[str, ...]]:
    """Labels that a source says, with a note where they cannot be used.

    Texts that are all whole numbers from 0 count as these. Where an image has no label, none is used.

        >>> labelled(["a", "b"], {"a": "10", "b": "9"})
        ([10, 9], ())
        >>> labelled(["a", "b"], {"a": "cat"})
        (None, ('1 of 2 images has no label (b), so that none is used',))
    """
    missing = [name for name in names if not found.get(name)]
    if missing:
        some = ", ".join(plain(name, 80) for name in missing[:NAMED]) + (", …" if len(missing) > NAMED else "")
        have = "images has" if len(missing) == 1 else "images have"
        return None, (f"{len(missing):,} of {len(names):,} {have} no label ({some}), so that none is used",)
    texts = [found[name] for name in names]
    if all(re.fullmatch(r"0|[1-9]\d{0,8}", text, re.ASCII) for text in set(texts)):
        return [int(text) for text in texts], ()
    return texts, ()
