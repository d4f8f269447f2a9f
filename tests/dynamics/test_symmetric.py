import numpy as np
import pytest

from saddlery.dynamics import symmetric
from saddlery.dynamics.symmetric import of_symmetric, of_symmetric_products


@pytest.fixture(params=range(3))
def matrix(request):
    M = np.random.default_rng(request.param).normal(size=(60, 60))
    return M + M.T


def test_by_lapack_it_is_the_symmetric_part(matrix):
    tilted = matrix + np.triu(np.ones_like(matrix), 1) - np.tril(np.ones_like(matrix), -1)
    found = of_symmetric(tilted)
    np.testing.assert_allclose(found.values, np.linalg.eigvalsh(matrix), atol=1e-12)
    np.testing.assert_allclose(matrix @ found.vector, found.values[0] * found.vector, atol=1e-11)


def test_as_many_products_as_rows_give_all_eigenvalues(matrix):
    found = of_symmetric_products(lambda u: matrix @ u, 60)
    np.testing.assert_allclose(found.values, np.linalg.eigvalsh(matrix), atol=1e-10)
    assert found.residual < 1e-9


def test_fewer_lie_within_and_the_residual_bounds_the_distance_to_an_eigenvalue(matrix):
    found = of_symmetric_products(lambda u: matrix @ u, 60, steps=15)
    exact = np.linalg.eigvalsh(matrix)
    assert len(found.values) == 15
    assert exact[0] <= found.values[0] <= found.values[-1] <= exact[-1]
    assert found.residual == pytest.approx(np.linalg.norm(matrix @ found.vector - found.values[0] * found.vector))
    assert np.abs(exact - found.values[0]).min() <= found.residual


@pytest.mark.parametrize(("matrix", "values"), [(np.zeros((50, 50)), [0.0]), (3.0 * np.eye(50), [3.0]),
                                                (np.diag([-1.0] * 20 + [2.0] * 30), [-1.0, 2.0])])  # fmt: skip
def test_it_ends_where_the_krylov_space_does(matrix, values):
    taken = []
    found = of_symmetric_products(lambda u: taken.append(0) or matrix @ u, 50)
    np.testing.assert_allclose(found.values, values, atol=1e-12)
    assert found.residual == 0
    assert len(taken) == len(values)


def test_vectors_are_fewer_where_they_would_take_too_much_memory(monkeypatch):
    monkeypatch.setattr(symmetric, "ROOM", 60 * 12)
    assert len(of_symmetric_products(lambda u: np.arange(60) * u, 60).values) == 12
