import numpy as np

from saddlery.rules import Simultaneous


def test_direction_is_each_players_own_gradient(position, direct):
    np.testing.assert_allclose(direct(Simultaneous(), position), position.xi, rtol=0, atol=1e-12)
