"""The cache of decoded images: entries by what they were made of, and an index by where that was found."""

import contextlib
import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saddlery._system.files import read_array, read_json, read_limited
from saddlery.data.manifest import Manifest, parsed
from saddlery.errors import Damaged, InTheWay
from saddlery.records import storage
from saddlery.text.arguments import plain

WHOLLY = 1 << 29  # bytes of pixels of which each is looked at when they are read back
LIST = 1 << 32  # bytes of a manifest at most
IMAGES, LABELS, ABOUT, MANIFEST = "images.npy", "labels.npy", "about.json", "manifest.txt"


def entry(*told: object) -> Path:
    """The folder of the cache for what was made of these digests and settings.

    >>> entry("digest", 32).parent.name
    'images'
    """
    return at(_hashed(told)[:32])


def at(name: str) -> Path:
    """The folder of the cache of this name.

    >>> at("0123").name
    '0123'
    """
    return storage.cache_folder() / "images" / name


def usable(path: Path, damage: list[str]) -> Path | None:
    """The folder of the cache at this path, or another for the same where somebody's lies there; `None` when there is
    none that is whole.

        >>> usable(Path("not/there"), []) is None
        True

    **Arguments:** `damage`: a list to which is added what is wrong with those that are not whole.
    """
    for kept in storage.alternatives(path):
        if not os.path.lexists(kept):
            return None
        try:
            _verify(kept)
            return kept
        except (OSError, ValueError) as error:
            damage.append(plain(error))
    return None


def keep(filled: Path, path: Path) -> Path:
    """Move the files of a folder into the cache, to this path, or beside what is there and is not Saddlery's.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     filled = Path(place) / "filled"
        ...     filled.mkdir()
        ...     _ = (filled / "about.json").write_text("{}")
        ...     sorted(file.name for file in keep(filled, Path(place) / "kept").iterdir())
        ['about.json', 'digests.json']

    **Returns:** the folder that they are in.

    **Raises:** `FileExistsError` when a hundred names are taken.
    """
    for kept in storage.alternatives(path):
        with contextlib.suppress(FileExistsError), storage.folder(kept) as beside:  # else somebody's
            for file in filled.iterdir():
                os.replace(file, beside / file.name)
        if not any(filled.iterdir()):
            return kept
    raise InTheWay(f"{plain(path)} and {storage.COPIES - 2} other names hold what Saddlery did not write; move it away")


def manifest_in(kept: Path) -> Manifest:
    """The manifest of the images in a folder of the cache.

        >>> import tempfile
        >>> from saddlery.data.manifest import written
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = (Path(place) / MANIFEST).write_text(written(Manifest("faces", {"a.png": "-"})))
        ...     dict(manifest_in(Path(place)).files)
        {'a.png': '-'}

    **Raises:** `Damaged`, `OSError`.
    """
    return parsed(read_limited(kept / MANIFEST, LIST).decode("ascii", "replace"), kept / MANIFEST)


def known(*asked: object) -> dict[str, Any] | None:
    """What the index says of a source and settings: the name of the `"entry"`, and `"notes"`; `None` when nothing.

    >>> known("a source", "that nobody asked for") is None
    True
    """
    try:
        found = read_json(_of_index(asked))
    except (OSError, ValueError):
        return None
    right = isinstance(found, dict) and re.fullmatch(r"[0-9a-f]{32}", str(found.get("entry")))
    return found if right and isinstance(found.get("notes"), list) else None


def learn(asked: tuple, name: str, notes: Iterator[str] | list[str] | tuple[str, ...] = ()) -> None:
    """Put into the index where the images of a source are; no harm is done where it cannot be written."""
    place, said = _of_index(asked), {"entry": name[:32], "notes": [*notes]}
    with contextlib.suppress(OSError):
        storage.mark(place.parent)
        storage.write(place, json.dumps(said))


def _of_index(asked: tuple) -> Path:
    return storage.cache_folder() / "images-index" / f"{_hashed(asked)[:32]}.json"


def _hashed(told: Any) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _verify(kept: Path) -> None:
    """Compare a folder of the cache with what was written there.

    Of pixels of more than 512 MiB no more than their number: reading tens of GiB would take minutes each time, to find
    what nobody would see.

    **Raises:** `Damaged` naming what is missing or was changed.
    """
    images = kept / IMAGES
    large = images.is_file() and images.stat().st_size > WHOLLY
    storage.verify(kept, unread=[images.name] if large else [])
    if not large:
        return
    about, shape = read_json(kept / ABOUT), read_array(images, mmap=True).shape
    if shape[0] != about["images"] - len(about["unreadable"]):
        raise Damaged(f"{plain(images)} is damaged: it holds {shape[0]:,} images")


def warn_of(damage: list[str]) -> None:
    """Warn of what was wrong with the folders of the cache, whose images are decoded anew.

    >>> warn_of([])  # nothing was
    """
    if damage:
        warnings.warn(f"{'; '.join(damage)}; the images are decoded anew", stacklevel=2)
