"""Stability of training: the largest stable step, and the multipliers (eigenvalues) of the whole update."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from saddlery.analysis.markup import table
from saddlery.analysis.numbers import complex_number, number
from saddlery.dynamics.critical_point import of_jacobian
from saddlery.dynamics.eigenvalues import Eigenpairs, of_matrix, of_products
from saddlery.dynamics.jacobian import jacobian, mean, require_players_of
from saddlery.dynamics.kind import CriticalPoint
from saddlery.game import Game, adopt
from saddlery.method import Method
from saddlery.schedules import State, lookahead
from saddlery.text.arguments import whole
from saddlery.types import Key, Keys, Memory, Numbers, Pair, Players

T = TypeVar("T")

SHOWN = 6  # multipliers that a notebook's table names
SMALL = 512  # numbers in players and state up to which the derivative is a matrix
AT_ONCE = 16  # of its columns, how many side by side
SECOND_MOMENTS = ("nu", "nu_max")  # optax's names of what optimisers take the square root of
TINY = 1e-30  # in the place of a second moment of zero, below every ε that is in use


def stable_steps(eigenvalues: Numbers, tolerance: float = 0.0) -> np.ndarray:
    """The largest stable step of each eigenvalue λ of J = v′ under simultaneous descent.

        h(λ) = (1/|Re λ|) · 2 / (1 + (Im λ / Re λ)²) = −2 Re λ / |λ|²      where Re λ < 0

    so that |1 + hλ| < 1 exactly for 0 < h < h(λ) (Mescheder, Nowozin, Geiger, 2017, lemma 4). Where Re λ ≥ 0 no step
    is stable, and h(λ) is 0. Where λ itself is zero its direction does not move to first order whatever the
    step: it bounds none, and h(λ) is ∞.

        >>> stable_steps([-1.0, -3.0 + 4.0j, 1.0, 0.0]).tolist()  # 2/1, 6/|−3 + 4i|², none, any
        [2.0, 0.24, 0.0, inf]

    **Arguments:**
    - `eigenvalues`: any array of complex numbers.
    - `tolerance`: magnitude up to which an eigenvalue counts as zero; those that LAPACK and ARPACK find have errors of
      about ε‖J‖, and `Spectrum.tolerance` is a choice.
    """
    values = np.asarray(eigenvalues, complex)
    zero = np.abs(values) <= tolerance
    squares = np.where(zero, 1.0, np.abs(values) ** 2)
    return np.where(zero, np.inf, np.maximum(0.0, -2.0 * np.real(values) / squares))


def stable_step(eigenvalues: Numbers, tolerance: float = 0.0) -> float:
    """The largest stable step of simultaneous descent at an equilibrium: the least of `stable_steps`.

    It is 0 when an eigenvalue has a real part of zero or more without being zero itself, and ∞ when all are zero or
    there are none. Of a trained network's whole spectrum it is nearly always 0; of the modes that carry v,
    `spectrum(…).modes.carrying()`, it says something.

        >>> stable_step([-1.0, -3.0 + 4.0j])
        0.24
    """
    return float(stable_steps(eigenvalues, tolerance).min(initial=np.inf))


@dataclass(frozen=True, eq=False)
class Multipliers:
    """The multipliers of an update: eigenvalues μ of its derivative; a deviation along one becomes μ times itself.

    - `values`: `(k,)`, complex, the largest magnitudes first; `residuals`: ‖Mu − μu‖ of each, for ‖u‖ = 1.
    - `shares`: `(k,)`, the length of the players' part of each eigenvector u; zero of those in which only the
      state moves, such as second moments that decay.
    - `steps`: of how many steps of training one application is.
    - `rate`: by what a deviation of the players is multiplied per step in the long run: the largest |μ| whose
      eigenvector moves the players, to the power 1/`steps`.
    - `size`: numbers in players and state together. `batches`: over how many draws the derivative was averaged.
    - `drift`: how far the players move in one application. Multipliers tell the fate of a deviation from a path;
      rates of approach only where the path stands still, that is where this is 0.
    - `frozen`: how many second moments are zero and were held, see `multipliers`; 0 where the derivative exists.
    - `test`: the second-order test that `kind` makes.
    """

    values: np.ndarray
    residuals: np.ndarray
    shares: np.ndarray
    steps: int
    rate: float
    size: int
    batches: int
    drift: float
    frozen: int
    test: Callable[[bool | None], CriticalPoint] | None = None

    @functools.cached_property
    def kind(self) -> CriticalPoint | None:
        """The kind of point by the second-order test of `saddlery.critical_point`, with the stability of this update.

        Made when it is first asked for; it takes Jacobian products of the game, not of the update.
        """
        stable = None if math.isnan(self.rate) else {"stable": True, "unstable": False}.get(self.verdict())
        return None if self.test is None else self.test(stable)

    def _repr_html_(self) -> str:
        """The rate, the largest multipliers and the kind of point, in notebooks."""
        largest = ", ".join(dict.fromkeys(complex_number(complex(value)) for value in self.values[:SHOWN]))
        rows = [("multipliers", largest), ("rate per step", number(self.rate)), ("update", self.verdict())]
        rows += [] if self.kind is None else [("kind of point", str(self.kind))]
        return table(("Multipliers", "Value"), rows)

    def verdict(self, tolerance: float = 1e-6) -> str:
        """Whether the update is `"stable"`, `"unstable"`, or `"neutral"`, the rate within `tolerance` of 1."""
        if abs(self.rate - 1.0) <= tolerance:
            return "neutral"
        return "stable" if self.rate < 1.0 else "unstable"


def multipliers(
    game: Game,
    method: Method,
    players: Players,
    state: Memory = None,
    *,
    key: Key,
    k: int | None = 6,
    batches: int = 1,
    steps: int | None = None,
    products: int = 1000,
) -> Multipliers:
    """Multipliers: leading eigenvalues of the derivative of the whole update, for any rule, schedule and optimisers.

        Φ: (players, optimisers' states, rule's and schedule's memory) ↦ the same after `steps` steps,   M = Φ′

    A fixed point of Φ attracts when every |μ| < 1. For simultaneous descent by `sgd(h)` μ = 1 + hλ, λ the
    eigenvalues of J; momentum, alternation, a past direction and whatever else is remembered is in M as it is
    programmed. Up to 512 numbers M is a matrix; beyond, ARPACK takes products Mu, about two steps of training each.

    Integers, such as Adam's count and lookahead's, are held at their values in `state` and move on only within the
    `steps` of one application. Averages over all time have a share that falls with such a count: their multipliers are
    those of this moment.

    Adam, and whatever else divides by √ν without ε inside the root, has no derivative where a second moment ν is zero,
    as at an exact equilibrium or a dead unit: nearby its steps have the size of the learning rate, however small the
    gradient. There ν is held at zero, so that the preconditioner is the constant 1/ε, and `frozen` says how many
    were. To have the multipliers under a preconditioner that training had, give its `state`.

        >>> import saddlery as sd
        >>> game, method = sd.games.bilinear(), sd.methods.simultaneous(learning_rate=0.5)
        >>> found = multipliers(game, method, game.equilibrium(), key=jax.random.key(0))
        >>> np.abs(found.values).round(4).tolist(), found.verdict()  # |1 ± hi| = √(1 + ¼)
        ([1.118, 1.118], 'unstable')

    **Arguments:**
    - `game`, `method`, `players`: the position, at which rates are those of approach if it is an equilibrium.
    - `state`: the method's; by default the one in which it comes to rest there, `settled`.
    - `key`: a `jax.random.key`, of the batches.
    - `k`: how many; `None` for all.
    - `batches`: 1 holds one draw of everything random in Φ; more average M over as many before its eigenvalues are
      taken, which gives the rate of the mean of many runs.
    - `steps`: by default 1, or what the counters of lookahead need to come round.
    - `products`: how many products ARPACK may take.

    **Returns:** `Multipliers`.

    **Raises:** `ValueError` for players of another game and numbers out of range; `FloatingPointError` when the
    derivative is not finite for another reason than Adam's; `RuntimeError` when ARPACK finds none (where it finds some,
    it warns how many, and they are returned).
    """
    counts = {"k": 1 if k is None else k, "batches": batches, "steps": 1 if steps is None else steps}
    for name, value in counts.items():
        whole(name, value)
    game = adopt(game)
    require_players_of(game, players, key)
    players, method = Pair(*jax.tree.map(jnp.asarray, tuple(players))), method.for_game(game)
    steps = period(method) if steps is None else steps
    state = settled(game, method, players, key=key) if state is None else jax.tree.map(jnp.asarray, state)
    update = _Update(game, method, players, jax.random.split(key, batches), steps)
    found, frozen = update.at(state, k, products), 0
    if found is None:
        frozen = _zero_moments(state)
        found = update.at(without_zero_moments(state), k, products) if frozen else None
    if found is None:
        raise FloatingPointError(
            "players: the derivative of the update is not finite here: a loss, the rule or an optimiser is not "
            f"differentiable at this point (rule {method.rule!r}). What needs no derivative can still be computed"
        )
    pairs, move = found
    of_players = sum(leaf.size for leaf in jax.tree.leaves(players))
    shares = np.linalg.norm(pairs.vectors[:of_players], axis=0)

    def test(stable):
        J = jacobian(game, players, key=key, batches=batches)
        return of_jacobian(J, game, players, key, batches, stable, "the update", products=products)

    moving = np.abs(pairs.values)[shares > np.sqrt(jnp.finfo(ravel_pytree(players)[0].dtype).eps)]
    return Multipliers(
        values=pairs.values[:k],
        residuals=pairs.residuals[:k],
        shares=shares[:k],
        steps=steps,
        rate=float(moving.max() ** (1 / steps)) if len(moving) else math.nan,
        size=len(move),
        batches=batches,
        drift=float(np.linalg.norm(move[:of_players])),
        frozen=frozen,
        test=test,
    )


def settled(game: Game, method: Method, players: Players, *, key: Key, steps: int = 1000) -> State:
    """The settled state of a method at a position: that after `steps` steps, the moves taken back.

    At an equilibrium this and the players are a fixed point of the whole update: momentum and second moments have
    decayed, an average has arrived, an adaptive γ has gone where it goes, and Adam's count is so large that it says
    nothing any more. It stops early once nothing changes.

        >>> import saddlery as sd
        >>> game, momentum = sd.games.bilinear(), "sgd(learning_rate=0.1, momentum=0.5)"
        >>> method = sd.methods.simultaneous(generator=momentum, discriminator=momentum)
        >>> state = settled(game, method, game.equilibrium(), key=jax.random.key(0))
        >>> [float(abs(leaf).max()) for leaf in jax.tree.leaves(state.optimisers)]  # at rest
        [0.0, 0.0]
    """
    return _settled(adopt(game), method, players, key, steps)


def period(method: Method) -> int:
    """The period of a method: after how many steps its update is the same map again, as of lookahead.

    >>> import saddlery as sd
    >>> period(sd.methods.lookahead(steps=5)), period(sd.methods.simultaneous())
    (5, 1)
    """
    schedule, steps = method.schedule, 1
    while isinstance(schedule, lookahead):
        schedule, steps = schedule.inner, math.lcm(steps, schedule.steps)
    return steps


def derivative(game: Game, method: Method, players: Players, state: Memory, keys: Keys, steps: int) -> jax.Array:
    """The derivative M of the update as a matrix, players first, averaged over the keys' draws: a pure function.

    >>> import saddlery as sd
    >>> game = sd.games.bilinear()
    >>> method, players = sd.methods.simultaneous(learning_rate=0.5).for_game(game), game.equilibrium()
    >>> state, keys = method.init(game, players), jax.random.split(jax.random.key(0), 1)
    >>> derivative(game, method, players, state, keys, 1).tolist()  # I + h v′
    [[1.0, -0.5], [0.5, 1.0]]
    """

    def matrix(key):
        update, point = _flat(game, method, players, state, key, steps)
        column = lambda i: jax.jvp(update, (point,), (jax.nn.one_hot(i, point.size, dtype=point.dtype),))[1]  # noqa: E731
        numbers = jnp.arange(point.size)
        columns = (
            jax.vmap(column)(numbers) if len(numbers) <= AT_ONCE else jax.lax.map(column, numbers, batch_size=AT_ONCE)
        )
        return columns.T

    return mean(matrix, keys)


def settled_state(game: Game, method: Method, players: Players, key: Key, steps: int = 1000) -> State:
    """The state that `settled` returns: a pure function, to be compiled and mapped.

    >>> import saddlery as sd
    >>> game = sd.games.bilinear()
    >>> method = sd.methods.lookahead(steps=5).for_game(game)
    >>> settled_state(game, method, game.equilibrium(), jax.random.key(0)).schedule[0].item()  # has come round
    0
    """
    each = period(method)

    def again(carry):
        i, _, state = carry
        after = _advance(game, method, players, state, jax.random.fold_in(key, i), each)[1]
        pairs = zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True)
        return i + 1, jnp.any(jnp.array([False, *(jnp.any(old != new) for old, new in pairs)])), after

    going = lambda carry: (carry[0] < -(-steps // each)) & carry[1]  # noqa: E731
    start = jax.tree.map(lambda x: jax.lax.convert_element_type(x, x.dtype), method.init(game, players))
    return jax.lax.while_loop(going, again, (0, True, start))[2] if jax.tree.leaves(start) else start


def without_zero_moments(state: T) -> T:
    """A state whose zero second moments are made so small instead that the preconditioner is 1/ε there.

    >>> import optax
    >>> state = optax.adam(0.1).init(jnp.zeros(1))
    >>> without_zero_moments(state)[0].nu.tolist() == [jnp.float32(TINY)]
    True
    """
    lift = lambda path, leaf: jnp.where(leaf == 0, TINY, leaf) if _is_moment(path) else leaf  # noqa: E731
    return jax.tree_util.tree_map_with_path(lift, state)


def _zero_moments(state):
    """How many second moments are zero."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return int(sum((leaf == 0).sum() for path, leaf in leaves if _is_moment(path)))


