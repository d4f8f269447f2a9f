"""Memory of the machine and of this process: in all, available, and taken at most."""

import sys

import psutil

from saddlery.errors import InvalidValue


def total() -> int:
    """The machine's memory in bytes."""
    return int(psutil.virtual_memory().total)


def available() -> int:
    """Memory available to a program in bytes, with what the system holds only as long as nobody asks for it."""
    return int(psutil.virtual_memory().available)


def peak() -> int:
    """Peak memory of this process in bytes."""
    try:
        import resource
    except ImportError:  # Windows keeps that account itself
        return int(psutil.Process().memory_info().peak_wset)  # type: ignore[attr-defined]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most  # macOS counts bytes, Linux kilobytes


def afford(what: str, size: int) -> None:
    """Refuse an allocation of more bytes than are available, before it is made.

    **Raises:** `ValueError` naming it, what it takes, and what there is.
    """
    if size > (free := available()):
        raise InvalidValue(f"{what} would take {size / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free")
