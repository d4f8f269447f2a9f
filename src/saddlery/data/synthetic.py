"""Mixtures of Gaussians on a ring or a grid, with known modes."""

import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.text.arguments import whole
from saddlery.types import Key

MODES, COMPARED = 100_000, "measures compare every sample with every mode"


class Mixture(eqx.Module):
    """A mixture of equally weighted Gaussians: x = centre_i + std · ε.

        >>> data = Mixture([[-1.0], [1.0]], std=1e-6, balanced=True)
        >>> data.draw(jax.random.key(0), 4).round(3).ravel().tolist()  # the modes in turn
        [-1.0, 1.0, -1.0, 1.0]

    **Arguments:**
    - `centres`: `(modes, dimension)`.
    - `std`: the standard deviation of each, in every direction.
    - `balanced`: whether each batch holds the modes in equal counts (to one), or each sample draws its mode.

    **Raises:** `ValueError` for centres of another shape, and numbers that are out of range or not finite.
    """

    centres: Float[Array, "modes dimension"] = eqx.field(converter=partial(numbers, "centres"))
    std: Float[Array, ""] = eqx.field(converter=partial(numbers, "std", above=0.0))
    balanced: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        if self.centres.ndim != 2 or not self.centres.size:
            raise InvalidValue(f"centres: got shape {self.centres.shape}, expected (modes, dimension)")

    def draw(self, key: Key, n: int) -> Float[Array, "n dimension"]:
        """Draw `n` samples."""
        which, noise = jax.random.split(key)
        modes = len(self.centres)
        chosen = jnp.arange(n) % modes if self.balanced else jax.random.randint(which, (n,), 0, modes)
        return self.centres[chosen] + self.std * jax.random.normal(noise, (n, self.centres.shape[1]))


def ring_centres(modes: int, radius: float) -> Float[Array, "modes 2"]:
    """The centres of a ring: equally spaced points of a circle, the first at angle 0.

        >>> ring_centres(4, radius=2.0).round().astype(int).tolist()
        [[2, 0], [0, 2], [-2, 0], [0, -2]]

    **Raises:** `ValueError` for numbers out of range.
    """
    modes, reach = whole("modes", modes, 1, MODES, why=COMPARED), numbers("radius", radius, above=0.0)
    angles = 2 * math.pi * jnp.arange(modes) / modes
    return reach * jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)


def grid_centres(side: int, spacing: float) -> Float[Array, "modes 2"]:
    """The centres of a grid: the points of a square grid centred on the origin, row by row.

        >>> grid_centres(2, spacing=1.0).tolist()
        [[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]

    **Raises:** `ValueError` for numbers out of range.
    """
    side = whole("side", side, 1, math.isqrt(MODES), why=COMPARED)
    line = numbers("spacing", spacing, above=0.0) * (jnp.arange(side) - (side - 1) / 2)
    return jnp.stack(jnp.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
