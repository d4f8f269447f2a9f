"""A lease: who fills a store, until when. It needs no rename and no lock, so it holds on object stores too."""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SECONDS = 30.0  # that a lease lasts; it is renewed three times as often
SETTLING = {True: 0.05, False: 1.0}  # seconds, on this machine's disk or elsewhere, in which two claims meet


class Held(Exception):
    """Somebody else fills the store."""


@contextlib.contextmanager
def lease(address: str, lost: Callable[[], None]) -> Iterator[None]:
    """Hold the store at `address` as its only writer while inside.

    The lease is an object beside the store that says who holds it until when. It is renewed by a thread; when its
    process ends without giving it back it runs out, and one whose process is seen to be gone counts as run out.

    **Arguments:**
    - `address`: a path or an fsspec address.
    - `lost`: called once, from another thread, when another has taken the lease: this process was away too long.

    **Raises:** `Held` when another process has it, naming the process.
    """
    files, path = _at(address)
    mine = {"owner": uuid.uuid4().hex, "host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}
    _refuse(address, _read(files, path), mine)
    _write(files, path, mine)
    time.sleep(SETTLING["file" in files.protocol])
    _refuse(address, _read(files, path), mine)
    given_back = threading.Event()

    def renew():
        while not given_back.wait(SECONDS / 3):
            held = _read(files, path)
            if held is not None and held["owner"] != mine["owner"]:
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
        held = _read(files, path)
        if held is not None and held["owner"] == mine["owner"]:
            files.rm_file(path)


def _at(address: str) -> tuple[Any, str]:
    """The file system of a store, and the path of its lease there."""
    import fsspec

    files, path = fsspec.url_to_fs(address)
    return files, f"{path.rstrip('/')}.lease"


def _refuse(address: str, held: dict[str, Any] | None, mine: dict[str, Any]) -> None:
    """Raise `Held` when somebody else's lease is good."""
    if held is None or held["owner"] == mine["owner"] or held["until"] < time.time():
        return
    if held["host"] == mine["host"] and _born(held["pid"]) != held["born"]:
        return  # its process is gone
    raise Held(
        f"{address} is being filled by process {held['pid']} on {held['host']}; "
        "stop that first, or let it finish: it goes on with everything that is left"
    )


def _read(files: Any, path: str) -> dict[str, Any] | None:
    """The lease as it is, `None` when there is none; one that is just being written is read again."""
    for _ in range(5):
        try:
            files.invalidate_cache()
            return json.loads(files.cat_file(path))
        except FileNotFoundError:
            return None
        except ValueError:
            time.sleep(0.05)
    return None


def _write(files: Any, path: str, mine: dict[str, Any]) -> None:
    files.makedirs(os.path.dirname(path), exist_ok=True)
    files.pipe_file(path, json.dumps(mine | {"until": time.time() + SECONDS}).encode())


def _born(pid: int) -> str:
    """When a process of this machine started, in words that tell it from a later one of its number; "" if it is gone.

    Where the system does not say, a process that is there was always there.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "running"
