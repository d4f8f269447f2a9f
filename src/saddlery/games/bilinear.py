"""The bilinear game, on which simultaneous gradient descent spirals outwards."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.games.analytic import Analytic
from saddlery.text.arguments import whole
from saddlery.text.provenance import with_call
from saddlery.types import Batch, Key, Losses, Numbers, Pair


class Bilinear(Analytic):
    """The bilinear game: the zero-sum game of one product, the smallest in which descent fails; see `bilinear`."""

    coupling: Array
    dimension: int = eqx.field(static=True)

    def init(self, key: Key) -> Pair[Array]:
        """Initial players, both standard normal, `(dimension,)` each."""
        return Pair(*jax.random.normal(key, (2, self.dimension)))

    def losses(self, discriminator: Array, samples: Array, batch: Batch) -> Losses:
        """The losses: σ g·d for the generator, its negative for the discriminator."""
        value = self.coupling * samples @ discriminator
        return Pair(value, -value)

    def equilibrium(self) -> Pair[Array]:
        """The equilibrium, a saddle point: the origin."""
        return Pair(jnp.zeros(self.dimension), jnp.zeros(self.dimension))


@with_call()
def bilinear(coupling: Numbers = 1.0, dimension: int = 1) -> Bilinear:
    """The bilinear game: a zero-sum game of one product, which the generator descends and the discriminator ascends.

        L_g(g, d) = σ g·d,   L_d = −L_g

    The eigenvalues of J are ±iσ, a pure rotation: simultaneous descent of step h grows by √(1 + h²σ²) a step.

        >>> game = bilinear(coupling=2.0)
        >>> [float(each) for each in game.losses(jnp.array([5.0]), jnp.array([3.0]), ())]  # ±2 · 3 · 5
        [30.0, -30.0]

    **Arguments:**
    - `coupling`: σ, one number or one for each dimension.
    - `dimension`: of each player.

    **Raises:** `ValueError` when the dimension is no whole number of 1 or more, or the coupling does not fit it.
    """
    dimension, coupling = whole("dimension", dimension), jnp.asarray(numbers("coupling", coupling), float)
    if coupling.shape not in ((), (dimension,)):
        raise InvalidValue(f"coupling: got shape {coupling.shape}, expected one number or {dimension}")
    return Bilinear(coupling, dimension)
