"""Kinds of critical points of games, and the second-order test that tells them apart: local Nash, local minimax."""

import enum
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from saddlery.analysis.markup import table
from saddlery.analysis.numbers import number


class Kind(enum.StrEnum):
    """The kinds of point that a second-order test tells apart, and what it says where it cannot."""

    NASH = "local Nash equilibrium"
    MINIMAX = "local minimax (Stackelberg) point"
    STABLE = "stable but neither"
    UNSTABLE = "unstable, and neither"
    NOT_AT_REST = "not at rest"
    DEGENERATE = "degenerate: cannot tell"


class Curvature(NamedTuple):
    """The eigenvalues of a symmetric matrix of second derivatives, and to within what their signs are known.

    - `values`: `(k,)`, ascending: all of them, or Ritz values, the extreme eigenvalues among them.
    - `error`: how far the least may be wrong by rounding, by the search and by the noise of the batches.
    """

    values: np.ndarray
    error: float

    @property
    def least(self) -> float:
        """The least eigenvalue."""
        return float(self.values[0])

    @property
    def positive(self) -> bool | None:
        """Whether the matrix is positive definite; `None` where the least eigenvalue cannot be told from zero.

        >>> Curvature(np.array([0.5, 2.0]), 0.1).positive, Curvature(np.array([0.05, 2.0]), 0.1).positive
        (True, None)
        """
        return None if not abs(self.least) > self.error else self.least > 0


