"""Files and folders that appear whole or not at all, written beside, then renamed; and where the cache is."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole: readers see the old content or the new, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def folder(path: Path) -> Iterator[Path]:
    """Fill a folder beside `path` and rename it there when the block ends; nothing is left when it raises.

    A folder already at `path` is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
        replaced = path.with_name(f".{path.name}.{os.getpid()}.old")
        if path.exists():
            os.replace(path, replaced)
        os.replace(beside, path)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def cache_folder() -> Path:
    """Where what can be made again is kept: `SADDLERY_CACHE`, or `saddlery` in `XDG_CACHE_HOME`, or in `~/.cache`."""
    if chosen := os.environ.get("SADDLERY_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "saddlery"
