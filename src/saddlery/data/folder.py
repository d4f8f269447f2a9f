"""Image folders: images of a folder, a zip, tars, Parquet files or a table, decoded once and kept as one array."""

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from saddlery._system.files import read_array, read_json
from saddlery.data import kept as cache
from saddlery.data.decoded import Job, Progress, Square, first, holds, refused, write_images
from saddlery.data.images import Images
from saddlery.data.manifest import Manifest
from saddlery.data.origin import Origin, remember
from saddlery.data.shards import Shards, held
from saddlery.data.sources import Pictures, Source, opened
from saddlery.errors import InvalidValue
from saddlery.records import storage
from saddlery.text.arguments import plain, whole

FORMAT = 3
CELEBA, CELEBA_CROP = "img_align_celeba", 108
SIDE = 4096  # pixels of a square's side at most


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
    """A data set of the images of a folder, with all below it, of a zip, tars, Parquet files or a table of paths: the
    middle square of each, resized.

    They are decoded on all cores and kept in the cache folder as one array, with the digests of what the files hold.
    As long as these and the settings stay the same that is read back, also where the files lie elsewhere by now; where
    no file has another size or date none is read for that. What is read back is compared with what was kept, by its
    SHA-256 (but pixels of more than 512 MiB by their number alone), and decoded anew, with a warning, where it is
    damaged.

    Labels are those of the table, the tars or the Parquet files, otherwise the folders that images lie in: whole
    numbers as they are, texts numbered in alphabetical order.

    **Arguments:**
    - `path`: a folder, of which links are followed; a zip; a WebDataset tar or a Parquet file, a folder of them or a
      pattern such as `"shards-{000..003}.tar"`; or a CSV or TSV file of paths, relative to its folder, and labels.
    - `size`: the side of the squares, in pixels.
    - `channels`: 3 for red, green and blue, 1 for grey.
    - `crop`: the side of the middle square that is kept of each, before resizing; by default the largest, and 108
      where all lie in a folder `img_align_celeba`, as is customary for these faces (Radford et al., 2016).
    - `strict`: stop at a file that cannot be read, instead of leaving it out with a warning.
    - `memory`: the bytes up to which they are kept on the device whole (see `saddlery.data.held`).
    - `progress`: called with how many are decoded and how many there are.

    **Returns:** `Images`, or `Shards`, without labels, when they do not fit.

    **Raises:** `FileNotFoundError` and `ValueError`, naming the file, when there are no images, for what is refused
    (see `saddlery.data.sources`), and with `strict` for an image that cannot be read.
    """
    path, square = Path(os.path.expanduser(path)).absolute(), _square(size, channels, crop)
    kept, notes = _decoded(path, square, strict, progress)
    about, labels = read_json(kept / cache.ABOUT), kept / cache.LABELS
    if strict and about["unreadable"]:
        raise refused(path, about["unreadable"])
    for note in (*_said_of(about), *notes):
        warnings.warn(f"{plain(path)}: {note}", stacklevel=1)  # from one place, so that it is said once
    data = held(kept / cache.IMAGES, read_array(labels) if labels.exists() else None, memory)
    remember(data, Origin(path, {name: about[name] for name in Square._fields}, tuple(about["classes"]), kept))
    return data


def manifest_of(
    path: str | os.PathLike[str],
    size: int = 32,
    *,
    channels: int = 3,
    crop: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Manifest:
    """The manifest of the images at a path, which are decoded, as by `folder`, unless they are in the cache.

    **Arguments:** as of `folder`.

    **Raises:** as `folder`.
    """
    path = Path(os.path.expanduser(path)).absolute()
    kept, _ = _decoded(path, _square(size, channels, crop), False, progress)
    return cache.manifest_in(kept)._replace(name=path.name)


def _square(size: int, channels: int, crop: int | None) -> Square:
    if whole("channels", channels) not in (1, 3):
        raise InvalidValue(f"channels: got {channels!r}, expected 1 or 3")
    return Square(whole("size", size, 1, SIDE), channels, None if crop is None else whole("crop", crop))


def _decoded(path: Path, square: Square, strict: bool, progress: Progress) -> tuple[Path, list[str]]:
    """The folder of the cache that holds these images, made if it is not there, and the notes of their source."""
    damage: list[str] = []
    with opened(path) as source:
        asked = FORMAT, str(path), source.identity, square
        if (known := cache.known(*asked)) and (kept := cache.usable(cache.at(known["entry"]), damage)):
            return kept, known["notes"]
        pictures = source.listed()
        square = _usual(source, pictures, square)
        named = FORMAT, pictures.names, pictures.classes, square
        kept = None if damage else _elsewhere(pictures, named, damage)
        if kept is None:
            cache.warn_of(damage)
            kept = _made(Job(path, pictures, square, strict), progress)
            cache.learn(named, kept.name)
        cache.learn(asked, kept.name, pictures.notes)
    return kept, [*pictures.notes]


def _elsewhere(pictures: Pictures, named: tuple, damage: list[str]) -> Path | None:
    """The folder of the cache for images of the same names, if these are they: found at another place or date."""
    if (known := cache.known(*named)) is None:
        return None
    kept = cache.usable(cache.at(known["entry"]), damage)
    return kept if kept and holds(pictures, cache.manifest_in(kept)) else None


def _made(job: Job, progress: Progress) -> Path:
    """The folder of the cache for images that were decoded now."""
    with storage.scratch(cache.at("new")) as filled:
        (filled / "new").mkdir()
        manifest = write_images(filled / "new", job, progress)
        path = cache.entry(FORMAT, manifest.digest, job.pictures.classes, job.square)
        return cache.usable(path, []) or cache.keep(filled / "new", path)


def _said_of(about: dict[str, Any]) -> Iterator[str]:
    """What whoever reads the images is told of them."""
    if unreadable := about["unreadable"]:
        yield (
            f"{len(unreadable):,} of {about['images']:,} images cannot be read and are left out: {first(unreadable)}"
        )
    if scaled := about["scaled"]:
        ranges = " and ".join(f"{levels} ({count:,} files)" for levels, count in scaled.items())
        yield (
            f"{sum(scaled.values()):,} of {about['images']:,} images have more than eight bits; their levels, over all "
            f"of them {ranges}, become 0 to 255"
        )


def _usual(source: Source, pictures: Pictures, square: Square) -> Square:
    """The square that is customary for these images."""
    above = f"{source.path.name}/" if source.path.is_dir() else ""
    faces = all(f"{above}{name}".split("/")[-2:-1] == [CELEBA] for name in pictures.names)
    return square._replace(crop=CELEBA_CROP) if square.crop is None and faces else square
