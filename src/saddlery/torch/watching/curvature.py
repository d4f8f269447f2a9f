"""The Jacobian of a watched training along its field: rotation, Ritz values, curvature and coupling of the players."""

import math
from typing import NamedTuple

import numpy as np

from saddlery.analysis.signals import growing, rotating
from saddlery.torch import lists
from saddlery.torch.field import Field, Vector, dot, norm
from saddlery.torch.players import NAMES

PRODUCTS = 6  # of a look: one of each player's part of v, one to see the error, the rest for the Arnoldi space
MEASURABLE = 0.3  # error of a product above which nothing is said
NEITHER = (math.nan, math.nan)  # player's
REPEATED = 1e-3  # share by which the field from one state may differ from itself


class Curvature(NamedTuple):
    """What J = v′ does along the field v, at one step on one batch.

    - `rotation`: of what J does along v, the share that is rotation, ‖Ae₁‖² / (‖Se₁‖² + ‖Ae₁‖²) of the symmetric and
      antisymmetric parts S, A of J in the Arnoldi space from v.
    - `ritz`: the eigenvalues of J in that space; `residuals`: ‖Jy − λy‖ of each.
    - `curvature`: of each player, ⟨v_p, J_pp v_p⟩ / ‖v_p‖²; `coupling`: ‖J_qp v_p‖ / ‖v_p‖, on the other player.
    - `norms`: ‖v_p‖. `error`: the difference of Jv by a step and by twice that, over ‖Jv‖. `evaluations`: of gradients.
    - `noise`: ‖v′ − v‖ / ‖v‖ of a second field from the same state, taken where differences are not measurable.
    """

    rotation: float
    ritz: np.ndarray
    residuals: np.ndarray
    curvature: tuple[float, float]
    coupling: tuple[float, float]
    norms: tuple[float, float]
    error: float
    evaluations: int
    noise: float = 0.0

    @property
    def measurable(self) -> bool:
        """Whether differences are larger than their error."""
        return self.error < MEASURABLE

    def recorded(self) -> dict[str, float]:
        """The numbers that are recorded; none where they are not measurable."""
        if not self.measurable:
            return {"curvature_error": self.error}
        found = {"turning": self.rotation, "curvature_error": self.error}
        for name, inside, across in zip(NAMES, self.curvature, self.coupling, strict=True):
            found |= {f"{name}_curvature": inside, f"{name}_coupling": across}
        return found | {"rotating": float(rotating(self.ritz[None])[0]), "growing": float(growing(self.ritz[None])[0])}

    def __str__(self) -> str:
        """In a line."""
        if not self.measurable:
            return f"curvature is not measurable: {self._why}"
        heads = ", ".join(
            f"{each.real:.3g}{f' ± {each.imag:.3g}i' if each.imag else ''}" for each in self.ritz if each.imag >= 0
        )
        return f"rotation {self.rotation:.0%} of what J does along v; Ritz values {heads}; error {self.error:.1%}"

    @property
    def _why(self) -> str:
        """Why differences are not measurable."""
        if not math.isfinite(sum(self.norms)):
            return "gradients are not finite"
        if self.noise > REPEATED:
            return (
                f"from the same state the players' gradients differ by {self.noise:.0%}: the losses take random "
                "numbers from a generator of their own, or other data each time"
            )
        apart = f"products differ by {self.error:.0%} between two steps of differences"
        return f"{apart}; a larger batch has less of the noise that relu makes"


def curvature(field: Field) -> Curvature:
    """The curvature along a field, by at most 6 products with the Jacobian.

    **Arguments:** `field`: within its context.
    """
    v = field.value()
    parts = [field.part(v, player) for player in (0, 1)]
    norms = norm(parts[0]), norm(parts[1])
    if not math.isfinite(sum(norms)):
        return Curvature(math.nan, np.zeros(0), np.zeros(0), NEITHER, NEITHER, norms, math.nan, field.evaluations)
    pushed = [field.product(part) for part in parts]
    inside = [dot(field.part(pushed[p], p), parts[p]) / norms[p] ** 2 if norms[p] else math.nan for p in (0, 1)]
    across = [norm(field.part(pushed[p], 1 - p)) / norms[p] if norms[p] else math.nan for p in (0, 1)]
    product = [a + b for a, b in zip(*pushed, strict=True)]
    del pushed
    size = norm(product)
    error = norm([a - b for a, b in zip(field.product(v, 2.0), product, strict=True)]) / size if size else math.nan
    noise = 0.0
    if not error < MEASURABLE and (length := math.hypot(*norms)):
        noise = norm([a - b for a, b in zip(field.value(), v, strict=True)]) / length
    ritz, residuals, rotation = arnoldi(field, v, product, PRODUCTS - 3)
    return Curvature(
        rotation, ritz, residuals, (inside[0], inside[1]), (across[0], across[1]), norms, error, field.evaluations,
        noise,
    )  # fmt: skip


def arnoldi(field: Field, v: Vector, product: Vector, more: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The Ritz values of J in the Arnoldi space from v, their residuals, and the share of rotation along v.

    **Arguments:** `product`: Jv; `more`: how many products may be taken besides.
    """
    length = norm(v)
    if not length:
        return np.zeros(0, complex), np.zeros(0), math.nan
    basis = [[each / length for each in v]]
    found = [each / length for each in product]
    H, k = np.zeros((more + 2, more + 1)), 0
    for k in range(more + 1):
        if k:
            found = field.product(basis[k])
        for _ in range(2):  # once more, for what rounding leaves
            for i, each in enumerate(basis):
                part = dot(each, found)
                H[i, k] += part
                lists.add_(found, each, -part)
        H[k + 1, k] = norm(found)
        if H[k + 1, k] <= 1e-6 * np.abs(H[: k + 1, k]).max() or k == more:
            break
        lists.scale_(found, 1 / H[k + 1, k])
        basis.append(found)
    m = k + 1
    values, vectors = np.linalg.eig(H[:m, :m])
    order = np.argsort(-np.abs(values))
    symmetric, turning = (H[:m, :m] + H[:m, :m].T) / 2, (H[:m, :m] - H[:m, :m].T) / 2
    straight, turned = np.sum(symmetric[:, 0] ** 2), np.sum(turning[:, 0] ** 2)
    rotation = float(turned / (straight + turned)) if straight + turned > 0 else math.nan
    return values[order], (np.abs(H[m, m - 1]) * np.abs(vectors[-1]))[order], rotation
