"""What the longer checks share: programs are compiled in haste, for they compile much and compute little."""

import jax
import pytest


@pytest.fixture(scope="session", autouse=True)
def hasty():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
