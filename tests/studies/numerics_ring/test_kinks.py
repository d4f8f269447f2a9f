"""What differentiation loses at kinks: in closed form, and on networks with and without."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain
from jax.scipy.stats import norm

import saddlery as sd
from saddlery.studies.numerics_ring.kinks import DIRECTIONS, DISTANCES, kinks, without_kinks

KEY = jax.random.key(0)


class Median(Plain, eqx.Module):
    """Both players minimise ½ a x² + mean |x − n| over samples n that are normally distributed, to within 1e-5.

    The second derivative of the mean is 2φ(x), all of it at kinks.
    """

    a: float
    samples: Any

    def init(self, key):
        return sd.Pair(jnp.full(2, 0.3), jnp.full(3, 0.3))

    def losses(self, discriminator, samples, batch):
        return sd.Pair(*(self.each(x) for x in (samples, discriminator)))

    def each(self, x):
        """One player's loss."""
        return (0.5 * self.a * x**2 + jnp.abs(x[:, None] - self.samples).mean(-1)).sum()


@pytest.mark.parametrize("a", [0.5, 3.0])
def test_the_share_seen_is_what_lies_between_the_kinks(float64, a):
    game = Median(a, norm.ppf((jnp.arange(100_000) + 0.5) / 100_000))
    found = kinks(game, game.init(KEY), key=KEY, batches=1)
    assert found.sizes == {"direction": len(DIRECTIONS), "h": len(DISTANCES)}
    at_kinks = 2 * float(norm.pdf(0.3))
    np.testing.assert_allclose(found["curvature"], a + at_kinks, rtol=0.02)
    np.testing.assert_allclose(found["seen"], a / (a + at_kinks), rtol=0.02)
    np.testing.assert_allclose(found["missed"], at_kinks / (a + at_kinks), rtol=0.05)


def test_the_same_networks_with_tanh_start_alike_and_have_no_kinks():
    relu = sd.games.ring("numerics", batch=256)
    tanh = without_kinks(relu)
    players = relu.init(KEY)
    assert jax.tree.all(jax.tree.map(np.array_equal, players, tanh.init(KEY)))
    noise = jax.random.normal(KEY, (8, 16))
    bounded = tanh.generator.apply(players.generator, 1e6 * noise)
    assert jnp.abs(bounded).max() < jnp.abs(players.generator[-1]["weight"]).sum()
    assert kinks(relu, players, key=KEY, batches=2)["seen"].max() < 0.5
    assert kinks(tanh, players, key=KEY, batches=2)["missed"].max() < 1e-3


def test_without_players_there_is_nothing_to_compare():
    assert np.isnan(kinks(None, None, key=KEY, batches=1).to_array()).all()
