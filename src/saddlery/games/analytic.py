"""Analytic games: deterministic, the discriminator sees all of the generator, and plain descent by default."""

import equinox as eqx
from jaxtyping import Array

from saddlery.optimisers import PUBLISHED, as_optimiser
from saddlery.types import Batch, Key, Pair


class Analytic(eqx.Module):
    """An analytic game: deterministic, of a few numbers."""

    def draw(self, key: Key) -> Batch:
        """An empty batch: the game is deterministic."""
        return ()

    def act(self, generator: Array, batch: Batch) -> Array:
        """The generator itself: the discriminator sees all of it."""
        return generator

    @property
    def default_optimisers(self) -> Pair:
        """Plain gradient descent, of step 0.1 for both."""
        return Pair(*map(as_optimiser, PUBLISHED["analytic"]))
