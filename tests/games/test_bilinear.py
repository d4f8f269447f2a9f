import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair, check, gradients
from saddlery.games.bilinear import bilinear


def test_losses_are_the_product_and_its_negative(float64):
    game = bilinear(coupling=1.7, dimension=3)
    g, d = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_allclose(game.losses(d, game.act(g, ()), ()), (1.7 * (g @ d), -1.7 * (g @ d)), rtol=1e-14)
    np.testing.assert_allclose(gradients(game, Pair(g, d), ()), (1.7 * d, -1.7 * g), rtol=1e-14)


def test_the_origin_is_the_equilibrium():
    game = bilinear(coupling=2, dimension=4)
    players, _, _ = check(game, jax.random.key(0))
    assert [player.shape for player in players] == [(4,), (4,)]
    assert not ravel_pytree(gradients(game, game.equilibrium(), ()))[0].any()


def test_players_differ():
    generator, discriminator = bilinear(dimension=5).init(jax.random.key(0))
    assert (generator != discriminator).all()


@pytest.mark.parametrize("dimension", [0, -1, 1.5, True])
def test_a_dimension_is_a_whole_number(dimension):
    with pytest.raises(ValueError, match=f"dimension: got {dimension}, expected a whole number"):
        bilinear(dimension=dimension)
