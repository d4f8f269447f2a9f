"""Evidence for a verdict: spectra and norms at one position, and what could not be computed there."""

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from saddlery.diagnosis.nearness import BATCHES, way
from saddlery.dynamics import CriticalPoint, Jacobian, Spectrum, jacobian, spectrum
from saddlery.dynamics.eigenvalues import of_products
from saddlery.dynamics.jacobian import differences, mean
from saddlery.dynamics.modes import in_krylov_space
from saddlery.dynamics.stability import Multipliers, multipliers, stable_step
from saddlery.game import Game, Pair, gradients
from saddlery.method import Method
from saddlery.schedules import State
from saddlery.types import Key

T = TypeVar("T")

DENSE = 1024  # parameters up to which all eigenvalues are found; beyond, a few by Jacobian products
FEW = 8  # of these
LEADING = 4  # multipliers of the update
PRODUCTS = 500  # that a search for eigenvalues may take
DRAWS = 16  # batches that the field's noise is measured on
SEEN = 0.8  # of the curvature, as finite differences find it, in Jacobian products: below this is said

SECOND = "eigenvalues, rotation, modes, multipliers and the distance to a stationary point"
FIRST = "losses, gradient norms and the path are measured all the same"


class Evidence(NamedTuple):
    """The evidence on the field at a position; NaN, `None` or empty where `missing` says why not.

    - `norms`: ‖v̄‖ of each player's part of the field averaged over batches; `noise`: the rms deviation of one batch's
      field from it.
    - `spectrum`: of J = v′: all eigenvalues, or where there are many parameters the largest in magnitude; then
      `growing` holds those with the largest real part.
    - `turning`: how much of what J does along v is rotation, from 0 to 1.
    - `carrying`: eigenvalues of the modes that make up v to within a tenth, the largest part first; `weights`: theirs,
      as shares of ‖v‖; `left`: what they leave of it.
    - `tolerance`: below which their real parts count as zero.
    - `stable_step`: the largest step of plain descent at which those of them that decay are stable.
    - `multipliers`: of the actual update, optimiser and schedule included.
    - `kind`: of point, by the second-order test, with the stability of the gradient flow.
    - `distance`: ‖δ‖ / ‖θ‖ of the least δ with v + Jδ ≈ 0, Newton's way to a stationary point; `distance_left`: the
      ‖v + Jδ‖ / ‖v‖ that the search ended with.
    - `twice`: whether the losses are twice differentiable here.
    - `missing`: what could not be computed and why; `remarks`: what was computed in part.
    """

    norms: Pair[float]
    noise: float
    spectrum: Spectrum | None = None
    growing: np.ndarray = np.empty(0, complex)
    turning: float = math.nan
    carrying: np.ndarray = np.empty(0, complex)
    weights: np.ndarray = np.empty(0)
    left: float = math.nan
    tolerance: float = 0.0
    stable_step: float = math.nan
    multipliers: Multipliers | None = None
    kind: CriticalPoint | None = None
    distance: float = math.nan
    distance_left: float = math.nan
    twice: bool = True
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def norm(self) -> float:
        """The norm of the mean field, ‖v̄‖."""
        return math.hypot(self.norms.generator, self.norms.discriminator)

    @property
    def turning_mode(self) -> complex:
        """The eigenvalue of the heaviest mode that carries v and turns more than it grows or decays; 0 without one."""
        turning = self.carrying[np.abs(np.imag(self.carrying)) > np.abs(np.real(self.carrying))]
        return complex(turning[0]) if len(turning) else 0j

    @property
    def growing_share(self) -> float:
        """The weight of growing modes among those that carry v."""
        if not len(self.weights):
            return math.nan
        return float(self.weights[np.real(self.carrying) > self.tolerance].sum() / self.weights.sum())


