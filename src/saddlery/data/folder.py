"""Image folders: images of a folder or a zip, decoded once and kept as one array."""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saddlery._system import signals
from saddlery._system.cores import threads
from saddlery._system.files import read_array, read_json
from saddlery.data.decoding import decode
from saddlery.data.images import Images
from saddlery.data.shards import Shards, held
from saddlery.data.sources import Source, opened
from saddlery.errors import Damaged, InTheWay, InvalidValue
from saddlery.records import storage
from saddlery.text.arguments import plain, whole

FORMAT = 2
TOGETHER = 128  # images that a thread decodes before it hands them over
CELEBA, CELEBA_CROP = "img_align_celeba", 108
NAMED = 5  # unreadable files that a warning names
WHOLLY = 1 << 29  # bytes of pixels of which each is looked at when they are read back
SIDE = 4096  # pixels of a square's side at most


class Square(NamedTuple):
    """The size that every image is brought to: its side, its channels, and the square that is kept (see `decode`)."""

    size: int
    channels: int
    crop: int | None


def folder(
    path: str | os.PathLike[str],
    size: int = 32,
    *,
    channels: int = 3,
    crop: int | None = None,
    strict: bool = False,
    memory: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Images | Shards:
    """A data set of the images of a folder, with all below it, or of a zip: the middle square of each, resized.

    They are decoded on all cores and kept in the cache folder as one array, which is read back as long as the files and
    these settings stay the same. What is read back is compared with what was kept, by its SHA-256 (but pixels of more
    than 512 MiB by their number alone), and decoded anew, with a warning, where it is damaged. Images from several
    folders are labelled by theirs, in alphabetical order.

    **Arguments:**
    - `path`: the folder or the zip.
    - `size`: the side of the squares, in pixels.
    - `channels`: 3 for red, green and blue, 1 for grey.
    - `crop`: the side of the middle square that is kept of each, before resizing; by default the largest, and 108
      where all lie in a folder `img_align_celeba`, as is customary for these faces (Radford et al., 2016).
    - `strict`: stop at a file that cannot be read, instead of leaving it out with a warning.
    - `memory`: the bytes up to which they are kept on the device whole (see `saddlery.data.held`).
    - `progress`: called with how many are decoded and how many there are.

    **Returns:** `Images`, or `Shards`, without labels, when they do not fit.

    **Raises:** `FileNotFoundError` and `ValueError`, naming the file, when there are no images, for a zip that is
    refused (see `saddlery.data.sources`), and with `strict` for an image that cannot be read.
    """
    if whole("channels", channels) not in (1, 3):
        raise InvalidValue(f"channels: got {channels!r}, expected 1 or 3")
    square = Square(whole("size", size, 1, SIDE), channels, None if crop is None else whole("crop", crop))
    kept = _decoded(Path(os.path.expanduser(path)).absolute(), square, strict, progress)
    labels = kept / "labels.npy"
    return held(kept / "images.npy", read_array(labels) if labels.exists() else None, memory)


def _decoded(path: Path, square: Square, strict: bool, progress: Callable[[int, int], Any] | None) -> Path:
    """The folder of the cache that holds these images, made if it is not there."""
    with opened(path) as source:
        if square.crop is None and all(name.split("/")[-2:-1] == [CELEBA] for name in _with_root(path, source.names)):
            square = square._replace(crop=CELEBA_CROP)
        told = json.dumps([FORMAT, str(path), source.identity, square])
        name = re.sub(r"[^A-Za-z0-9-]+", "-", path.stem)[:64]
        kept = storage.cache_folder() / "images" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"

        def make(beside: Path) -> None:
            unreadable = _write(beside, source, square, strict, progress)
            about = {"path": str(path), **square._asdict(), "images": len(source.names), "unreadable": unreadable}
            (beside / "about.json").write_text(json.dumps(about, indent=1))

        kept = _kept(kept, make)
    about = read_json(kept / "about.json")
    if unreadable := about["unreadable"]:
        if strict:
            raise _refused(path, unreadable)
        warnings.warn(
            f"{plain(path)}: {len(unreadable):,} of {about['images']:,} images cannot be read and are left out: "
            f"{_first(unreadable)}",
            stacklevel=3,
        )
    return kept


def _kept(path: Path, make: Callable[[Path], None]) -> Path:
    """The folder of the cache that `make` filled, at this path; filled now where it is not there, or is damaged.

    What is there and cannot be proved to be Saddlery's is left alone: the images are then kept beside it.
    """
    damage = []
    for kept in storage.alternatives(path):
        try:
            if os.path.lexists(kept):
                _verify(kept)
                return kept
        except (OSError, ValueError) as error:
            damage.append(plain(error))
        try:
            with storage.folder(kept) as beside:
                if damage:
                    warnings.warn(f"{'; '.join(damage)}; the images are decoded anew", stacklevel=4)
                make(beside)
            return kept
        except FileExistsError:  # somebody's, or what cannot be told from it
            continue
    raise InTheWay(f"{plain(path)} and {storage.COPIES - 2} other names hold what Saddlery did not write; move it away")


def _verify(kept: Path) -> None:
    """Compare a folder of the cache with what was written there.

    Of pixels of more than 512 MiB no more than their number: reading tens of GiB would take minutes each time, to find
    what nobody would see.

    **Raises:** `Damaged` naming what is missing or was changed.
    """
    images = kept / "images.npy"
    large = images.is_file() and images.stat().st_size > WHOLLY
    storage.verify(kept, unread=[images.name] if large else [])
    if not large:
        return
    about, shape = read_json(kept / "about.json"), read_array(images, mmap=True).shape
    if shape[0] != about["images"] - len(about["unreadable"]):
        raise Damaged(f"{plain(images)} is damaged: it holds {shape[0]:,} images")


def _write(
    beside: Path, source: Source, square: Square, strict: bool, progress: Callable[[int, int], Any] | None
) -> dict[str, str]:
    """Decode all images into `images.npy`, and their folders' numbers into `labels.npy` where there are several.

    Returns the reasons of those that could not be read, by name.
    """
    total, unreadable, shape = len(source.names), {}, (square.size, square.size, square.channels)
    with open(beside / "images.npy", "wb") as file:
        _head(file, (total, *shape))
        for done, (name, outcome) in enumerate(_outcomes(source, square), 1):
            if isinstance(outcome, str):
                unreadable[name] = outcome
                if strict:
                    raise _refused(source.path, unreadable)
            else:
                file.write(outcome.tobytes())
            if progress and (done % TOGETHER == 0 or done == total):
                progress(done, total)
        if len(unreadable) == total:
            raise InvalidValue(f"{plain(source.path)}: none of its {total:,} images can be read, {_first(unreadable)}")
        file.seek(0)
        _head(file, (total - len(unreadable), *shape))
    folders = [name.rpartition("/")[0] for name in source.names if name not in unreadable]
    classes, labels = np.unique(folders, return_inverse=True)
    if len(classes) > 1:
        np.save(beside / "labels.npy", labels.astype(np.int32), allow_pickle=False)
    return unreadable


def _outcomes(source: Source, square: Square) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each name in order with its pixels, or with the reason why there are none; decoded on all cores."""

    def outcome(name: str) -> np.ndarray | str:
        try:
            return decode(source.read(name), *square)
        except Exception as error:  # a damaged entry of a zip, a file that is gone, what the decoder refuses
            return str(error) or type(error).__name__

    parts = [source.names[i : i + TOGETHER] for i in range(0, len(source.names), TOGETHER)]
    with threads() as pool:
        done = pool.map(lambda part: [outcome(name) for name in part], parts)
        for part, outcomes in zip(parts, done, strict=True):
            signals.check()
            yield from zip(part, outcomes, strict=True)


def _head(file: Any, shape: tuple[int, ...]) -> None:
    """An .npy file's head, of the same length whatever the number of images."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _refused(path: Path, unreadable: dict[str, str]) -> ValueError:
    return ValueError(f"{plain(path)}: {_first(unreadable)} cannot be read, and strict is asked for")


def _first(unreadable: dict[str, str]) -> str:
    """The first few names, with the reasons."""
    named = [f"{plain(name, 120)} ({plain(reason, 200)})" for name, reason in list(unreadable.items())[:NAMED]]
    return ", ".join(named) + (", …" if len(unreadable) > NAMED else "")


def _with_root(path: Path, names: list[str]) -> Iterator[str]:
    """The names with that of the folder in front, which may be the one that tells what they are."""
    return (f"{path.name}/{name}" if path.is_dir() else name for name in names)
