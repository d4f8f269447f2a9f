"""What analytic games have in common: nothing random, all of the generator to be seen, and plain descent."""

import equinox as eqx
from jaxtyping import Array

from saddlery.optimisers import PUBLISHED, as_optimiser
from saddlery.types import Batch, Key, Pair


class Analytic(eqx.Module):
    """A deterministic game of a few numbers."""

    def draw(self, key: Key) -> Batch:
        """Nothing: the game is deterministic."""
        return ()

    def act(self, generator: Array, batch: Batch) -> Array:
        """The generator itself: the discriminator sees all of it."""
        return generator

    @property
    def default_optimisers(self) -> Pair:
        """Plain gradient descent, of step 0.1 for both."""
        return Pair(*map(as_optimiser, PUBLISHED["analytic"]))
