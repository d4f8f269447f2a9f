"""Finite numbers: which arrays of a run are watched, and whether they are still finite."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool


@functools.partial(jax.jit, static_argnums=1)
def finite(carry: object, watched: tuple[bool, ...]) -> Bool[Array, ""]:
    """Whether the `watched` arrays are finite: of players, optimisers' states and averages."""
    leaves = [leaf for leaf, is_watched in zip(jax.tree.leaves(carry), watched, strict=True) if is_watched]
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


def finite_leaves(carry: object) -> tuple[bool, ...]:
    """Which arrays are watched: those finite before the first step, not what begins as infinite."""

    def is_finite(leaf):
        leaf = np.asarray(leaf)
        return bool(np.issubdtype(leaf.dtype, np.inexact) and np.isfinite(leaf).all())

    return tuple(map(is_finite, jax.tree.leaves(carry)))
