"""Compiled programs of this process, which are dropped before they are more than it can hold."""

import jax

from saddlery._system import mappings

SHARE = 0.5  # of a process's memory mappings; XLA takes about a thousand for each program on a CPU


def make_room(most: int | None = None) -> bool:
    """Drop compiled programs, all of them, where they take more than half of the memory mappings of a process.

    Past the last mapping XLA ends the process, which some sixty programs bring about where Linux allows 65,530. What is
    needed again is compiled again, to the same program.

    **Arguments:** `most`: mappings from which programs are dropped; by default `SHARE` of those that the system allows.

    **Returns:** whether they were dropped.
    """
    if most is None:
        allowed = mappings.most()
        if allowed is None:
            return False
        most = int(SHARE * allowed)
    if mappings.mapped() <= most:
        return False
    jax.clear_caches()
    return True
