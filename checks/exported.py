"""Exported generators: those of some games, and what is true of all of them."""

import equinox as eqx
import jax
import numpy as np

import saddlery as sd
from saddlery.generators import DRAWS

KEY = jax.random.key(7)


def shaken(game, scale=0.1):
    """A generator whose biases are not zero."""
    leaves, tree = jax.tree.flatten(game.init(jax.random.key(0)).generator)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    return tree.unflatten([x + scale * jax.random.normal(key, x.shape) for x, key in zip(leaves, keys, strict=True)])


@eqx.filter_jit
def evaluated(network, parameters, noise, statistics=()):
    """The samples that a network makes of noise."""
    return network.evaluate(parameters, noise, statistics)[0]


class Exported:
    """`exported(name)`: a game by its name in `games`, its generator, and the file of it, written once."""

    def __init__(self, games, folder):
        self.games, self.folder, self.made = games, folder, {}

    def __call__(self, name):
        if name not in self.made:
            game = self.games[name]()
            self.made[name] = game, shaken(game), self.folder / f"{name}.safetensors"
            sd.export_generator(self.made[name][2], *self.made[name][:2])
        return self.made[name]


def require_samples_of_the_game(game, generator, path):
    """A loaded generator draws what the game draws."""
    loaded = sd.load_generator(path)
    assert eqx.tree_equal(loaded.parameters, generator)
    expected = game.sample(generator, KEY, 5)
    assert loaded.sample_shape == expected.shape[1:]
    np.testing.assert_allclose(loaded(KEY, 5), expected, atol=1e-6)


def require_samples_of_the_batch(game, generator, path, atol=1e-5):
    """Under batch normalisation it draws those of the batch that the statistics are of."""
    loaded = sd.load_generator(path)
    noise = jax.random.normal(jax.random.key(0), (16, DRAWS // 16, game.noise)).reshape(DRAWS, -1)
    expected = evaluated(game.generator, generator, noise)  # one batch of all, by its own statistics
    found = evaluated(loaded.network, loaded.parameters, noise, loaded.statistics)
    np.testing.assert_allclose(found, expected, atol=atol)
