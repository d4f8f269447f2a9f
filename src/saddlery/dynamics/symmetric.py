"""Extreme eigenvalues of symmetric matrices, such as Hessians: by LAPACK, or of products by Lanczos' iteration."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

STEPS = 100  # of Lanczos' iteration
ROOM = 25_000_000  # numbers that its vectors may take together


class Extremes(NamedTuple):
    """Eigenvalues of a symmetric matrix, all or with the extreme ones among them, and the vector of the least.

    - `values`: `(k,)`, ascending: all, or Ritz values, which lie between the least and the greatest eigenvalue.
    - `vector`: `(n,)`, of the least, of length 1. `residual`: ‖Mu − λu‖ for it; an eigenvalue lies that near.
    """

    values: np.ndarray
    vector: np.ndarray
    residual: float


def of_symmetric(matrix: np.ndarray) -> Extremes:
    """All eigenvalues of the symmetric part of a matrix `(n, n)`, by LAPACK.

    >>> of_symmetric(np.array([[0.0, 2.0], [2.0, 0.0]])).values.round(6).tolist()
    [-2.0, 2.0]
    """
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return Extremes(values, vectors[:, 0], 0.0)


def of_symmetric_products(product: Callable[[np.ndarray], np.ndarray], size: int, steps: int = STEPS) -> Extremes:
    """Ritz values of a symmetric matrix known by its products, by Lanczos' iteration from a random vector.

    The least Ritz value θ is a Rayleigh quotient: the least eigenvalue is θ or less, so that θ < 0 proves a negative
    eigenvalue. That θ > 0 proves none: a direction that the random start all but lacks may be missed.

        >>> diagonal = np.linspace(-1.0, 1.0, 400)
        >>> of_symmetric_products(lambda u: diagonal * u, size=400).values[[0, -1]].round(3).tolist()
        [-1.0, 1.0]

    **Arguments:**
    - `product`: of arrays `(size,)`; at most `steps` are taken, fewer where the Krylov space ends.
    - `steps`: vectors of the Krylov space, all kept and orthogonalised: fewer where they would take too much memory.
    """
    steps = min(size, steps, max(10, ROOM // size))
    basis, diagonal, beside = np.zeros((steps, size)), np.zeros(steps), np.zeros(steps)
    vector = np.random.default_rng(0).standard_normal(size)
    vector /= np.linalg.norm(vector)
    for j in range(steps):
        basis[j] = vector
        pushed = product(vector)
        length = np.linalg.norm(pushed)
        diagonal[j] = vector @ pushed
        for _ in range(2):  # once more for what rounding left
            pushed = pushed - (basis[: j + 1] @ pushed) @ basis[: j + 1]
        beside[j] = np.linalg.norm(pushed)
        if beside[j] <= 1e-12 * length:
            steps, beside[j] = j + 1, 0.0
            break
        vector = pushed / beside[j]
    small = np.diag(diagonal[:steps]) + np.diag(beside[: steps - 1], 1) + np.diag(beside[: steps - 1], -1)
    values, vectors = np.linalg.eigh(small)
    return Extremes(values, vectors[:, 0] @ basis[:steps], float(abs(beside[steps - 1] * vectors[-1, 0])))
