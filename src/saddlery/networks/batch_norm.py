"""Batch normalisation by the batch's own statistics."""

from typing import Any

import jax.numpy as jnp
from jax import lax


def batch_norm(x: Any, epsilon: float = 1e-3) -> Any:
    """Features of mean 0 and variance 1 over the batch and all places (Ioffe, Szegedy, 2015).

        (x − E x) / √(Var x + ε)

    The statistics are always the batch's, also when samples are drawn to be looked at, so that a network stays a pure
    function of parameters and batch; networks that use it are not `independent`. They are computed in float32 or
    more. What is learned, a shift, is the bias of the layer that is normalised; a scale would be absorbed by the next
    layer.

    **Arguments:**
    - `x`: `(features, …, batch)`.
    - `epsilon`: ε, by default that of the released code of Mescheder, Nowozin and Geiger (2017).
    """
    axes = tuple(range(1, x.ndim))
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    centred = wide - wide.mean(axes, keepdims=True)
    return (centred * lax.rsqrt(jnp.square(centred).mean(axes, keepdims=True) + epsilon)).astype(x.dtype)
