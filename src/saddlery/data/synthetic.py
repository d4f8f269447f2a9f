"""Mixtures of Gaussians on a ring or a grid, whose modes are known."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Mixture(eqx.Module):
    """Equally weighted Gaussians: x = centre_i + std · ε.

    **Arguments:**
    - `centres`: `(modes, dimension)`.
    - `std`: the standard deviation of each, in every direction.
    - `balanced`: whether each batch holds the modes in equal counts (to one), or each sample draws its mode.
    """

    centres: Float[Array, "modes dimension"] = eqx.field(converter=jnp.asarray)
    std: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    balanced: bool = eqx.field(static=True, default=False)

    def draw(self, key, n: int) -> Float[Array, "n dimension"]:
        """`n` samples."""
        which, noise = jax.random.split(key)
        modes = len(self.centres)
        chosen = jnp.arange(n) % modes if self.balanced else jax.random.randint(which, (n,), 0, modes)
        return self.centres[chosen] + self.std * jax.random.normal(noise, (n, self.centres.shape[1]))


def ring_centres(modes: int, radius: float) -> Float[Array, "modes 2"]:
    """Equally spaced points of a circle, the first at angle 0."""
    angles = 2 * math.pi * jnp.arange(modes) / modes
    return radius * jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)


def grid_centres(side: int, spacing: float) -> Float[Array, "modes 2"]:
    """The points of a square grid centred on the origin, row by row."""
    line = spacing * (jnp.arange(side) - (side - 1) / 2)
    return jnp.stack(jnp.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
