"""Eigenvalues of a matrix by LAPACK, and of products with vectors by ARPACK."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import linalg

from saddlery.errors import InvalidValue
from saddlery.text.names import nearest

# What can be asked for first: ARPACK's name of it, and what is smallest for the eigenvalue that comes first.
WHICH: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "largest_magnitude": ("LM", lambda values: -np.abs(values)),
    "largest_real": ("LR", lambda values: -np.real(values)),
    "smallest_real": ("SR", lambda values: np.real(values)),
    "largest_imaginary": ("LI", lambda values: -np.abs(np.imag(values))),
}


class Eigenpairs(NamedTuple):
    """Eigenvalues λ with their vectors.

    - `values`: `(k,)`, complex; pairs are side by side.
    - `vectors`: `(n, k)`, complex, of length 1.
    - `residuals`: ‖Ju − λu‖, `(k,)`.
    - `products`: how many products with J were taken.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    products: int


def of_matrix(matrix: np.ndarray, which: str = "largest_magnitude") -> Eigenpairs:
    """All eigenvalues of a matrix `(n, n)` by LAPACK, in the order of `which`.

    A row and column of zeros, such as a dead unit's, is an eigenvalue of zero as it stands, left out of the work.

        >>> of_matrix(np.array([[0.0, -2.0], [2.0, 0.0]])).values.imag.round(6).tolist()  # ±2i
        [2.0, -2.0]
    """
    live = matrix.any(0) | matrix.any(1)
    values, vectors = np.zeros(len(matrix), complex), np.eye(len(matrix), dtype=complex)
    values[live], vectors[np.ix_(live, live)] = np.linalg.eig(matrix[np.ix_(live, live)])
    order = ordered(values, which)
    values, vectors = values[order], vectors[:, order]
    residuals = matrix @ np.real(vectors) + 1j * (matrix @ np.imag(vectors)) - vectors * values
    return Eigenpairs(values, vectors, np.linalg.norm(residuals, axis=0), 0)


def of_products(
    product: Callable[[np.ndarray], np.ndarray],
    size: int,
    k: int,
    which: str = "largest_magnitude",
    products: int = 1000,
    tolerance: float = 1e-5,
) -> Eigenpairs:
    """The first `k` eigenvalues in the order of `which`, by ARPACK's restarted Arnoldi iteration on products u ↦ Ju.

    Small residuals say that what is found are eigenvalues. Of many that lie close together at the edge asked for, the
    iteration may miss some.

        >>> diagonal = np.arange(1.0, 51.0)
        >>> of_products(lambda u: diagonal * u, size=50, k=2).values.real.round(3).tolist()
        [50.0, 49.0]

    **Arguments:**
    - `product`: of real arrays `(size,)`.
    - `size`, `k`: n and how many; k is at most n − 2.
    - `which`: one of `WHICH`.
    - `products`: how many products the search may take; each eigenvalue's residual takes another.
    - `tolerance`: of an eigenvalue, relative to its magnitude.

    **Returns:** `Eigenpairs`; where only some of the `k` converged, those, with a warning that says how many.

    **Raises:** `RuntimeError` when none did.
    """
    code, _ = _named(which)
    taken = 0

    def counted(u):
        nonlocal taken
        taken += 1
        return product(u.ravel())

    basis = min(size, max(4 * k, 20))
    restarts = max(1, (products - basis) // (basis - k))
    start = np.random.default_rng(0).standard_normal(size)
    operator = linalg.LinearOperator((size, size), matvec=counted, dtype=float)  # type: ignore[call-arg]
    try:
        values, vectors = linalg.eigs(  # type: ignore[misc]
            operator,
            k,
            which=code,
            ncv=basis,
            maxiter=restarts,
            v0=start,
            tol=tolerance,  # type: ignore[arg-type]
        )
    except linalg.ArpackNoConvergence as stopped:
        values, vectors = stopped.eigenvalues, stopped.eigenvectors
        said = f"{len(values)} of the {k} eigenvalues asked for ({which}) converged in {taken} Jacobian products"
        if not len(values):
            raise RuntimeError(f"k: {said}; ask for fewer, for others, or raise products") from stopped
        warnings.warn(f"{said}; only they are returned", stacklevel=3)
    order = ordered(values, which)
    values, vectors = values[order], vectors[:, order]
    return Eigenpairs(values, vectors, _residuals(counted, values, vectors), taken)


def ordered(values: np.ndarray, which: str) -> np.ndarray:
    """The positions of eigenvalues in the order of `which`, pairs side by side.

    >>> ordered(np.array([1.0, -3.0, 2.0]), "largest_real").tolist()
    [2, 0, 1]
    """
    _, first = _named(which)
    return np.lexsort((-np.imag(values), np.real(values), np.abs(np.imag(values)), first(values)))


def _named(which: str):
    if which not in WHICH:
        raise InvalidValue(nearest("which", which, WHICH))
    return WHICH[which]


def _residuals(product, values, vectors):
    """‖Ju − λu‖ by products with the real and the imaginary part of u; a pair's are the same."""
    residuals = np.empty(len(values))
    for i, (value, vector) in enumerate(zip(values, vectors.T, strict=True)):
        if i and value == values[i - 1].conj() != values[i - 1]:
            residuals[i] = residuals[i - 1]
            continue
        pushed = product(np.real(vector)) + (1j * product(np.imag(vector)) if np.imag(value) else 0)
        residuals[i] = np.linalg.norm(pushed - value * vector)
    return residuals
