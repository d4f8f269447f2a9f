"""Memory allocation by glibc: freed memory is kept, so that large buffers are not mapped again at every step."""

import ctypes
import os
import sys

# glibc's names for the two thresholds, and its largest allowed value of the first.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_MMAP_THRESHOLD = 32 << 20


def keep_memory() -> bool:
    """Raise glibc's thresholds above which memory is mapped for each allocation, or given back when freed.

    On Linux, XLA's buffers of more than 128 KiB are otherwise mapped at every call of a compiled program, zeroed by
    the kernel page by page, and unmapped after it. Once per process is enough; `saddlery.train` calls it when it
    computes on the CPU. Set `SADDLERY_MALLOC=0` to leave the allocator alone.

    **Returns:** whether both thresholds were raised.
    """
    if os.environ.get("SADDLERY_MALLOC") == "0" or not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # a C library other than glibc
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
