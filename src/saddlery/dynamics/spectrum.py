"""The spectrum of a game: the eigenvalues of its field's Jacobian, and what they say of the dynamics."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from saddlery._system.memory import available
from saddlery.dynamics.critical_point import of_jacobian, stability
from saddlery.dynamics.eigenvalues import WHICH, Eigenpairs, of_matrix, of_products
from saddlery.dynamics.jacobian import Jacobian, consensus, jacobian
from saddlery.dynamics.kind import CriticalPoint
from saddlery.dynamics.modes import Modes, in_eigenvectors, in_krylov_space
from saddlery.dynamics.stability import stable_step
from saddlery.errors import InvalidValue
from saddlery.game import Game
from saddlery.method import Method
from saddlery.rules import Rule
from saddlery.text.arguments import whole
from saddlery.text.names import nearest
from saddlery.types import Key, Memory, Players

LARGEST = 8192  # rows of a matrix whose eigenvalues LAPACK is asked for all: its time grows as their cube
SMALL = 512  # rows up to which a few eigenvalues are also found among all
BYTES = 56  # a matrix entry, of the matrix and of LAPACK's and our copies of it, complex ones among them
SHOWN = 6  # eigenvalues that a notebook's table names
SAMPLES = 10  # random vectors of the estimate of norms where there is no matrix


class Counts(NamedTuple):
    """Counts of eigenvalues with negative, zero and positive real part, to within `tolerance`.

    Of the zero ones, `imaginary` have an imaginary part that is not: they turn without approaching or leaving.
    """

    negative: int
    zero: int
    positive: int
    imaginary: int
    tolerance: float


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The spectrum: eigenvalues of the Jacobian J of a direction field w, with what is known of J.

    An equilibrium is stable when every real part is negative.

    - `eigenvalues`: `(k,)`, complex, in the order asked for; `residuals`: ‖Ju − λu‖ of each, for ‖u‖ = 1.
    - `size`: n, the number of parameters of both players. `complete`: whether the eigenvalues are all n of J.
    - `asked`: how many were asked for; fewer are there when ARPACK's search did not converge for all.
    - `batches`: over how many J was averaged, before its eigenvalues were taken.
    - `products`: Jacobian products taken, plain and transposed, beside those of a matrix.
    - `field_norm`: ‖w‖.
    - `symmetric`, `antisymmetric`: Frobenius norms of ½(J + Jᵀ) and ½(J − Jᵀ), exact where there is a matrix,
      otherwise Hutchinson's estimates, with `norm_errors` their standard errors (0 where exact).
    - `turning`: ‖Aw‖² / (‖Sw‖² + ‖Aw‖²), S and A those two parts: how much of what happens along w itself is
      rotation, between 0 and 1; NaN where w vanishes.
    - `modes`: w taken apart into eigenvectors, or without a matrix into Ritz vectors of its Krylov space.
    - `tolerance`: below which a real or imaginary part counts as zero.
    - `test`: the second-order test that `kind` makes; `None` where there is only a Jacobian.
    """

    eigenvalues: np.ndarray
    residuals: np.ndarray
    size: int
    asked: int
    batches: int
    products: int
    field_norm: float
    symmetric: float
    antisymmetric: float
    norm_errors: tuple[float, float]
    turning: float
    modes: Modes
    tolerance: float
    test: Callable[[bool | None], CriticalPoint] | None = None

    @property
    def complete(self) -> bool:
        """Whether the spectrum is complete: all eigenvalues of J."""
        return len(self.eigenvalues) == self.size

    @property
    def counts(self) -> Counts:
        """The counts of negative, zero and positive real parts, to within `tolerance`."""
        return count(self.eigenvalues, self.tolerance)

    @property
    def stable(self) -> bool | None:
        """Whether all real parts are negative; `None` where one is zero to within `tolerance`, or not all are known."""
        return stability(np.real(self.eigenvalues), self.tolerance, self.complete)

    @functools.cached_property
    def kind(self) -> CriticalPoint | None:
        """The kind of point by the second-order test of `saddlery.critical_point`, with the stability of this spectrum.

        Made when it is first asked for; without a matrix it takes more Jacobian products.
        """
        return None if self.test is None else self.test(self.stable)

    @property
    def rotation(self) -> float:
        """Share of rotation, ‖A‖² / (‖S‖² + ‖A‖²) in Frobenius norms: 0 for pure minimisation, 1 for pure rotation."""
        squares = self.symmetric**2, self.antisymmetric**2
        return float(squares[1] / sum(squares)) if any(squares) else float("nan")

    @property
    def worst(self) -> complex:
        """The eigenvalue with the least −Re λ / |Im λ| among complex pairs; NaN where no eigenvalue is complex."""
        pairs = self.eigenvalues[np.imag(self.eigenvalues) > self.tolerance]
        return complex(pairs[np.argmin(-np.real(pairs) / np.imag(pairs))]) if len(pairs) else complex("nan")

    @property
    def angle(self) -> float:
        """−Re λ / |Im λ| of the worst pair: the smaller, the smaller the stable step; at 0 or below none is stable."""
        worst = self.worst
        return -np.real(worst) / np.imag(worst) if np.imag(worst) else float("nan")

    @property
    def stable_step(self) -> float:
        """The largest step of simultaneous descent that is stable for the modes that carry w, `modes.carrying()`.

        Of the whole spectrum of a trained network it would nearly always be 0. It is 0 also here when one of the modes
        has a real part of zero or more: w grows along it, or turns.
        """
        return stable_step(self.modes.carrying(), self.tolerance)

    def _repr_html_(self) -> str:
        """What the eigenvalues say, and those of largest magnitude, in notebooks."""
        from saddlery.analysis.markup import table
        from saddlery.analysis.numbers import complex_number, number

        c, found = self.counts, self.eigenvalues
        largest = found[np.argsort(-np.abs(found), kind="stable")]
        different = dict.fromkeys(complex_number(complex(value)) for value in largest)  # a pair is one
        rows = [
            ("eigenvalues", f"{len(found):,} of {self.size:,}"),
            ("real parts", f"{c.negative:,} negative, {c.zero:,} zero, {c.positive:,} positive"),
            ("largest", ", ".join([*different][:SHOWN]) + (", …" if len(different) > SHOWN else "")),
            ("rotation", number(self.rotation)),
            ("worst angle −Re λ / |Im λ|", number(self.angle)),
            ("field norm", number(self.field_norm)),
            ("stable step", number(self.stable_step)),
            *([] if self.kind is None else [("kind of point", str(self.kind))]),
        ]
        return table(("Spectrum", "Value"), rows)