def _is_moment(path):
    return any(getattr(entry, "name", None) in SECOND_MOMENTS for entry in path)


def _advance(game, method, players, state, key, steps):
    """`steps` steps of training; all numbers keep the types they have."""
    strong = lambda tree: jax.tree.map(lambda x: jax.lax.convert_element_type(x, jnp.asarray(x).dtype), tree)  # noqa: E731
    step = lambda i, point: strong(method.step(game, *point, jax.random.fold_in(key, i)))  # noqa: E731
    start = strong((players, state))
    return step(0, start) if steps == 1 else jax.lax.fori_loop(0, steps, step, start)


def _flat(game, method, players, state, key, steps):
    """The update as a function of the inexact numbers of players and state in one vector, and that vector."""
    moving, held = eqx.partition((players, state), eqx.is_inexact_array)
    point, unravel = ravel_pytree(moving)

    def update(point):
        players, state = eqx.combine(unravel(point), held)
        after = _advance(game, method, players, state, key, steps)
        return ravel_pytree(eqx.filter(after, eqx.is_inexact_array))[0]

    return update, point


class _Update(NamedTuple):
    """An update at some players, over some draws: all of Φ but the state."""

    game: Any
    method: Method
    players: Pair
    keys: Any
    steps: int

    def at(self, state: Memory, k: int | None, products: int) -> tuple[Eigenpairs, np.ndarray] | None:
        """The eigenpairs of M, as a matrix or by products, and the move Φ − 1; `None` where M is not finite."""
        size = ravel_pytree(eqx.filter((self.players, state), eqx.is_inexact_array))[0].size
        if size <= SMALL or (k is not None and k > size - 2):
            matrix, move = (np.asarray(each, float) for each in _matrix(*self, state))
            return (of_matrix(matrix), move) if np.isfinite(matrix).all() else None

        def product(u):
            return np.asarray(_product(*self, state, jnp.asarray(u)), float)

        if not np.isfinite(product(np.ones(size))).all():
            return None
        move = np.asarray(_move(*self, state), float)
        return of_products(product, size, size - 2 if k is None else k, products=products), move


@eqx.filter_jit
def _matrix(game, method, players, keys, steps, state):
    return derivative(game, method, players, state, keys, steps), _move(game, method, players, keys, steps, state)


@eqx.filter_jit
def _move(game, method, players, keys, steps, state):
    def move(key):
        update, point = _flat(game, method, players, state, key, steps)
        return update(point) - point

    return mean(move, keys)


@eqx.filter_jit
def _product(game, method, players, keys, steps, state, u):
    def product(key):
        update, point = _flat(game, method, players, state, key, steps)
        return jax.jvp(update, (point,), (u.astype(point.dtype),))[1]

    return mean(product, keys)


_settled = eqx.filter_jit(settled_state)
