"""Pairwise distances of the samples of one set, short for a generator that repeats itself."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial.distance import pdist

from saddlery._system.memory import afford
from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.types import Key


def pairwise_distances(
    samples: Float[Array | np.ndarray, "n *shape"], features: Callable[[Any], Any] | None = None
) -> Float[np.ndarray, " pairs"]:
    """Pairwise distances: Euclidean, of all n (n − 1) / 2 pairs of samples, of their pixels or of their features.

    Metz et al. (2017, unrolled GANs, section 3.4.2) compare their histogram with that of real images: a collapsed
    generator has it further left. Pixels say little alone, and noise may match them, as their reviewer said: look at
    features too, and at `noise_like` as the control.

        >>> pairwise_distances(jnp.array([[0.0], [3.0], [4.0]])).tolist()
        [3.0, 4.0, 1.0]

    **Arguments:**
    - `samples`: `(n, …)`, at least two.
    - `features`: from samples to `(n, …)`, such as `classifier.features`; `None` for the pixels themselves.

    **Returns:** the distances, in the order of pairs (0, 1), (0, 2), …

    **Raises:** `ValueError` for fewer than two samples, samples or features that are not finite, features of another
    number, or more distances than fit into the memory that is free.
    """
    values = samples = entry.samples("samples", samples, 2)
    if features is not None:
        values = entry.samples("features", features(samples))
    if len(values) != len(samples):
        raise InvalidValue(f"features: got {len(values)} of {len(samples)} samples, expected one of each")
    afford("the distances of all pairs", 4 * len(values) * (len(values) - 1))
    return pdist(np.asarray(values, float).reshape(len(values), -1))


def noise_like(images: Float[Array, "n *shape"], key: Key) -> Float[Array, "n *shape"]:
    """Noise images with each pixel's own distribution in the images, independent: the control of `pairwise_distances`.

    The squared distances of pairs have the same mean in pixels as those of the images, although nothing is to be seen.

        >>> images = jnp.array([[0.0, 5.0], [1.0, 5.0]])
        >>> sorted(noise_like(images, jax.random.key(0))[:, 0].tolist())  # the first pixel's values, mixed
        [0.0, 1.0]
    """
    images = jnp.asarray(images)
    flat = images.reshape(len(images), -1)
    keys = jax.random.split(key, flat.shape[1])
    return jax.vmap(jax.random.permutation, (0, 1), 1)(keys, flat).reshape(images.shape)
