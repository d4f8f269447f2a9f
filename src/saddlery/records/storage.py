"""Storage: files and folders that appear whole or not at all, and replace only what Saddlery can prove it wrote.

The proof for a file is its digest in `.saddlery`, a list in a folder above it (as `sha256sum` writes them); for a
folder filled at once, its seal, `digests.json`, which lists every file in it. What has neither, was changed since, or
is a link is somebody's: it is never replaced or deleted.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from saddlery._system.files import open_regular, read_json, read_limited
from saddlery.errors import Damaged, InTheWay, InvalidValue
from saddlery.records import growing
from saddlery.text.arguments import plain

MARK = ".saddlery"  # the digests of files that Saddlery wrote into a folder and below
LOCK = ".saddlery.lock"  # of such a folder: locked while something is written there
LONGEST = 1 << 28  # bytes of such a list
SEAL = "digests.json"  # the digests of all files of a folder that was filled at once
GROUP = "saddlery"  # where the seal of a Zarr group lies: in a group of its own, as Zarr warns of files in between
GROUP_METADATA = '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
MANIFEST = f"{GROUP}/manifest.json"  # of a store that is filled cell by cell: the names of its arrays
BEGUN = ".begun"  # in a folder that is being filled: all of it is Saddlery's
PART = re.compile(r"\..+\.[0-9a-f]{8}\.part")  # a file or folder on its way
COPIES = 100  # names for one thing in the cache
NAMED = 3  # of somebody's files that an error names
_LISTS = threading.RLock()  # one thread at a time reads and adds to lists; other processes are kept out by their lock


def write(path: Path, content: str | bytes, own: Callable[[Path], bool] | None = None) -> None:
    """Write a file whole: readers see the old content or the new, never a part.

    **Arguments:** `own`: as of `require_replaceable`.

    **Raises:** `FileExistsError` when there is something that Saddlery did not write; other `OSError`s.
    """
    content = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    require_replaceable(path, own)
    for mark in _marks(path)[:1]:
        _note(mark, path, hashlib.sha256(content).hexdigest())  # before it is there, so that none is there unnoted
    beside = _beside(path)
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def mark(folder: Path) -> None:
    """Make a folder, and in it the list of what Saddlery writes there.

    **Raises:** `OSError` when it cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MARK).is_file():
        (folder / MARK).touch()


def require_replaceable(path: Path, own: Callable[[Path], bool] | None = None) -> None:
    """Refuse to replace a file that Saddlery did not write.

    **Arguments:** `own`: what tells that Saddlery wrote the file there, by default `is_own`.

    **Raises:** `FileExistsError`.
    """
    if os.path.lexists(path) and not (own or is_own)(path):
        raise InTheWay(
            f"{plain(path)} was not written by Saddlery, or was changed since; move it away or choose another name"
        )


def is_own(path: Path) -> bool:
    """Whether Saddlery wrote a file that nobody changed: its digest is in a folder's list, or in each of its pieces."""
    if path.is_symlink() or not path.is_file() or not (marks := _marks(path)):
        return False
    if (whole := growing.proof(path)) and whole(path):
        return True
    digest = sha256(path)
    return any(_is_noted(mark, path, digest) for mark in marks)


def _marks(path: Path) -> list[Path]:
    """The lists of the folders above a file, the nearest first."""
    return [folder / MARK for folder in path.absolute().parents if (folder / MARK).is_file()]


def _note(mark: Path, path: Path, digest: str) -> None:
    """Add a file's digest to a list, unless it is in it."""
    with _LISTS:
        if not _is_noted(mark, path, digest):
            with open(mark, "ab") as file:
                file.write(_line(mark, path, digest) + b"\n")


def _is_noted(mark: Path, path: Path, digest: str) -> bool:
    with _LISTS:
        return _line(mark, path, digest) in read_limited(mark, LONGEST).splitlines()


