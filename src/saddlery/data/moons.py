"""Two interleaved half circles in the plane, a continuum without modes to count."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.arrays import numbers
from saddlery.types import Key


class Moons(eqx.Module):
    """Two interleaved half circles with Gaussian noise, as scikit-learn's `make_moons` has them.

        x = (cos t, sin t) or (1 − cos t, ½ − sin t), with probability ½ each,   t uniform in [0, π],   + std · ε

        >>> points = Moons(std=1e-6).draw(jax.random.key(0), 100)
        >>> upper = points[:, 1] > 0.5  # of the first half circle alone
        >>> bool(jnp.allclose(jnp.linalg.norm(points[upper], axis=1), 1.0, atol=1e-4))
        True

    **Arguments:** `std`: the standard deviation of the noise, in every direction.

    **Raises:** `ValueError` for a number that is out of range or not finite.
    """

    std: Float[Array, ""] = eqx.field(converter=partial(numbers, "std", above=0.0), default=0.05)

    def draw(self, key: Key, n: int) -> Float[Array, "n 2"]:
        """Draw `n` samples."""
        which, angle, noise = jax.random.split(key, 3)
        t = jnp.pi * jax.random.uniform(angle, (n,))
        x = jnp.stack([jnp.cos(t), jnp.sin(t)], axis=1)
        lower = jax.random.bernoulli(which, shape=(n, 1))
        return jnp.where(lower, jnp.array([1.0, 0.5]) - x, x) + self.std * jax.random.normal(noise, (n, 2))
