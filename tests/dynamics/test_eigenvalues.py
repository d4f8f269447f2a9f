import jax
import numpy as np
import pytest

from saddlery.dynamics import jacobian
from saddlery.dynamics.eigenvalues import of_products

KEY = jax.random.key(3)


def test_products_are_counted_and_limited(known):
    game, players, _ = known
    J, products = jacobian(game, players, key=KEY), 0

    def counted(u):
        nonlocal products
        products += 1
        return J.product(u)

    with pytest.warns(UserWarning, match=r"\d of the 30 eigenvalues asked for \(largest_real\) converged in \d+"):
        found = of_products(counted, J.size, 30, "largest_real", products=220)
    assert 0 < len(found.values) < 30
    assert found.products == products == J.taken["plain"]
    assert products <= 220 + 30
    assert found.residuals.max() < 1e-2


def test_a_search_that_finds_nothing_says_so():
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(600, 600)))[0]  # every eigenvalue is on the unit circle
    with pytest.raises(RuntimeError, match=r"0 of the 4 eigenvalues asked for \(largest_magnitude\) converged in \d+"):
        of_products(lambda u: rotation @ u, 600, 4, products=25, tolerance=1e-12)