class Rest(NamedTuple):
    """How near a point is to rest: ‖ξ‖, what of it may be the batches' noise (NaN of one), and what counts as zero."""

    norm: float
    noise: float
    allowed: float

    @property
    def reached(self) -> bool | None:
        """Whether ξ = 0; `None` where ‖ξ‖ is more than is allowed, and no more than the batches' noise.

        >>> Rest(0.1, 0.01, 0.2).reached, Rest(0.1, 0.01, 0.001).reached, Rest(0.1, 0.5, 0.001).reached
        (True, False, None)
        """
        if self.norm <= self.allowed:
            return True
        return None if self.norm <= self.noise else False


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A position of a game by kind: what the second-order test says there, why, and the eigenvalues behind it.

    `nash`, `minimax` and `stable` are true, false, or `None` where the test cannot tell.

    - `word`: one of `Kind`; a point that is both is a local Nash equilibrium.
    - `because`: the reason, in a sentence.
    - `nash`: a differential Nash equilibrium: ξ = 0, and each player's own Hessian is positive definite.
    - `minimax`: a differential Stackelberg equilibrium with the generator as leader, see `saddlery.critical_point`.
    - `stable`: whether `moved_by`, the gradient flow or an update, comes back to it from nearby.
    - `rest`: ‖ξ‖ with what it is compared with.
    - `generator`, `discriminator`: the `Curvature` of each player's loss in its own parameters, H_gg and H_dd.
    - `total`: that of the generator's loss along the discriminator's best response; `None` where H_dd is not positive
      definite, so that there is none, a solve did not converge, or a third derivative is not finite.
    - `slope`: the length of that loss' gradient, which is 0 with ξ in zero-sum games; NaN without `total`.
    - `products`: Jacobian products and products of `total` taken, beside those of a matrix.
    """

    word: Kind
    because: str
    nash: bool | None
    minimax: bool | None
    stable: bool | None
    moved_by: str
    rest: Rest
    generator: Curvature
    discriminator: Curvature
    total: Curvature | None
    slope: float
    products: int

    def __str__(self) -> str:
        """The word and the reason."""
        return f"{self.word}: {self.because}"

    def _repr_html_(self) -> str:
        """The kind with its reason and the least eigenvalues, in notebooks."""
        curvatures = {"H_gg": self.generator, "H_dd": self.discriminator, "along the best response": self.total}
        rows = [("kind", str(self.word)), ("because", self.because), ("‖ξ‖", number(self.rest.norm))]
        rows += [(f"least eigenvalue, {name}", number(c.least)) for name, c in curvatures.items() if c is not None]
        return table(("Critical point", "Value"), rows)


def decided(
    rest: Rest,
    generator: Curvature,
    discriminator: Curvature,
    total: Curvature | None,
    slope: float,
    allowed_slope: float,
    stable: bool | None,
    moved_by: str,
    products: int,
) -> CriticalPoint:
    """The critical point from what was measured: a pure function of numbers.

    >>> up, down = Curvature(np.array([2.0]), 0.1), Curvature(np.array([-6.0]), 0.1)
    >>> point = decided(Rest(0.0, 0.0, 0.1), down, up, up, 0.0, 0.1, False, "the gradient flow", 0)
    >>> print(point.word)  # −3x² − y² + 4xy: along the best response y = 2x the loss is x²
    local minimax (Stackelberg) point
    """
    nash, minimax = _nash(rest, generator, discriminator), _minimax(rest, discriminator, total, slope, allowed_slope)
    word = _word(rest, nash, minimax, stable)
    return CriticalPoint(
        word, _because(rest, generator, discriminator, total, slope, allowed_slope, stable, moved_by),
        nash, minimax, stable, moved_by, rest, generator, discriminator, total, slope, products,
    )  # fmt: skip


def _nash(rest, generator, discriminator):
    signs = rest.reached is not False, generator.positive, discriminator.positive
    return False if False in signs else None if None in signs else True


def _minimax(rest, discriminator, total, slope, allowed_slope):
    """False where a condition that is necessary fails, true where those that suffice hold; away from rest not asked."""
    if rest.reached is False:
        return None
    if discriminator.positive is False:
        return False
    if total is None:
        return None
    return False if slope > allowed_slope else total.positive


def _word(rest, nash, minimax, stable):
    if rest.reached is False:
        return Kind.NOT_AT_REST
    if nash or minimax:
        return Kind.NASH if nash else Kind.MINIMAX
    if nash is False and minimax is False and stable is not None:
        return Kind.STABLE if stable else Kind.UNSTABLE
    return Kind.DEGENERATE


def _because(rest, generator, discriminator, total, slope, allowed_slope, stable, moved_by):
    """The reason, each clause from its own condition."""
    if rest.reached is False:
        noise = f", and {number(rest.norm / rest.noise)} times what noise may do" if rest.noise > 0 else ""
        allowed = f"{number(rest.norm / rest.allowed)} times" if rest.allowed > 0 else "not"
        return f"‖ξ‖ is {number(rest.norm)}, {allowed} what counts as rest here ({number(rest.allowed)}){noise}"
    clauses = [
        _signed("the generator's own Hessian", generator),
        _signed("the discriminator's own Hessian", discriminator),
    ]
    if rest.reached is None:
        clauses.insert(0, f"‖ξ‖ is {number(rest.norm)}, at rest only as far as the noise of the batches lets one tell")
    along = "the Hessian of the generator's loss along the discriminator's best response"
    if total is not None and slope > allowed_slope:
        clauses.append(f"the generator's loss along the discriminator's best response has slope {number(slope)}, not 0")
    elif total is not None:
        clauses.append(_signed(along, total))
    elif discriminator.positive is False:
        clauses.append("so the discriminator is not at a best response")
    else:
        clauses.append(f"{along} is not known")
    clauses.append(
        f"whether {moved_by} comes back to it cannot be told" if stable is None
        else f"{moved_by} {'comes back to' if stable else 'leaves'} it"
    )  # fmt: skip
    return "; ".join(clauses)


def _signed(what, curvature):
    least = number(curvature.least)
    if curvature.positive is None:
        return (
            f"the least eigenvalue of {what}, {least}, cannot be told from zero (to within {number(curvature.error)})"
        )
    if curvature.positive:
        return f"{what} is positive definite (least eigenvalue {least})"
    return f"{what} has a negative eigenvalue ({least})"
