"""Decoding of all images of a source on all cores, into one array, with their digests and the range of their levels."""

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from saddlery._system import signals
from saddlery._system.cores import threads
from saddlery.data.decoding import decode_or_measure
from saddlery.data.depth import Levels, Ranges, joined
from saddlery.data.kept import ABOUT, IMAGES, LABELS, MANIFEST
from saddlery.data.manifest import UNREAD, Manifest, digest_of, written
from saddlery.data.sources import Pictures
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain

T = TypeVar("T")
Progress = Callable[[int, int], Any] | None

TOGETHER = 128  # images that a thread decodes before it hands them over
NAMED = 5  # unreadable files that a warning names


class Square(NamedTuple):
    """The size that every image is brought to: its side, its channels, and the square that is kept (see `decode`)."""

    size: int
    channels: int
    crop: int | None


class Outcome(NamedTuple):
    """What came of a file: the digest of what it holds, and its pixels, its levels, or the reason why it has none."""

    digest: str
    found: np.ndarray | Levels | str


class Job(NamedTuple):
    """What is to be decoded: where it is, its images, their square, and whether one that cannot be read stops it."""

    path: Path
    pictures: Pictures
    square: Square
    strict: bool


def write_images(into: Path, job: Job, progress: Progress) -> Manifest:
    """Decode all images into `images.npy`, with their labels, where there are several, their manifest and `about.json`.

    Pictures of more than eight bits are decoded twice, once to find the range of all of them.

        >>> import tempfile
        >>> pictures = Pictures(["a.pgm", "b.pgm"], lambda name: b"P5 1 1 255 " + name[:1].encode(), ["a", "b"])
        >>> with tempfile.TemporaryDirectory() as into:
        ...     _ = write_images(Path(into), Job(Path("x"), pictures, Square(1, 1, None), False), None)
        ...     np.load(Path(into) / IMAGES).ravel().tolist(), np.load(Path(into) / LABELS).tolist()
        ([97, 98], [0, 1])

    **Raises:** `ValueError` when none can be read, and with `strict` when one cannot.
    """
    path, pictures, square, strict = job
    total, shape = len(pictures.names), (square.size, square.size, square.channels)
    unreadable: dict[str, str] = {}
    digests: dict[str, str] = {}
    measured: dict[str, tuple[int, Levels]] = {}  # where its pixels come to lie, and its levels
    with open(into / IMAGES, "wb") as file, _quiet():
        _head(file, (total, *shape))
        start, blank = file.tell(), bytes(int(np.prod(shape)))
        for done, (name, (digest, found)) in enumerate(_outcomes(pictures, square, pictures.names, None), 1):
            digests[name] = digest
            if isinstance(found, str):
                unreadable[name] = found
                if strict:
                    raise refused(path, unreadable)
            elif isinstance(found, Levels):
                measured[name] = done - 1 - len(unreadable), found
                file.write(blank)
            else:
                file.write(found.tobytes())
            if progress and (done % TOGETHER == 0 or done == total):
                progress(done, total)
        if len(unreadable) == total:
            raise InvalidValue(f"{plain(path)}: none of its {total:,} images can be read, {first(unreadable)}")
        ranges = joined([levels for _, levels in measured.values()])
        for name, (digest, found) in _outcomes(pictures, square, [*measured], ranges):
            if digest != digests[name] or not isinstance(found, np.ndarray):
                raise InvalidValue(f"{plain(path)}: {plain(name)} changed while it was read")
            file.seek(start + measured[name][0] * len(blank))
            file.write(found.tobytes())
        file.seek(0)
        _head(file, (total - len(unreadable), *shape))
    classes = _write_labels(into, pictures, unreadable)
    scaled = {each.kind: 0 for each in ranges.values() if not each.full}
    for _, levels in measured.values():
        if levels.kind in scaled:
            scaled[levels.kind] += 1
    about = {
        **square._asdict(),
        "images": total,
        "classes": classes,
        "unreadable": unreadable,
        "scaled": {str(ranges[kind]): count for kind, count in scaled.items()},
    }
    manifest = Manifest(path.name, digests)
    (into / ABOUT).write_text(json.dumps(about, indent=1))
    (into / MANIFEST).write_text(written(manifest), "ascii")
    return manifest


