"""How much memory there is, is to be had, and has been taken, on any system."""

import sys

import psutil

from saddlery.errors import InvalidValue


def total() -> int:
    """Bytes of this machine's memory."""
    return int(psutil.virtual_memory().total)


def available() -> int:
    """Bytes that a program could have now, with what the system holds only as long as nobody asks for it."""
    return int(psutil.virtual_memory().available)


def peak() -> int:
    """The most bytes that this process has had at a time."""
    try:
        import resource
    except ImportError:  # Windows keeps that account itself
        return int(psutil.Process().memory_info().peak_wset)  # type: ignore[attr-defined]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most  # macOS counts bytes, Linux kilobytes


def afford(what: str, size: int) -> None:
    """Refuse what takes more bytes than there are to be had, before it is made.

    **Raises:** `ValueError` naming it, what it takes, and what there is.
    """
    if size > (free := available()):
        raise InvalidValue(f"{what} would take {size / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free")
