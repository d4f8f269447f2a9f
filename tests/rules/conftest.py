"""What tests of rules share: a game with noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.types import Pair


class Noisy(eqx.Module):
    """A quadratic game whose matrix and vector are random in every batch: ξ = (H + σM) z + b + τn.

    n is standard normal, and so is M but for each player's own block, of which the gradient sees the symmetric part:
    there the variance off the diagonal is ½. So E MᵀM = 3.5 I and E MM = 1.5 I.
    """

    H: jax.Array
    b: jax.Array
    sigma: float
    tau: float

    def init(self, key):
        return Pair(jax.random.normal(key, (2,)), jax.random.normal(jax.random.fold_in(key, 1), (2,)))

    def draw(self, key):
        of_matrix, of_vector = jax.random.split(key)
        return jax.random.normal(of_matrix, (4, 4)), jax.random.normal(of_vector, (4,))

    def act(self, generator, batch):
        return generator

    def losses(self, discriminator, samples, batch):
        M, n = batch
        H, b = self.H + self.sigma * M, self.b + self.tau * n
        generator = 0.5 * samples @ H[:2, :2] @ samples + samples @ H[:2, 2:] @ discriminator + b[:2] @ samples
        own = 0.5 * discriminator @ H[2:, 2:] @ discriminator + discriminator @ H[2:, :2] @ samples
        return Pair(generator, own + b[2:] @ discriminator)


@pytest.fixture
def noisy(float64):
    """`(game, players, xi, H)`: a game with noise, a position, and there the means of the gradient and Jacobian."""
    rng = np.random.default_rng(5)
    H, b, z = rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=4)
    for block in (slice(None, 2), slice(2, None)):
        H[block, block] = (H[block, block] + H[block, block].T) / 2
    game = Noisy(jnp.asarray(H), jnp.asarray(b), 0.5, 0.5)
    return game, Pair(jnp.asarray(z[:2]), jnp.asarray(z[2:])), H @ z + b, H
