"""File locks on folders, which the system releases however their process ends."""

import contextlib
import errno
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

from saddlery.text.arguments import plain

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None


NONE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}  # what file systems without locks answer


class Held(Exception):
    """The error for a folder that another process holds."""


def is_held(path: Path) -> bool:
    """Whether a process of this machine holds the lock of a file; `False` where there is no such file."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # let go at once, with the file
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(file)
    return False


@contextlib.contextmanager
def lock(path: Path, what: str) -> Iterator[None]:
    """A context that holds the lock of a file, as its only holder in any process of this machine.

    It is a lock of the system's (`flock`), so that it ends with its process; the file stays, and means nothing by
    itself. It names its last holder for the error.

    **Arguments:**
    - `path`: the lock's file, made where there is none, in a folder that is there.
    - `what`: what is locked, for the error.

    **Raises:** `Held` when another has it, naming the process; `OSError` when the file cannot be made.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = plain(os.read(file, 200).decode(errors="replace")) or "another process"
            raise Held(
                f"{plain(what)} is being filled by {holder}; stop that first, or let it finish: it goes on with "
                "everything that is left"
            ) from None
        except OSError as error:
            if error.errno not in NONE:
                raise
            warnings.warn(f"{plain(what)}: its file system keeps no locks; let no other process fill it", stacklevel=3)
        os.truncate(file, 0)
        os.write(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        os.close(file)
