"""Diversity of samples, without real ones: how wide they are spread, and how near the nearest other one is."""

from typing import TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

COMPARED = 256  # samples among which nearest neighbours are looked for
DIRECT = 8  # numbers in a sample up to which distances are those of differences, which rounding leaves exact
T = TypeVar("T", Array, np.ndarray)


def width(samples: Float[Array, "n ..."], centre: Array | None = None) -> Float[Array, ""]:
    """The root mean square distance of samples from a centre, by default from their mean.

    >>> float(width(jnp.array([[0.0], [2.0]]))), float(width(jnp.array([[3.0], [3.0]]), jnp.zeros(1)))
    (1.0, 3.0)
    """
    centre = samples.mean(0) if centre is None else centre
    return jnp.sqrt(((samples - centre) ** 2).reshape(len(samples), -1).sum(1).mean())


def nearest(samples: Float[Array, "n ..."]) -> Float[Array, ""]:
    """The mean distance of a sample to the nearest other one, among the first 256.

    >>> float(nearest(jnp.array([[0.0], [1.0], [3.0]])))  # 1, 1, 2
    1.3333333730697632
    """
    x = samples[:COMPARED].reshape(min(COMPARED, len(samples)), -1)
    found = ((x[:, None] - x) ** 2).sum(-1) if x.shape[1] <= DIRECT else squares(x, x)
    return jnp.sqrt(jnp.where(jnp.eye(len(x), dtype=bool), jnp.inf, found).min(1)).mean()


def squares(x: T, y: T) -> T:
    """The squared distances of all pairs of rows, `(n, m)`, at least 0, by one product of matrices.

    >>> squares(jnp.array([[0.0], [1.0]]), jnp.array([[3.0]])).tolist()
    [[9.0], [4.0]]
    """
    found = (x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * (x @ y.T)
    return found * (found > 0)  # type: ignore[return-value]  # NumPy's of NumPy's, JAX's of JAX's
