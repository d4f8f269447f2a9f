"""Random sketch of many parameters in few numbers that keep lengths and angles."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.types import Pair, Parameters

AXES = 256  # numbers that a position is kept in


class Sketch(eqx.Module):
    """A random sketch: a linear map of all parameters to a few numbers that keeps lengths and angles.

    Each parameter is added, with a random sign, to one of `AXES` sums, of which the first half is the generator's; up
    to that many parameters are kept themselves. Squared lengths are right on average, with a relative deviation of
    about √(2/AXES), 9% (Charikar, Chen, Farach-Colton, 2002).

        >>> start, end = Pair(jnp.zeros(1000), jnp.zeros(1000)), Pair(jnp.ones(1000), jnp.ones(1000))
        >>> moved = Sketch.of(start)(start, end)
        >>> moved.shape, abs(float(jnp.sum(moved**2)) / 2000 - 1) < 0.3
        ((256,), True)
    """

    bucket: Any
    sign: Any
    axes: int = eqx.field(static=True)
    of_generator: int = eqx.field(static=True)

    @classmethod
    def of(cls, players: Pair) -> "Sketch":
        """The sketch for players of these sizes, always the same."""
        generator, n = _sizes(players)
        axes, of_generator = sketched(players)
        if n <= AXES:
            return cls(jnp.arange(n), jnp.ones(n, jnp.int8), axes, of_generator)
        bucket, sign = jax.random.split(jax.random.key(0))
        placed = jax.random.randint(bucket, (n,), 0, axes // 2) + jnp.where(jnp.arange(n) < generator, 0, axes // 2)
        return cls(placed, jax.random.rademacher(sign, (n,), jnp.int8), axes, of_generator)

    def __call__(self, start: Pair, players: Pair) -> Float[Array, " axes"]:
        """The displacement from `start`, `(axes,)`."""
        return self.position(jax.tree.map(jnp.subtract, tuple(players), tuple(start)))

    def position(self, players: Parameters) -> Float[Array, " axes"]:
        """The sketch of all parameters themselves, `(axes,)`: the difference of two is a displacement.

        >>> players = Pair(jnp.array([3.0]), jnp.array([4.0, 5.0]))
        >>> Sketch.of(players).position(players).tolist()  # so few are kept as they are
        [3.0, 4.0, 5.0]
        """
        flat = jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(players)])
        return jnp.zeros(self.axes, flat.dtype).at[self.bucket].add(self.sign * flat)


def sketched(players: Pair) -> tuple[int, int]:
    """How many numbers a sketch of players has, and how many of these, the first, are the generator's.

    >>> sketched(Pair(jnp.zeros(3), jnp.zeros(5))), sketched(Pair(jnp.zeros(300), jnp.zeros(5)))
    ((8, 3), (256, 128))
    """
    generator, n = _sizes(players)
    return (n, generator) if n <= AXES else (AXES, AXES // 2)


def _sizes(players: Pair) -> tuple[int, int]:
    """How many numbers the generator has, and both players."""
    generator, discriminator = (sum(leaf.size for leaf in jax.tree.leaves(player)) for player in players)
    return generator, generator + discriminator
