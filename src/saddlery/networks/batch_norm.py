"""Batch normalisation, by the batch's own statistics or by those of a whole population."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float


class Moments(NamedTuple):
    """Batch statistics: mean and variance of each feature, `(features,)`."""

    mean: Float[Array, " features"]
    variance: Float[Array, " features"]


def batch_norm(x: Array, epsilon: float = 1e-3) -> Array:
    """Batch normalisation: features of mean 0 and variance 1 over the batch and all places (Ioffe, Szegedy, 2015).

        (x − E x) / √(Var x + ε)

    The statistics are those of the batch, so that a network stays a pure function of parameters and batch; networks
    that use it are not `independent`. They are computed in float32 or more. What is learned, a shift, is the bias of
    the layer that is normalised; a scale would be absorbed by the next layer.

        >>> batch_norm(jnp.array([[0.0, 4.0]]), epsilon=0.0).tolist()  # E x = 2, Var x = 4
        [[-1.0, 1.0]]

    **Arguments:**
    - `x`: `(features, …, batch)`.
    - `epsilon`: ε, by default that of the released code of Mescheder, Nowozin and Geiger (2017).
    """
    return normalised(x, None, epsilon)[0]


def normalised(x: Array, statistics: Moments | None, epsilon: float = 1e-3) -> tuple[Array, Moments]:
    """Batch normalisation by given statistics, with `None` by the batch's own; and the statistics used.

    >>> normalised(jnp.array([[2.0, 4.0]]), Moments(jnp.array([0.0]), jnp.array([4.0])), epsilon=0.0)[0].tolist()
    [[1.0, 2.0]]
    """
    axes = tuple(range(1, x.ndim))
    known = None if statistics is None else [jnp.expand_dims(each, axes) for each in statistics]
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = wide.mean(axes, keepdims=True) if known is None else known[0]
    centred = wide - mean
    variance = jnp.square(centred).mean(axes, keepdims=True) if known is None else known[1]
    y = (centred * lax.rsqrt(variance + epsilon)).astype(x.dtype)
    return y, Moments(mean.squeeze(axes), variance.squeeze(axes))


def population(
    moments: Callable[[Array, tuple[Moments, ...]], Moments], batches: Sequence[Array], maps: int
) -> tuple[Moments, ...]:
    """The population statistics of each normalised map of a network, over all the batches together.

    The first map's are taken over all batches, then the second's with the first normalised by them, and so on: what
    one batch of them all would have, in the memory of one batch. So they are those of the parameters as they are
    ("precise batch norm": Wu, Johnson, 2021), not an average over training.

        >>> batches = [jnp.array([[0.0, 2.0]]), jnp.array([[4.0, 6.0]])]
        >>> (found,) = population(lambda x, known: normalised(x, None)[1], batches, maps=1)
        >>> found.mean.tolist(), found.variance.tolist()  # of 0, 2, 4, 6
        ([3.0], [5.0])

    **Arguments:**
    - `moments`: from a batch and the statistics of the first maps to those that the batch has of the next map.
    - `batches`: of equal size.
    - `maps`: how many are normalised.
    """
    known: tuple[Moments, ...] = ()
    for _ in range(maps):
        found = [moments(batch, known) for batch in batches]
        means, variances = (np.asarray([each[i] for each in found], float) for i in (0, 1))
        total = Moments(means.mean(0), (variances + (means - means.mean(0)) ** 2).mean(0))
        known += (Moments(*(jnp.asarray(each, found[0].mean.dtype) for each in total)),)
    return known