def evidence(game: Game, method: Method, players: Pair, state: State | None, key: Key) -> Evidence:
    """The evidence at a position, as far as it can be computed there.

    **Arguments:** `game` as a pytree, `players` its own; `state`: the method's, for the multipliers, `None` for the one
    in which it comes to rest there.
    """
    size = sum(leaf.size for leaf in jax.tree.leaves(players))
    norms, noise = _norms(game, players, jax.random.split(key, DRAWS))
    known = Evidence(Pair(*map(float, norms)), float(noise))
    try:
        J = jacobian(game, players, key=key, batches=BATCHES)
        ones = np.ones(size)
        J.product(ones)
        J.transposed(ones)
    except (FloatingPointError, ValueError, TypeError, NotImplementedError) as error:
        finite = math.isfinite(known.norm)
        what = "the losses are not twice differentiable" if finite else "the field is not finite"
        return known._replace(twice=False, missing=(f"{SECOND}: {what} here ({_first_line(error)}); {FIRST}",))
    notes = Notes([], [])
    seen = notes.attempt("finite differences", lambda: _seen(game, players, J, key))
    if seen is not None and seen < SEEN:
        notes.remarks.append(
            f"the Jacobian holds {seen:.0%} of the curvature that finite differences find along a random direction: "
            "the losses have kinks near this point (relu, hinge, absolute values), and derivatives do not see those"
        )
    asked = {"key": key, "batches": BATCHES, "k": None if size <= DENSE else FEW, "products": PRODUCTS}
    found = notes.attempt("eigenvalues", lambda: spectrum(game, players, **asked))
    known = _along_field(known, J, found)
    if found is not None and not found.complete:
        search = lambda: of_products(J.product, size, FEW, "largest_real", PRODUCTS)  # noqa: E731
        more = notes.attempt("largest real parts", search)
        known = known if more is None else known._replace(growing=more.values)
    asked = {"key": key, "k": LEADING, "products": PRODUCTS}
    update = notes.attempt("multipliers", lambda: multipliers(game, method, players, state, **asked))
    kind = None if found is None else notes.attempt("kind of point", lambda: found.kind)
    step, left = way(J)
    scale = float(optax.tree.norm(players))
    return known._replace(
        multipliers=update,
        kind=kind,
        distance=step / scale if scale else math.inf,
        distance_left=left,
        missing=tuple(notes.missing),
        remarks=tuple(notes.remarks),
    )


class Notes(NamedTuple):
    """Notes on what could not be computed, or only in part."""

    missing: list[str]
    remarks: list[str]

    def attempt(self, what: str, compute: Callable[[], T]) -> T | None:
        """The result of a computation, its warnings noted; `None` where it fails, with the reason noted."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                value = compute()
            except (RuntimeError, FloatingPointError, MemoryError, TypeError, ValueError) as error:
                self.missing.append(f"{what}: {_first_line(error)}")
                return None
        self.remarks.extend(f"{what}: {each.message}" for each in warned if issubclass(each.category, UserWarning))
        return value


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _along_field(known: Evidence, J: Jacobian, found: Spectrum | None) -> Evidence:
    """The evidence with what J does to v, which needs no eigenvalue search to have ended well."""
    if found is None:
        modes, pushed, pulled = in_krylov_space(J.product, J.field), J.product(J.field), J.transposed(J.field)
        straight, turned = np.sum((pushed + pulled) ** 2), np.sum((pushed - pulled) ** 2)
        turning = float(turned / (straight + turned)) if straight + turned > 0 else math.nan
        tolerance = J.epsilon * np.linalg.norm(pushed) / (np.linalg.norm(J.field) or 1.0)
    else:
        modes, turning, tolerance = found.modes, found.turning, found.tolerance
    carrying = modes.carrying()
    decaying = carrying[np.real(carrying) < -tolerance]
    return known._replace(
        spectrum=found,
        turning=turning,
        tolerance=float(tolerance),
        carrying=carrying,
        weights=modes.weights[: len(carrying)],
        left=float(modes.left[len(carrying) - 1]) if len(carrying) else math.nan,
        stable_step=stable_step(decaying) if len(decaying) else math.nan,
    )


@eqx.filter_jit
def _norms(game, players, keys):
    """The norms of the two parts of the mean gradient over batches, and the rms distance of one batch's from it."""
    at = lambda key: gradients(game, players, game.draw(key))  # noqa: E731
    squares = lambda xi: sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(xi))  # noqa: E731
    centre = mean(at, keys)
    noise = mean(lambda key: squares(jax.tree.map(jnp.subtract, at(key), centre)), keys)
    return Pair(*(jnp.sqrt(squares(part)) for part in centre)), jnp.sqrt(noise)


def _seen(game: Game, players: Pair, J: Jacobian, key: Key) -> float:
    """‖Ju‖ / ‖(v(θ + εu) − v(θ − εu)) / 2ε‖ for a random u where the two differ beyond rounding; otherwise 1."""
    u = np.random.default_rng(0).standard_normal(J.size)
    u /= np.linalg.norm(u)
    epsilon = J.epsilon ** (1 / 3) * max(1.0, float(optax.tree.norm(players)))
    change, product = differences(game, players, u, epsilon, key=key, batches=BATCHES), J.product(u)
    rounding = 10 * J.epsilon * np.linalg.norm(J.field) / epsilon
    if np.linalg.norm(change - product) <= 0.1 * np.linalg.norm(product) + rounding:
        return 1.0
    return float(np.linalg.norm(product) / np.linalg.norm(change))
