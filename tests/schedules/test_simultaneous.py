import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Simultaneous
from saddlery.schedules import simultaneous


def descent(of_generator, of_discriminator):
    return Method(
        Simultaneous(),
        simultaneous(),
        generator=optimiser("sgd", learning_rate=of_generator),
        discriminator=optimiser("sgd", learning_rate=of_discriminator),
    )


def test_both_move_from_the_same_position_at_their_own_rates(quadratic_game, walk):
    path, _ = walk(descent(0.1, 0.05), quadratic_game.game, quadratic_game.players, 4)
    z, rates = path[0], np.repeat([0.1, 0.05], [3, 4])
    for step in range(4):
        z = z - rates * (quadratic_game.xi + quadratic_game.H @ (z - path[0]))
        np.testing.assert_allclose(path[step + 1], z, rtol=1e-11, atol=1e-12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.001, 2.0), sigma=st.floats(0.1, 2.0))
def test_growth_on_the_bilinear_game(float64, walk, h, sigma):
    """ξ = σRz with R a quarter turn, so z⁺ = (I − hσR)z, and ‖z⁺‖² = (1 + h²σ²)‖z‖² as Rz is orthogonal to z."""
    path, _ = walk(descent(h, h), bilinear(sigma), Pair(np.array([0.6]), np.array([-0.8])), 5)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.hypot(1, h * sigma) ** np.arange(6), rtol=1e-8)
