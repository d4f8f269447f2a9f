"""Manifests of data sets: the names of their files with the digests of what they hold, and how two differ."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from saddlery._system.files import open_regular
from saddlery.errors import Damaged
from saddlery.text.arguments import plain

UNREAD = "-"  # in the place of the digest of a file that could not be read
FILE = "the file"  # what a single file is called
NAMED = 3  # files of a kind of difference that are named
LINE = re.compile(r'([0-9a-f]{32}|-) (".*")')


class Manifest(NamedTuple):
    """The manifest of a data set, which tells whether the same one is found elsewhere. It holds no place.

    - `name`: of the folder or file that held it, without the folders above.
    - `files`: from the names of its images, sorted, relative to it, to their digests (see `digest_of`), or `"-"` for
      one that could not be read.
    """

    name: str
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The digest of all names and digests together; the name of the data set does not count."""
        return hashlib.blake2b("\n".join(_lines(self.files)).encode(), digest_size=16).hexdigest()

    def summary(self) -> dict[str, Any]:
        """What is recorded of it where the list itself is too long: its name, the number of images and the digest.

        >>> Manifest("faces", {"1.png": "-"}).summary()["images"]
        1
        """
        return {"name": plain(self.name, 120), "images": len(self.files), "digest": self.digest}


def digest_of(content: bytes, label: object = None) -> str:
    """The BLAKE2 digest of an image file's bytes, 32 hexadecimal digits, and of the label that a table says of it.

    >>> digest_of(b"") == hashlib.blake2b(digest_size=16).hexdigest(), digest_of(b"") == digest_of(b"", "cat")
    (True, False)
    """
    found = hashlib.blake2b(content, digest_size=16)
    if label is not None:
        found.update(b"\0label\0" + str(label).encode(errors="surrogateescape"))
    return found.hexdigest()


def manifest_of_file(path: Path) -> Manifest:
    """The manifest of a single file, such as one of arrays: its digest, by one name whatever the file is called.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     (path := Path(folder) / "x.npy").write_bytes(b"numbers")
        ...     list(manifest_of_file(path).files)
        7
        ['the file']

    **Raises:** `OSError` when it cannot be read, or is no regular file.
    """
    found = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        while part := file.read(1 << 20):
            found.update(part)
    return Manifest(path.name, {FILE: found.hexdigest()})


def written(manifest: Manifest) -> str:
    """A manifest as text: its name in the first line, then a digest and a name in each, names as JSON quotes them.

    >>> print(written(Manifest("faces", {"b.png": "-", "a.png": 32 * "0"})))
    "faces"
    00000000000000000000000000000000 "a.png"
    - "b.png"
    <BLANKLINE>
    """
    return "\n".join([json.dumps(manifest.name), *_lines(manifest.files), ""])


def parsed(text: str, where: object = "the manifest") -> Manifest:
    """The manifest in a text that `written` made.

        >>> parsed(written(Manifest("faces", {"a.png": "-"}))).files
        {'a.png': '-'}

    **Arguments:** `where`: what the error names.

    **Raises:** `Damaged` when it is none.
    """
    first, *rest = text.removesuffix("\n").split("\n")
    try:
        name, found = json.loads(first), [LINE.fullmatch(line) for line in rest]
        files = {json.loads(each[2]): each[1] for each in found if each}
        if not isinstance(name, str) or len(files) < len(rest):
            raise ValueError
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{plain(where)} is damaged: it is no list of images and digests") from error
    return Manifest(name, files)


def compare_manifests(recorded: Manifest, found: Manifest) -> str:
    """How the data set that is found differs from the one that was recorded, in words; empty where it does not.

        >>> was, now = {"a.png": 32 * "0", "b.png": 32 * "0"}, {"a.png": 32 * "1", "c.png": 32 * "0"}
        >>> compare_manifests(Manifest("x", was), Manifest("y", now))
        '1 picture changed (a.png), 1 missing (b.png), 1 added (c.png)'

    A file that could not be read, then or now, has changed when it could be read at the other time. What the data sets
    are called makes no difference.
    """
    was, now = recorded.files, found.files
    kinds = {
        "changed": sorted(name for name in was.keys() & now.keys() if was[name] != now[name]),
        "missing": sorted(was.keys() - now.keys()),
        "added": sorted(now.keys() - was.keys()),
    }
    said = [(len(names), kind, _some(names)) for kind, names in kinds.items() if names]
    pictures = iter(["picture " if said and said[0][0] == 1 else "pictures "])
    return ", ".join(f"{count:,} {next(pictures, '')}{kind} ({some})" for count, kind, some in said)


def _some(names: list[str]) -> str:
    return ", ".join(plain(name, 80) for name in names[:NAMED]) + (", …" if len(names) > NAMED else "")


def _lines(files: Mapping[str, str]) -> Iterable[str]:
    return (f"{files[name]} {json.dumps(name)}" for name in sorted(files))
