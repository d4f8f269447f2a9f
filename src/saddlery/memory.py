"""How much memory there is to be had."""

import os
import re
from pathlib import Path

ACCOUNT = Path("/proc/meminfo")  # Linux's


def available() -> int:
    """Bytes that a program could have now.

    Where the system says so, with what it holds only as long as nobody asks for it, such as cached files; otherwise
    what is free altogether.
    """
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", ACCOUNT.read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def afford(what: str, size: int) -> None:
    """Refuse what takes more bytes than there are to be had, before it is made.

    **Raises:** `ValueError` naming it, what it takes, and what there is.
    """
    if size > (free := available()):
        raise ValueError(f"{what} would take {size / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free")