def holds(pictures: Pictures, manifest: Manifest) -> bool:
    """Whether the images of a source are those of a manifest, by their digests; stops at the first that is not.

    >>> holds(Pictures(["a.png"], lambda name: b""), Manifest("x", {"a.png": digest_of(b"")}))
    True
    """
    if pictures.names != [*manifest.files]:
        return False
    said = _said(pictures)
    same = _each(lambda name: _digested(pictures, name, said)[0] == manifest.files[name], pictures.names)
    return all(is_same for _, is_same in same)


def first(unreadable: dict[str, str]) -> str:
    """The first few names, with the reasons.

    >>> first({"a.png": "it is empty"})
    'a.png (it is empty)'
    """
    named = [f"{plain(name, 120)} ({plain(reason, 200)})" for name, reason in list(unreadable.items())[:NAMED]]
    return ", ".join(named) + (", …" if len(unreadable) > NAMED else "")


def refused(path: Path, unreadable: dict[str, str]) -> ValueError:
    """The error for images that cannot be read where all must be.

    >>> str(refused(Path("x"), {"a.png": "it is empty"}))
    'x: a.png (it is empty) cannot be read, and strict is asked for'
    """
    return InvalidValue(f"{plain(path)}: {first(unreadable)} cannot be read, and strict is asked for")


def _outcomes(
    pictures: Pictures, square: Square, names: Sequence[str], ranges: Ranges | None
) -> Iterator[tuple[str, Outcome]]:
    """Each name in order with what came of it; decoded on all cores."""
    said = _said(pictures)

    def outcome(name: str) -> Outcome:
        digest, content = _digested(pictures, name, said)
        if isinstance(content, str):
            return Outcome(digest, content)
        try:
            return Outcome(digest, decode_or_measure(content, *square, ranges=ranges))
        except Exception as error:  # what the decoder refuses
            return Outcome(digest, str(error) or type(error).__name__)

    return _each(outcome, names)


def _digested(pictures: Pictures, name: str, said: dict[str, Any]) -> tuple[str, bytes | str]:
    """The digest of a file with its bytes, or with the reason why they cannot be had."""
    try:
        content = pictures.read(name)
    except Exception as error:  # a damaged entry of a zip, a file that is gone
        return UNREAD, str(error) or type(error).__name__
    return digest_of(content, said.get(name)), content


def _said(pictures: Pictures) -> dict[str, Any]:
    """The labels that are part of what images are: those that their names do not tell already."""
    if pictures.labels is None or not pictures.told:
        return {}
    return dict(zip(pictures.names, pictures.labels, strict=True))


def _each(function: Callable[[str], T], names: Sequence[str]) -> Iterator[tuple[str, T]]:
    """Each name in order with what a function gives of it, on all cores."""
    parts = [names[i : i + TOGETHER] for i in range(0, len(names), TOGETHER)]
    with threads() as pool:
        done = pool.map(lambda part: [function(name) for name in part], parts)
        for part, outcomes in zip(parts, done, strict=True):
            signals.check()
            yield from zip(part, outcomes, strict=True)


def _write_labels(into: Path, pictures: Pictures, unreadable: dict[str, str]) -> list[str]:
    """Write the labels of the images that can be read, where there are several; returns what their numbers stand for.

    Whole numbers are labels as they are; texts are numbered in alphabetical order.
    """
    if pictures.labels is None:
        return []
    there = [label for name, label in zip(pictures.names, pictures.labels, strict=True) if name not in unreadable]
    classes, numbers = np.unique(np.asarray(there), return_inverse=True)
    if len(classes) < 2:
        return []
    are_numbers = np.issubdtype(classes.dtype, np.integer)
    np.save(into / LABELS, np.asarray(there if are_numbers else numbers, np.int32), allow_pickle=False)
    return [*pictures.classes] if are_numbers else [str(each) for each in classes]


def _head(file: Any, shape: tuple[int, ...]) -> None:
    """An .npy file's head, of the same length whatever the number of images."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A context without Pillow's own warnings, of pictures that are read nevertheless."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        yield
