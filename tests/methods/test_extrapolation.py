"""ExtraAdam as it was published, step by step in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.types import Pair


class Shifted(sd.games.bilinear(dimension=2).__class__):
    """The bilinear game, whose gradients a batch shifts: ξ = (d + n_g, −g + n_d)."""

    def draw(self, key):
        return jax.random.normal(key, (4,))

    def losses(self, discriminator, samples, batch):
        of_generator = samples @ discriminator + batch[:2] @ samples
        return Pair(of_generator, -samples @ discriminator + batch[2:] @ discriminator)


def test_extra_adam_is_the_published_algorithm(float64, walk):
    """Both half steps update the moments, with their own batch; the real step starts from where the trial one did."""
    game = Shifted(dimension=2, coupling=jnp.asarray(1.0))
    adam = sd.optimiser("adam", learning_rate=0.05, b1=0.4, b2=0.9, eps=1e-3)
    method = sd.methods.extra_adam(generator=adam, discriminator=adam).for_game(game)
    start = Pair(jnp.array([0.6, 0.1]), jnp.array([-0.8, 0.3]))
    path, _ = walk(method, game, start, 5)
    H = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    z, m, v = path[0], np.zeros(4), np.zeros(4)
    for t in range(1, 6):
        noises = [np.asarray(game.draw(key)) for key in jax.random.split(jax.random.key(t - 1))]
        at = z
        for half, noise in enumerate(noises):
            gradient = H @ at + noise
            m, v = 0.4 * m + 0.6 * gradient, 0.9 * v + 0.1 * gradient**2
            count = 2 * t - 1 + half
            at = z - 0.05 * (m / (1 - 0.4**count)) / (np.sqrt(v / (1 - 0.9**count)) + 1e-3)
        z = at
        np.testing.assert_allclose(path[t], z, rtol=1e-9)
    assert not np.array_equal(*noises)


def test_extra_adam_is_adams_on_every_game():
    method = sd.methods.extra_adam().for_game(sd.games.bilinear())
    assert {each.name for each in method.optimisers} == {"adam"}
    with pytest.raises(ValueError, match=r"discriminator: got .*sgd.*, expected adam\(…\), as the method needs"):
        sd.methods.extra_adam(discriminator="sgd(learning_rate=0.1)")
