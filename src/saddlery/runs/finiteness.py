"""Finite numbers: which of a run's are watched, and whether they still are."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@functools.partial(jax.jit, static_argnums=1)
def finite(carry: Any, watched: tuple[bool, ...]) -> Any:
    """Whether the numbers that are `watched` are finite: of players, optimisers' states and averages."""
    leaves = [leaf for leaf, is_watched in zip(jax.tree.leaves(carry), watched, strict=True) if is_watched]
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


def finite_leaves(carry: Any) -> tuple[bool, ...]:
    """Which arrays hold finite numbers: those before the first step are watched, but for what begins as infinite."""

    def is_finite(leaf):
        leaf = np.asarray(leaf)
        return bool(np.issubdtype(leaf.dtype, np.inexact) and np.isfinite(leaf).all())

    return tuple(map(is_finite, jax.tree.leaves(carry)))