def count(eigenvalues: np.ndarray, tolerance: float) -> Counts:
    """The counts of negative, zero and positive real parts, and of zero ones with a nonzero imaginary part.

    >>> count(np.array([-1.0, 2j, -2j]), tolerance=1e-6)
    Counts(negative=1, zero=2, positive=0, imaginary=2, tolerance=1e-06)
    """
    real, zero = np.real(eigenvalues), np.abs(np.real(eigenvalues)) <= tolerance
    return Counts(
        int((real < -tolerance).sum()),
        int(zero.sum()),
        int((real > tolerance).sum()),
        int((zero & (np.abs(np.imag(eigenvalues)) > tolerance)).sum()),
        tolerance,
    )


def spectrum(
    game: Game,
    players: Players,
    *,
    key: Key,
    batches: int = 1,
    k: int | None = None,
    which: str = "largest_magnitude",
    rule: Rule | Method | None = None,
    state: Memory = None,
    gamma: float | None = None,
    tolerance: float | None = None,
    products: int = 1000,
) -> Spectrum:
    """The spectrum at a position: eigenvalues of J = w′, w the direction field, all by LAPACK, or `k` by products.

    Without a rule, w = v and J = v′ of the papers. The Jacobian is averaged over the batches, and then its eigenvalues
    are taken. Games of more than a few hundred parameters of which only `k` eigenvalues are asked for are never turned
    into a matrix; ARPACK then takes products with J (Berard et al., 2020, did so for GANs).

        >>> import saddlery as sd
        >>> game = sd.games.bilinear(coupling=2.0)
        >>> found = spectrum(game, game.equilibrium(), key=jax.random.key(0))
        >>> found.eigenvalues.imag.round(6).tolist(), found.rotation  # ±iσ, a pure rotation
        ([2.0, -2.0], 1.0)

    **Arguments:**
    - `game`, `players`: the game and the position, `Pair(generator, discriminator)`.
    - `key`: a `jax.random.key`, of the batches.
    - `batches`: over how many J is averaged.
    - `k`: how many eigenvalues; `None` for all.
    - `which`: first: `"largest_magnitude"`, `"largest_real"`, `"smallest_real"` or `"largest_imaginary"`.
    - `rule`: the rule whose direction field w is, such as `saddlery.rules.Consensus(10.0)`, or a whole method, which a
      rule that looks ahead needs, with its `state` there (by default that at its start).
    - `gamma`: γ, instead of a rule: the eigenvalues of v′ − γ v′ᵀ v′, which the Numerics paper shows of consensus
      optimisation. They are those of `rule=Consensus(γ)` at an equilibrium, and in general not elsewhere.
    - `tolerance`: below which a part counts as zero; by default ε √n ‖J‖ in the Frobenius norm, ε the precision of the
      parameters' type.
    - `products`: how many Jacobian products the search for k eigenvalues may take.

    **Returns:** a `Spectrum`.

    **Raises:** `MemoryError` when all are asked for and there are too many parameters; `ValueError` for players of
    another game and arguments out of range; `FloatingPointError` when Jacobian products are not finite; `RuntimeError`
    when ARPACK finds none of the eigenvalues (where it finds some, it warns how many, and they are returned).
    """
    if which not in WHICH:
        raise InvalidValue(nearest("which", which, WHICH))
    if gamma is not None and rule is not None:
        raise InvalidValue("gamma: v′ − γ v′ᵀ v′ is of the simultaneous field; give a rule or gamma, not both")
    J = jacobian(game, players, key=key, batches=batches, rule=rule, state=state)
    if k is not None:
        whole("k", k, 1, J.size, "the number of parameters")
    dense = k is None or J.size <= SMALL or k > J.size - 2
    own = J if rule is None else None

    def test(stable):
        plain = jacobian(game, players, key=key, batches=batches) if own is None else own
        flow = "the gradient flow" if rule is None and gamma is None else "the flow of this rule"
        return of_jacobian(plain, game, players, key, batches, stable, flow, products=products, dense=dense)

    J = J if gamma is None else consensus(J, gamma)
    if k is None or dense:
        found = from_matrix(J, batches, k, which, tolerance)
    else:
        found = from_products(J, batches, k, which, tolerance, products if gamma is None else products // 2)
    return replace(found, test=test)


def from_matrix(
    J: Jacobian, batches: int, k: int | None = None, which: str = "largest_magnitude", tolerance: float | None = None
) -> Spectrum:
    """The spectrum by LAPACK; all eigenvalues are computed, those asked for kept.

    >>> import saddlery as sd
    >>> game = sd.games.bilinear(coupling=2.0, dimension=2)
    >>> J = jacobian(game, game.equilibrium(), key=jax.random.key(0))
    >>> abs(from_matrix(J, batches=1, k=2).eigenvalues).round(6).tolist()
    [2.0, 2.0]
    """
    _require_room(J.size)
    matrix = J.matrix()
    pairs = of_matrix(matrix, which)
    norms = np.linalg.norm(matrix + matrix.T) / 2, np.linalg.norm(matrix - matrix.T) / 2
    return _spectrum(
        J, batches, pairs, J.size if k is None else k, norms, (0.0, 0.0),
        _turning(matrix @ J.field, matrix.T @ J.field), in_eigenvectors(pairs, J.field), tolerance,
    )  # fmt: skip


def from_products(J: Jacobian, batches: int, k: int, which: str, tolerance: float | None, products: int) -> Spectrum:
    """The spectrum by ARPACK, whose search takes at most `products` of J with a vector.

    >>> import saddlery as sd
    >>> game = sd.games.bilinear(coupling=2.0, dimension=2)
    >>> J = jacobian(game, game.equilibrium(), key=jax.random.key(0))
    >>> abs(from_products(J, 1, 2, "largest_magnitude", None, 100).eigenvalues).round(4).tolist()
    [2.0, 2.0]
    """
    pairs = of_products(J.product, J.size, k, which, products)
    norms, errors = _estimated_norms(J)
    modes = in_krylov_space(J.product, J.field)
    turning = _turning(J.product(J.field), J.transposed(J.field))
    return _spectrum(J, batches, pairs, k, norms, errors, turning, modes, tolerance)


def _spectrum(J, batches, pairs: Eigenpairs, asked, norms, errors, turning, modes, tolerance):
    """What both ways have in common."""
    norm = float(np.hypot(*norms))
    return Spectrum(
        eigenvalues=pairs.values[:asked],
        residuals=pairs.residuals[:asked],
        size=J.size,
        asked=asked,
        batches=batches,
        products=J.taken.total(),
        field_norm=float(np.linalg.norm(J.field)),
        symmetric=float(norms[0]),
        antisymmetric=float(norms[1]),
        norm_errors=(float(errors[0]), float(errors[1])),
        turning=turning,
        modes=modes,
        tolerance=J.epsilon * np.sqrt(J.size) * norm if tolerance is None else float(tolerance),
    )


def _turning(pushed: np.ndarray, pulled: np.ndarray) -> float:
    """The share of rotation along a direction u, from Ju and Jᵀu."""
    straight, turned = np.sum((pushed + pulled) ** 2), np.sum((pushed - pulled) ** 2)
    return float(turned / (straight + turned)) if straight + turned > 0 else float("nan")


def _estimated_norms(J: Jacobian) -> tuple[np.ndarray, np.ndarray]:
    """Both parts' Frobenius norms with their standard errors, from ‖M‖² = E‖Mz‖² over random signs z (Hutchinson)."""
    random = np.random.default_rng(1)
    squares = np.empty((SAMPLES, 2))
    for i in range(SAMPLES):
        z = random.choice([-1.0, 1.0], J.size)
        pushed, pulled = J.product(z), J.transposed(z)
        squares[i] = np.sum((pushed + pulled) ** 2) / 4, np.sum((pushed - pulled) ** 2) / 4
    norms = np.sqrt(squares.mean(0))
    spread = squares.std(0, ddof=1) / np.sqrt(SAMPLES)
    return norms, np.divide(spread, 2 * norms, out=np.zeros(2), where=norms > 0)


def _require_room(size: int) -> None:
    """Refuse a matrix that would take too much memory or time, before any of it is computed."""
    needed, free = BYTES * size**2, available()
    if needed > free or size > LARGEST:
        raise MemoryError(
            f"k: all {size:,} eigenvalues need a matrix and {needed / 1e9:.3g} GB ({free / 1e9:.3g} GB are free), and "
            f"are computed for up to {LARGEST:,} parameters; give k=10, say, for the first 10 that `which` names, "
            "by Jacobian products without a matrix"
        )


COUNTED = ("negative", "zero", "positive", "imaginary")
NUMBERS = ("symmetric", "antisymmetric", "rotation", "turning", "field_norm")


class Spectra:
    """A probe of spectra along training: `saddlery.train(probes={"spectra": Spectra(…)})`.

    Variables: `eigenvalues_real` and `eigenvalues_imaginary` (eigenvalue), NaN where a search did not converge;
    `negative`, `zero`, `positive` and `imaginary`, the `Counts`; `symmetric`, `antisymmetric`, `rotation`, `turning`
    and `field_norm`. All are NaN where Jacobian products are not finite.

        >>> import saddlery as sd
        >>> found = Spectra()(sd.games.bilinear(), sd.games.bilinear().equilibrium(), jax.random.key(0))
        >>> int(found["zero"]), int(found["imaginary"]), float(found["rotation"])  # ±i
        (2, 2, 1.0)

    **Arguments:** those of `spectrum`; a run's probes see the same batches at every record.
    """

    def __init__(self, **settings: Any):
        inspect.signature(spectrum).bind(None, None, key=None, **settings)
        self.settings = settings
        self.dims: dict[str, tuple[str, ...]] = dict.fromkeys(
            ("eigenvalues_real", "eigenvalues_imaginary"), ("eigenvalue",)
        )

    def __call__(self, game: Game, players: Players, key: Key) -> dict[str, Any]:
        """The variables at a position."""
        k = self.settings.get("k")
        values = np.full(sum(map(np.size, jax.tree.leaves(players))) if k is None else k, complex(np.nan, np.nan))
        numbers: dict[str, Any] = dict.fromkeys((*COUNTED, *NUMBERS), np.nan)
        try:
            found = spectrum(game, players, key=key, **self.settings)
        except (FloatingPointError, RuntimeError):  # recorded as NaN: not finite, or none of the eigenvalues found
            pass
        else:
            values[: len(found.eigenvalues)] = found.eigenvalues
            numbers = {name: getattr(found.counts, name) for name in COUNTED}
            numbers |= {name: getattr(found, name) for name in NUMBERS}
        return {"eigenvalues_real": np.real(values), "eigenvalues_imaginary": np.imag(values), **numbers}
