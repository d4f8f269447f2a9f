"""What games that tests write have in common, where only their losses matter."""

import jax.numpy as jnp

import saddlery as sd


class Plain:
    """A game without randomness: players of `size` numbers that start at `value`, and the generator is seen whole."""

    size, value = 2, 1.0

    def init(self, key):
        return sd.Pair(self.value * jnp.ones(self.size), self.value * jnp.ones(self.size))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator
