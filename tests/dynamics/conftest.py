"""What tests of dynamics share."""

import jax
import numpy as np
import pytest

import saddlery as sd


def turning():
    """A quadratic game of 400 against 300 whose J has known eigenvalues: pairs, and well separated real ones.

    In each player's own rotated coordinates J turns coordinate i of one against coordinate i of the other.
    """
    rng = np.random.default_rng(0)
    n, m, pairs = 400, 300, np.arange(1, 9)
    Q, R = (np.linalg.qr(rng.normal(size=(size, size)))[0] for size in (n, m))
    along_g, along_d, coupling = np.linspace(-0.4, 0.9, n), np.linspace(-0.4, 0.9, m), np.zeros((n, m))
    along_g[:8] = along_d[:8] = 0.1 * pairs
    coupling[range(8), range(8)] = pairs
    along_g[8:12] = -5.0, -3.0, 20.0, 12.0  # of the gradient; J's eigenvalues have the other sign
    along_d[8:12] = -4.0, -2.0, 15.0, 10.0
    game = sd.games.quadratic(
        Q @ np.diag(along_g) @ Q.T, Q @ coupling @ R.T, R @ np.diag(along_d) @ R.T, a=rng.normal(size=n)
    )
    real = -np.concatenate([along_g[8:], along_d[8:]])
    return game, np.concatenate([-0.1 * pairs + 1j * pairs, -0.1 * pairs - 1j * pairs, real])


@pytest.fixture
def known(float64):
    game, eigenvalues = turning()
    return game, game.init(jax.random.key(0)), eigenvalues
