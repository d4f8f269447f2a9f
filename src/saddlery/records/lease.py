"""A lease on a store that is no local folder: who fills it, until when. It needs no rename and no lock."""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from saddlery._system import signals
from saddlery.records.locks import Held
from saddlery.text.arguments import plain

SECONDS = 30.0  # that a lease lasts; it is renewed three times as often
SETTLING = 1.0  # seconds in which two claims meet


@contextlib.contextmanager
def lease(address: str, lost: Callable[[], None], take: bool = False) -> Iterator[None]:
    """A context that holds the store at `address` as its only writer.

    The lease is an object beside the store that says who holds it until when. It is renewed by a thread; when its
    process ends without giving it back it runs out, and one whose process is seen to be gone counts as run out. One
    that ends later than any lease can, or cannot be read, is looked at for as long as a lease lasts: it is good if it
    is renewed meanwhile, whatever the clocks say.

    **Arguments:**
    - `address`: an fsspec address.
    - `lost`: called once, from another thread, when another has taken the lease: this process was away too long.
    - `take`: take it from whoever has it.

    **Raises:** `Held` when another process has it, naming the process.
    """
    files, path = _at(address)
    mine = {"owner": uuid.uuid4().hex, "host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}
    if not take:
        _refuse(files, path, mine)
    _write(files, path, mine)
    time.sleep(SETTLING)
    _refuse(files, path, mine)
    given_back = threading.Event()

    def renew():
        while not given_back.wait(SECONDS / 3):
            if not _is_mine(files, path, mine):
                lost()
                return
            _write(files, path, mine)

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield
    finally:
        given_back.set()
        renewing.join()
        if _is_mine(files, path, mine):
            with contextlib.suppress(FileNotFoundError):
                files.rm_file(path)


def _at(address: str) -> tuple[Any, str]:
    """The file system of a store, and the path of its lease there."""
    import fsspec

    files, path = fsspec.url_to_fs(address)
    return files, f"{path.rstrip('/')}.lease"


def _is_mine(files: Any, path: str, mine: dict[str, Any]) -> bool:
    """Whether nobody has taken a lease from its holder."""
    held = _read(files, path)
    return not held or _held(held).get("owner", mine["owner"]) == mine["owner"]


def _refuse(files: Any, path: str, mine: dict[str, Any]) -> None:
    """Raise `Held` when somebody else's lease is good."""
    content = _read(files, path)
    held = _held(content)
    now = time.time()
    if not content or held.get("owner") == mine["owner"] or held.get("until", now) < now:
        return
    if held and held["host"] == mine["host"] and _born(held["pid"]) != held["born"]:
        return  # its process is gone
    if not held or held["until"] > now + SECONDS:
        if not _renewed(files, path, content):
            return
        held = _held(_read(files, path))
    who = f"process {held['pid']} on {plain(held['host'], 80)}" if held else "another process"
    raise Held(
        f"{path.removesuffix('.lease')} is being filled by {who}; stop that first, or let it finish: it goes on with "
        f"everything that is left. A lease whose process is gone runs out {SECONDS:.0f} s later, and --break-lease "
        "takes it at once"
    )


def _renewed(files: Any, path: str, content: bytes) -> bool:
    """Whether a lease is written anew within the time that one lasts."""
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        time.sleep(SECONDS / 30)
        signals.check()
        if _read(files, path) != content:
            return _read(files, path) != b""
    return False


def _read(files: Any, path: str) -> bytes:
    """The lease as it is, empty when there is none."""
    files.invalidate_cache()
    try:
        return files.cat_file(path)[:4096]
    except FileNotFoundError:
        return b""


def _held(content: bytes) -> dict[str, Any]:
    """What a lease says, empty when it is none."""
    kinds = {"owner": str, "host": str, "pid": int, "born": str, "until": (int, float)}
    try:
        held = json.loads(content)
        return held if all(isinstance(held[name], kind) for name, kind in kinds.items()) else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}


def _write(files: Any, path: str, mine: dict[str, Any]) -> None:
    files.makedirs(os.path.dirname(path), exist_ok=True)
    files.pipe_file(path, json.dumps(mine | {"until": time.time() + SECONDS}).encode())


def _born(pid: int) -> str:
    """When a process of this machine started, told apart from a later one of its number; "" if it is gone."""
    try:
        return repr(psutil.Process(pid).create_time())
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return ""
    except psutil.AccessDenied:
        return "running"
