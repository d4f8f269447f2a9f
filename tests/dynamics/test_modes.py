import jax
import numpy as np
import pytest

from saddlery.dynamics import jacobian
from saddlery.dynamics.eigenvalues import Eigenpairs, of_matrix
from saddlery.dynamics.modes import in_eigenvectors, in_krylov_space

KEY = jax.random.key(3)


def test_a_field_is_taken_apart_into_eigenvectors():
    rng = np.random.default_rng(1)
    blocks = np.diag([-1.0, -2.0, 0.5, 0.0, 0.0])
    blocks[3:, 3:] = [[-0.1, 3.0], [-3.0, -0.1]]
    U = rng.normal(size=(5, 5))
    pairs = of_matrix(U @ blocks @ np.linalg.inv(U))
    field = 3 * U[:, 1] + 0.2 * U[:, 3]  # of the eigenvalue −2, and of the pair
    modes = in_eigenvectors(pairs, field)
    np.testing.assert_allclose(modes.eigenvalues[:2], [-2.0, -0.1 + 3j], atol=1e-9)
    sizes = np.linalg.norm([3 * U[:, 1], 0.2 * U[:, 3]], axis=1) / np.linalg.norm(field)
    np.testing.assert_allclose(modes.weights, [*sizes, 0, 0], atol=1e-9)
    np.testing.assert_allclose(modes.left, [sizes[1], 0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(modes.carrying(0.9 * sizes[1]), [-2.0, -0.1 + 3j], atol=1e-9)
    np.testing.assert_allclose(modes.carrying(1.1 * sizes[1]), [-2.0], atol=1e-9)


@pytest.mark.long
def test_a_field_in_few_modes_is_found_without_a_matrix(known):
    game, _, _ = known
    J = jacobian(game, game.init(KEY), key=KEY)
    values, vectors = np.linalg.eig(J.matrix())
    first, second = np.argmin(abs(values + 20)), np.argmin(abs(values - (-0.5 + 5j)))
    field = 2 * vectors[:, first].real + vectors[:, second].real
    modes = in_krylov_space(J.product, field)
    np.testing.assert_allclose(modes.eigenvalues, [-20, -0.5 + 5j], atol=1e-8)  # the space ends after three products
    np.testing.assert_allclose(modes.residuals, 0, atol=1e-8)
    exact = in_eigenvectors(of_matrix(J.matrix()), field)
    np.testing.assert_allclose(modes.weights, exact.weights[:2], atol=1e-8)
    np.testing.assert_allclose(modes.left, exact.left[:2], atol=1e-8)


def test_a_matrix_that_lacks_eigenvectors_leaves_a_rest():
    lacking = Eigenpairs(np.zeros(2, complex), np.array([[1, 1], [0, 0]], complex), np.zeros(2), 0)
    modes = in_eigenvectors(lacking, np.array([3.0, 4.0]))
    np.testing.assert_allclose(modes.left[-1], 0.8)
    assert len(modes.carrying()) == 2