def _line(mark: Path, path: Path, digest: str) -> bytes:
    """What a list says of a file: its digest, and its path from the list's folder."""
    name = path.absolute().relative_to(mark.parent.absolute()).as_posix()
    return f"{digest}  {name}".encode(errors="surrogateescape").replace(b"\n", b"\\n").replace(b"\r", b"\\r")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A context that fills a folder beside `path` and renames it there, sealed; nothing is left when it raises.

    **Raises:** `FileExistsError` when there is something at `path` that Saddlery did not write.
    """
    require_own(path)
    with scratch(path) as beside:
        (beside / "new").mkdir()
        yield beside / "new"
        _seal(beside / "new")
        replaced = os.path.lexists(path)
        if replaced:
            os.replace(path, beside / "old")
        try:
            os.replace(beside / "new", path)
        except OSError:
            if replaced:
                os.replace(beside / "old", path)
            raise


@contextlib.contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """A context with an empty folder beside `path`, for what is on its way there; removed in the end with what is left.

    **Raises:** `OSError` when it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(path)
    beside.mkdir()
    (beside / BEGUN).touch()
    try:
        yield beside
    finally:
        remove(beside)


def _beside(path: Path) -> Path:
    """A new name in the same folder."""
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")


def _seal(path: Path) -> None:
    """Write the digests of all files in a folder into it."""
    place = path
    if (path / "zarr.json").exists():
        place = path / GROUP
        place.mkdir()
        (place / "zarr.json").write_text(GROUP_METADATA)
    (place / SEAL).write_text(json.dumps(_digests(path), indent=1))


def verify(path: Path, unread: Collection[str] = ()) -> None:
    """Compare a folder that was filled at once with the digests of its seal.

    **Arguments:** `unread`: names of files of which it is only seen that they are there.

    **Raises:** `Damaged` naming the first file that is missing, was changed or was added since, or that it has no seal.
    """
    recorded = sealed(path)
    found = _digests(path, {name: recorded.get(name, "") for name in unread} if recorded else {})
    if recorded is None:
        raise Damaged(f"{plain(path)} is damaged: it has no {SEAL}")
    for name in sorted(recorded.keys() | found.keys()):
        if recorded.get(name) != found.get(name):
            what = "is missing" if name not in found else "was added" if name not in recorded else "changed"
            raise Damaged(f"{plain(path)} is damaged: {plain(name)} {what} since it was written")


def sealed(path: Path) -> dict[str, str] | None:
    """The seal of a folder, its files' digests when it was filled; `None` when it has none."""
    place = next((each for each in (path / SEAL, path / GROUP / SEAL) if each.is_file()), None)
    if place is None:
        return None
    recorded = read_json(place, "list of digests")
    if not isinstance(recorded, dict):
        raise Damaged(f"{plain(place)} is damaged: it is no list of digests")
    return recorded


