"""Distances between the samples of one set: a generator that repeats itself has short ones."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial.distance import pdist


def pairwise_distances(
    samples: Float[Array, "n *shape"], features: Callable[[Any], Any] | None = None
) -> Float[np.ndarray, " pairs"]:
    """The Euclidean distances of all n (n − 1) / 2 pairs of samples, of their pixels or of their features.

    Metz et al. (2017, unrolled GANs, section 3.4.2) compare their histogram with that of real images: a collapsed
    generator has it further left. Pixels say little alone, and noise may match them, as their reviewer said: look at
    features too, and at `noise_like` as the control.

    **Arguments:**
    - `samples`: `(n, …)`, at least two.
    - `features`: from samples to `(n, …)`, such as `classifier.features`; `None` for the pixels themselves.

    **Returns:** the distances, in the order of pairs (0, 1), (0, 2), …
    """
    if len(samples) < 2:
        raise ValueError(f"samples: got {len(samples)}, expected at least two")
    values = samples if features is None else features(samples)
    return pdist(np.asarray(values, float).reshape(len(samples), -1))


def noise_like(images: Float[Array, "n *shape"], key: Any) -> Float[Array, "n *shape"]:
    """Noise images, each pixel drawn apart from what that pixel is in the images: the control of `pairwise_distances`.

    The squared distances of pairs have the same mean in pixels as those of the images, although nothing is to be seen.
    """
    images = jnp.asarray(images)
    flat = images.reshape(len(images), -1)
    keys = jax.random.split(key, flat.shape[1])
    return jax.vmap(jax.random.permutation, (0, 1), 1)(keys, flat).reshape(images.shape)
