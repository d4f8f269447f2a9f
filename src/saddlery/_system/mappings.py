"""Memory mappings of this process, of which the system allows only so many."""

from pathlib import Path

HELD, ALLOWED = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")


def mapped() -> int:
    """The number of memory mappings of this process; 0 where the system does not say."""
    try:
        return HELD.read_bytes().count(b"\n")
    except OSError:
        return 0


def most() -> int | None:
    """The number of memory mappings that a process may have; `None` where the system does not say."""
    try:
        return int(ALLOWED.read_text())
    except (OSError, ValueError):
        return None