def _digests(path: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The SHA-256 of every file below a folder but what tells of the folder itself; of some it is `known`."""
    names = {each.relative_to(path).as_posix(): each for each in sorted(path.rglob("*")) if not each.is_dir()}
    read = {name: each for name, each in names.items() if name not in (SEAL, f"{GROUP}/{SEAL}")}
    return {name: known[name] if name in known else sha256(each) for name, each in read.items()}


class Inventory(NamedTuple):
    """An inventory of a path: Saddlery's files, folders from the innermost outwards, and what is somebody else's."""

    own: list[Path]
    folders: list[Path]
    foreign: list[Path]


def inventory(path: Path) -> Inventory:
    """The inventory of a path: what is Saddlery's and what is not. Links are not followed, and are somebody's."""
    found = Inventory([], [], [])
    if os.path.lexists(path):
        _look(path, found, is_own)
    return found


def _look(path: Path, found: Inventory, own: Callable[[Path], bool]) -> None:
    """Add what is at a path to an inventory; `own` tells whether a file there is Saddlery's."""
    if path.is_symlink() or not path.is_dir():
        regular = path.is_file() and not path.is_symlink()
        (found.own if regular and (path.name in (MARK, LOCK) or own(path)) else found.foreign).append(path)
        return
    own = _judge(path) or own
    for each in sorted(path.iterdir()):
        _look(each, found, own)
    found.folders.append(path)


def _judge(path: Path) -> Callable[[Path], bool] | None:
    """What tells Saddlery's files in a folder that itself says which they are: sealed, a store, or being filled."""
    if PART.fullmatch(path.name) and (path / BEGUN).is_file():
        return lambda file: True
    try:
        if (path / MANIFEST).is_file():
            names = read_json(path / MANIFEST, "manifest")["names"]
            return lambda file: of_store(file.relative_to(path).as_posix(), names)
        if (listed := sealed(path)) is not None:
            names = {*listed, SEAL, f"{GROUP}/{SEAL}"}
            return lambda file: file.relative_to(path).as_posix() in names
    except (OSError, ValueError, KeyError, TypeError):  # what it says cannot be read, so it proves nothing
        return None
    return None


def of_store(key: str, names: list[str]) -> bool:
    """Whether a key is one of a store with arrays of these names, in Zarr's format 3.

    Metadata, a chunk, a cell's marker, or what Zarr left of one of them when it was ended.
    """
    key = re.sub(r"\.[0-9a-f]{32}\.partial$", "", key)
    name, _, rest = key.partition("/")
    if name == GROUP:
        return re.fullmatch(r"zarr(\.json)?|manifest(\.json)?|\.saddlery\.lock|cells/\d+(\.json)?", rest) is not None
    array = name in names and re.fullmatch(r"zarr(\.json)?|c(/\d+)*", rest) is not None
    return array or key in ("zarr.json", "zarr")


def require_own(path: Path) -> Inventory:
    """The inventory of a path, refused unless all of it is Saddlery's.

    **Raises:** `FileExistsError` naming what is not.
    """
    found = inventory(path)
    if found.foreign:
        inside = [each.relative_to(path) if path in each.parents else each for each in found.foreign]
        raise InTheWay(
            f"{plain(path)} holds what Saddlery did not write, or was changed since: {some(inside)}; "
            "nothing was removed; move it away or choose another place"
        )
    return found


def some(paths: list[Path]) -> str:
    """The first few of several paths, in words."""
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(plain(path, 120) for path in paths[:NAMED]) + more


def remove(path: Path) -> None:
    """Delete the files at a path, one by one, when all of them are Saddlery's.

    **Raises:** `FileExistsError` naming what is not, and then nothing is removed.
    """
    delete(require_own(path))


def delete(found: Inventory, keep: Collection[Path] = ()) -> None:
    """Delete Saddlery's files in an inventory, and its folders when nothing is left in them; `keep` some files."""
    for file in found.own:
        if file not in keep:
            file.unlink(missing_ok=True)
    for each in found.folders:
        with contextlib.suppress(OSError):  # something is in it
            each.rmdir()


def tidy(folder: Path) -> None:
    """Delete leftovers of interrupted writers in a folder of Saddlery's, which nobody writes into now."""
    for path in folder.iterdir() if folder.is_dir() else ():
        left = PART.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        if left and not (found := inventory(path)).foreign:
            delete(found)


def alternatives(path: Path) -> Iterator[Path]:
    """Alternative paths for when others hold what is not to be replaced: `a.npz`, `a-2.npz`, `a-3.npz`, …"""
    yield path
    for i in range(2, COPIES):
        yield path.with_name(f"{path.stem}-{i}{path.suffix}")


def expanded(argument: str, text: str, wanted: str) -> Path:
    """A path of the user's, without `~`.

    **Arguments:** `wanted`: what is expected, for the error.

    **Raises:** `ValueError` naming the argument when it is empty, or the home folder of a user who does not exist.
    """
    if not text or "\0" in text:
        raise InvalidValue(f"{argument}: got {plain(text)!r}, expected {wanted}")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InvalidValue(f"{argument}: got {plain(text)!r}, whose home folder is not known") from error


def cache_folder() -> Path:
    """The cache folder, for what can be made again: `SADDLERY_CACHE`, or `saddlery` in `XDG_CACHE_HOME` or `~/.cache`.

    **Raises:** `ValueError` when one of them begins with the home folder of a user who does not exist.
    """
    for name, below in (("SADDLERY_CACHE", ""), ("XDG_CACHE_HOME", "saddlery")):
        if chosen := os.environ.get(name):
            return expanded(name, chosen, "a folder") / below
    return Path("~/.cache").expanduser() / "saddlery"
