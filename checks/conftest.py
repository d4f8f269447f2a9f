"""What the longer checks share: programs are compiled in haste, and dropped before they are too many."""

from pathlib import Path

import jax
import pytest

MAPPINGS = 15_000  # of memory, of the 65,530 that Linux lets a process have: XLA takes some for each program


@pytest.fixture(scope="session", autouse=True)
def hasty():
    """They compile much and compute little."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(autouse=True)
def forgetful():
    """The disk has the programs still."""
    maps = Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > MAPPINGS:
        jax.clear_caches()
