"""Modes that carry a field: its decomposition into eigenvectors, with the weight of each."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from saddlery.dynamics.eigenvalues import Eigenpairs, of_matrix

STEPS = 30  # of Arnoldi's iteration, where there is no matrix


class Modes(NamedTuple):
    """A field's decomposition into eigenvectors, v = Σ_i p_i, the largest part first; a conjugate pair is one part.

    - `eigenvalues`: of each part `(modes,)`, complex; of a pair that with positive imaginary part.
    - `weights`: ‖p_i‖ / ‖v‖. Eigenvectors need not be orthogonal, so these need not have squares that add up to 1.
    - `left`: ‖v − (p_1 + … + p_i)‖ / ‖v‖, what the first i parts leave of v.
    - `residuals`: ‖Ju − λu‖ of each eigenvector.
    """

    eigenvalues: np.ndarray
    weights: np.ndarray
    left: np.ndarray
    residuals: np.ndarray

    def carrying(self, within: float = 0.1) -> np.ndarray:
        """The eigenvalues of the fewest leading parts that leave at most `within` of ‖v‖; all of them if none do."""
        enough = np.flatnonzero(self.left <= within)
        return self.eigenvalues[: enough[0] + 1] if len(enough) else self.eigenvalues


NONE = Modes(np.empty(0, complex), np.empty(0), np.empty(0), np.empty(0))  # of a field that vanishes


def in_eigenvectors(pairs: Eigenpairs, field: np.ndarray) -> Modes:
    """The decomposition of a field `(n,)` in all n eigenvectors of a matrix: v = Uc by a linear solve, p_i = c_i u_i.

    Where a matrix lacks eigenvectors, c is the least-squares solution, and `left` ends above 0.

        >>> found = in_eigenvectors(of_matrix(np.diag([-1.0, -2.0])), np.array([3.0, 4.0]))
        >>> found.eigenvalues.real.tolist(), found.weights.tolist()  # 4/5 and 3/5
        ([-2.0, -1.0], [0.8, 0.6])
    """
    norm = np.linalg.norm(field)
    if norm == 0:
        return NONE
    try:
        coefficients = np.linalg.solve(pairs.vectors, field.astype(complex))
    except np.linalg.LinAlgError:
        coefficients = np.linalg.lstsq(pairs.vectors, field.astype(complex))[0]
    one_of_each = np.imag(pairs.values) >= 0
    values = pairs.values[one_of_each]
    parts = (pairs.vectors[:, one_of_each] * coefficients[one_of_each]).real * np.where(np.imag(values) > 0, 2, 1)
    weights = np.linalg.norm(parts, axis=0) / norm
    order = np.argsort(-weights)
    left = np.linalg.norm(np.cumsum(parts[:, order], axis=1) - field[:, None], axis=0) / norm
    return Modes(values[order], weights[order], left, pairs.residuals[one_of_each][order])


def in_krylov_space(product: Callable[[np.ndarray], np.ndarray], field: np.ndarray, steps: int = STEPS) -> Modes:
    """The decomposition of a field in Ritz vectors of its Krylov space span(v, Jv, J²v, …), by Arnoldi's iteration.

    The first `steps` steps along a field that is linear stay in this space, so its modes are those that v moves in;
    those whose `residuals` are small are also the Jacobian's own. Takes `steps` products, fewer where the space ends.

        >>> found = in_krylov_space(lambda u: -2.0 * u, np.array([3.0, 4.0]))  # v is itself an eigenvector
        >>> found.eigenvalues.real.round(3).tolist()
        [-2.0]
    """
    norm, steps = np.linalg.norm(field), min(steps, len(field))
    if norm == 0:
        return NONE
    basis, small = np.zeros((steps + 1, len(field))), np.zeros((steps + 1, steps))
    basis[0] = field / norm
    for j in range(steps):
        pushed = product(basis[j])
        length = np.linalg.norm(pushed)
        for _ in range(2):  # once more for what rounding left
            along = basis[: j + 1] @ pushed
            pushed = pushed - along @ basis[: j + 1]
            small[: j + 1, j] += along
        rest = np.linalg.norm(pushed)
        if rest <= 1e-12 * length:
            steps = j + 1
            break
        small[j + 1, j], basis[j + 1] = rest, pushed / rest
    pairs = of_matrix(small[:steps, :steps])
    beyond = np.abs(small[steps, steps - 1] * pairs.vectors[-1])
    return in_eigenvectors(pairs._replace(residuals=beyond), norm * np.eye(steps, 1)[:, 0])
