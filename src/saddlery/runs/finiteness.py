"""Finite numbers: which of a run's are watched, and whether they still are."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool


@functools.partial(jax.jit, static_argnums=1)
def finite(carry: object, watched: tuple[bool, ...]) -> Bool[Array, ""]:
    """Whether the numbers that are `watched` are finite: of players, optimisers' states and averages."""
    leaves = [leaf for leaf, is_watched in zip(jax.tree.leaves(carry), watched, strict=True) if is_watched]
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


def finite_leaves(carry: object) -> tuple[bool, ...]:
    """Which arrays hold finite numbers: those before the first step are watched, but for what begins as infinite."""

    def is_finite(leaf):
        leaf = np.asarray(leaf)
        return bool(np.issubdtype(leaf.dtype, np.inexact) and np.isfinite(leaf).all())

    return tuple(map(is_finite, jax.tree.leaves(carry)))
