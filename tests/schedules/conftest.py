"""What tests of schedules share."""

import jax
import pytest

from saddlery.games.bilinear import bilinear


@pytest.fixture
def drawn():
    """`drawn(method)`: the keys that a step of it on the bilinear game draws its batches with, one after the other."""

    def drawn(method):
        keys = []

        class Watched:
            """The bilinear game, which notes each key that it draws with."""

            def __getattr__(self, name):
                return getattr(bilinear(), name)

            def draw(self, key):
                keys.append(tuple(jax.random.key_data(key).tolist()))
                return ()

        game = Watched()
        players = game.init(jax.random.key(0))
        with jax.disable_jit():  # so that loops are Python's
            method.step(game, players, method.init(game, players), jax.random.key(1))
        return keys

    return drawn
