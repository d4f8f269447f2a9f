"""The Jacobian of a direction field: its products with vectors, and where it fits, the matrix."""

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from saddlery._system.cores import on_all_cores
from saddlery.errors import InvalidType, InvalidValue
from saddlery.game import Game, adopt
from saddlery.method import Method
from saddlery.rules import Rule, RuleInput, Simultaneous
from saddlery.text.arguments import quoted, whole
from saddlery.types import Batch, Key, Keys, Memory, Pair, Players

T = TypeVar("T")

COLUMNS = 64  # of the matrix that one call of the compiled program fills
AT_ONCE = {"cpu": 8}  # of these, how many side by side: on the CPU as many as fit into its caches


@dataclass(frozen=True, eq=False)
class Jacobian:
    """The Jacobian of a direction field w at a position, averaged over batches, J = E[w′].

    Rows and columns are all of the players' parameters, a row each, in the order of `ravel_pytree(players)`: the
    generator's first.

    - `field`: w itself, `(n,)`, averaged over the same batches.
    - `product`, `transposed`: u ↦ Ju and u ↦ Jᵀu, on arrays `(n,)`.
    - `matrix`: a function of nothing that returns J, `(n, n)` float64, computed once.
    - `epsilon`: the relative precision of its products.
    - `taken`: how many products of the game were taken so far, `"plain"` and `"transposed"`.
    """

    field: np.ndarray
    product: Callable[[np.ndarray], np.ndarray]
    transposed: Callable[[np.ndarray], np.ndarray]
    matrix: Callable[[], np.ndarray]
    epsilon: float
    taken: Counter[str]

    @property
    def size(self) -> int:
        """The number of parameters n."""
        return len(self.field)


def jacobian(
    game: Game, players: Players, *, key: Key, batches: int = 1, rule: Rule | Method | None = None, state: Memory = None
) -> Jacobian:
    """The Jacobian of the direction field that a rule makes of a game, at a position.

        w(θ) = −(what the rule descends),   J = (1/B) Σ_b w_b′(θ)   over B batches drawn from `key`

    Without a rule w is the papers' v = −ξ, and J their v′. Memory that a rule has, such as an adaptive γ, is held.

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> J = jacobian(game, players, key=jax.random.key(0))
        >>> J.field.tolist(), (J.matrix() + 0.0).tolist()  # v = −ξ = (−σd, σg), and v′
        ([-10.0, 6.0], [[0.0, -2.0], [2.0, 0.0]])

    **Arguments:**
    - `game`, `players`: the game and the position.
    - `key`: a `jax.random.key`, of the batches; `saddlery.fixed(game, batch)` is a game with a given one.
    - `batches`: B.
    - `rule`: a rule, or a whole method, whose optimisers rules that look ahead need.
    - `state`: the method's state at the position; by default that at its start.

    **Raises:** `ValueError` when the players are not of this game, the field is not finite there, or the rule needs a
    method; `FloatingPointError` from a product that is not finite: the field is then not differentiable there.
    """
    whole("batches", batches)
    game = adopt(game)
    require_players_of(game, players, key)
    players = Pair(*jax.tree.map(jnp.asarray, tuple(players)))
    of, keys = field_of(game, players, rule, state), jax.random.split(key, batches)
    field = np.asarray(_field(of, players, keys), float)
    if not np.isfinite(field).all():
        raise InvalidValue(f"players: the field is not finite here, in {_where(players, field)}")

    taken = Counter()

    def finite(product):
        if not np.isfinite(product).all():
            raise FloatingPointError(
                f"players: Jacobian products are not finite here, in {_where(players, product)}, though the field is "
                f"(norm {np.linalg.norm(field):.3g}): a loss or the rule is not differentiable often enough at this "
                "point. What needs no Jacobian can still be computed, such as gradient norms and saddlery.dynamics.path"
            )
        return product

    def products(function, kind):
        def product(u):
            taken[kind] += 1
            return finite(np.asarray(function(of, players, keys, jnp.asarray(u)), float))

        return product

    return Jacobian(
        field,
        products(_product, "plain"),
        products(_transposed, "transposed"),
        functools.cache(lambda: finite(_matrix(of, players, keys))),
        float(jnp.finfo(ravel_pytree(players)[0].dtype).eps),
        taken,
    )


def consensus(jacobian: Jacobian, gamma: float) -> Jacobian:
    """The Jacobian v′ − γ v′ᵀ v′ of consensus optimisation from v′, as the Numerics paper draws its spectrum.

    At an equilibrium this is the Jacobian of its field w = v − γ v′ᵀ v (Mescheder, Nowozin, Geiger, 2017, section 4).
    Elsewhere w′ has another term, −γ (v′ᵀ)′ v: for that Jacobian, give `jacobian` the rule.

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> J = jacobian(game, players, key=jax.random.key(0))
        >>> consensus(J, gamma=0.5).matrix().tolist()  # JᵀJ = 4 I
        [[-2.0, -2.0], [2.0, -2.0]]
    """

    def matrix():
        J = jacobian.matrix()
        return J - gamma * J.T @ J

    def product(u):
        pushed = jacobian.product(u)
        return pushed - gamma * jacobian.transposed(pushed)

    return Jacobian(
        jacobian.field - gamma * jacobian.transposed(jacobian.field),
        product,
        lambda u: jacobian.transposed(u - gamma * jacobian.product(u)),
        functools.cache(matrix),
        jacobian.epsilon,
        jacobian.taken,
    )


def differences(
    game: Game, players: Players, u: np.ndarray, distance: float, *, key: Key, batches: int = 1
) -> np.ndarray:
    """Central finite differences of the papers' field v along a vector u, `(n,)`, averaged over batches.

        (v(θ + hu) − v(θ − hu)) / 2h

    Where v is smooth this is v′u, up to h². Where v jumps on the way, as it does across the kinks of relu, this holds
    the jumps as well, which automatic differentiation does not see.

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> differences(game, players, np.array([1.0, 0.0]), distance=0.5, key=jax.random.key(0)).tolist()  # v′u
        [0.0, 2.0]

    **Arguments:** `u`, as `Jacobian.product` takes it; `distance`, h; the others as of `jacobian`.
    """
    game = adopt(game)
    point, unravel = ravel_pytree(players)
    step, keys = distance * jnp.asarray(u, point.dtype), jax.random.split(key, batches)
    of = field_of(game, players)
    ahead, behind = (np.asarray(_field(of, unravel(point + side), keys), float) for side in (step, -step))
    return (ahead - behind) / (2 * distance)


class Field(eqx.Module):
    """A rule's direction field on a game, `(players, batch) ↦ w`, flat."""

    game: Any
    rule: Any
    optimisers: Pair | None
    states: Pair
    memory: Any

    def __call__(self, players: Players, batch: Batch) -> jax.Array:
        """Minus what the rule descends."""
        optimisers = self.optimisers or Pair(_Absent(self.rule), _Absent(self.rule))
        descended, _ = self.rule(RuleInput(self.game, players, batch, optimisers, self.states), self.memory)
        return -ravel_pytree(descended)[0]


class _Absent:
    """In an optimiser's place where only a rule was given."""

    def __init__(self, rule):
        self.rule = rule

    def __getattr__(self, name):
        raise InvalidValue(
            f"rule: {type(self.rule).__name__} looks at the players' optimisers; give the whole method in its place, "
            "such as rule=saddlery.methods.unrolled(steps=10)"
        )


def field_of(game: Game, players: Players, rule: Rule | Method | None = None, state: Memory = None) -> Field:
    """The direction field of a rule, of a method's rule, or of the simultaneous gradient.

    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> field_of(game, players)(players, ()).tolist()  # v = −ξ = (−σd, σg)
    [-10.0, 6.0]
    """
    if isinstance(rule, Method):
        rule = rule.for_game(game)
        state = rule.init(game, players) if state is None else state
        return Field(game, rule.rule, rule.optimisers, state.optimisers, state.rule)
    rule = Simultaneous() if rule is None else rule
    if not callable(rule):
        raise InvalidType(
            f"rule: got {quoted(rule)}, expected a rule, such as saddlery.rules.Consensus(10.0), or a Method"
        )
    memory = getattr(rule, "init", lambda game, players: ())(game, players)
    return Field(game, rule, None, Pair(None, None), memory)


def mean(function: Callable[[Key], T], keys: Keys) -> T:
    """The average of `function(key)` over keys, computed one after the other.

    >>> keys = jax.random.split(jax.random.key(0), 4)
    >>> float(mean(lambda key: jnp.array(3.0), keys))
    3.0
    """
    function = jax.jit(function)  # traced once, though it is used twice
    zero = jax.tree.map(lambda of: jnp.zeros(of.shape, of.dtype), jax.eval_shape(function, keys[0]))
    add = lambda total, key: (jax.tree.map(jnp.add, total, function(key)), None)  # noqa: E731
    return jax.tree.map(lambda total: total / len(keys), jax.lax.scan(add, zero, keys)[0])


def _flat(of: Field, players: Pair, key: Any) -> tuple[Callable, Any]:
    """The field on one batch as a function of the flat parameters, and those."""
    z, unravel = ravel_pytree(players)
    batch = of.game.draw(key)
    return lambda z: of(unravel(z), batch), z


@eqx.filter_jit
def _field(of, players, keys):
    return mean(lambda key: of(players, of.game.draw(key)), keys)


@eqx.filter_jit
def _product(of, players, keys, u):
    def product(key):
        function, z = _flat(of, players, key)
        return jax.jvp(function, (z,), (u.astype(z.dtype),))[1]

    return mean(product, keys)


@eqx.filter_jit
def _transposed(of, players, keys, u):
    def product(key):
        function, z = _flat(of, players, key)
        return jax.vjp(function, z)[1](u.astype(z.dtype))[0]

    return mean(product, keys)


@eqx.filter_jit
def _columns(of, players, keys, player, first):
    """`COLUMNS` columns of the matrix, of one player's parameters from `first` on, as rows; beyond its last, zeros.

    To move one player alone takes two thirds of the work of moving both.
    """

    def columns(key):
        batch = of.game.draw(key)
        z, unravel = ravel_pytree(getattr(players, player))
        function = lambda z: of(players._replace(**{player: unravel(z)}), batch)  # noqa: E731
        column = lambda i: jax.jvp(function, (z,), (jax.nn.one_hot(i, z.size, dtype=z.dtype),))[1]  # noqa: E731
        at_once = AT_ONCE.get(jax.default_backend(), COLUMNS)
        return jax.lax.map(column, first + jnp.arange(COLUMNS), batch_size=at_once)

    return mean(columns, keys)


def _matrix(of, players, keys):
    """The whole matrix, a thread for each core over one compiled program for each player."""
    n, m = (ravel_pytree(parameters)[0].size for parameters in players)
    matrix = np.empty((n + m, n + m))
    places = {"generator": matrix[:, :n], "discriminator": matrix[:, n:]}

    def fill(player, first):
        columns = np.asarray(_columns(of, players, keys, player, jnp.asarray(first)))
        place = places[player][:, first : first + COLUMNS]
        place[:] = columns[: place.shape[1]].T

    calls = [(first, player) for player, place in places.items() for first in range(0, place.shape[1], COLUMNS)]
    firsts, players_of = zip(*sorted(calls), strict=True)
    on_all_cores(fill, players_of[:2], firsts[:2])  # alone, so that each program is compiled once
    on_all_cores(fill, players_of[2:], firsts[2:])
    return matrix


def require_players_of(game: Game, players: Players, key: Key, argument: str = "players") -> None:
    """Refuse players of another game, and complex ones.

    >>> import saddlery as sd
    >>> require_players_of(sd.games.bilinear(), sd.Pair(jnp.ones(1), jnp.ones(2)), jax.random.key(0))
    Traceback (most recent call last):
    saddlery.errors.InvalidValue: players: of another game: discriminator has shape (2,), this game's (1,)
    """
    if not isinstance(players, tuple) or len(players) != 2:
        raise InvalidType(
            f"{argument}: got a {type(players).__name__}, expected saddlery.Pair(generator, discriminator)"
        )
    own, given = jax.eval_shape(lambda key: tuple(game.init(key)), key), tuple(players)
    if jax.tree.structure(own) != jax.tree.structure(given):
        raise InvalidValue(f"{argument}: of another game: {_difference(own, given)}")
    for (path, leaf), value in zip(jax.tree_util.tree_leaves_with_path(own), jax.tree.leaves(given), strict=True):
        if jnp.shape(value) != leaf.shape:
            raise InvalidValue(
                f"{argument}: of another game: {_name(path)} has shape {jnp.shape(value)}, this game's {leaf.shape}"
            )
        if jnp.iscomplexobj(value):
            raise InvalidType(f"{argument}: {_name(path)} is complex; this is for games whose parameters are real")


def _difference(own: Any, given: Any) -> str:
    """The first parameter that only the game or only the players have, or else how they are held together."""
    names, theirs = ([_name(path) for path, _ in jax.tree_util.tree_leaves_with_path(each)] for each in (own, given))
    for name in names:
        if name not in theirs:
            return f"they have no {name}, as this game's do"
    for name in theirs:
        if name not in names:
            return f"they have {name}, which this game's do not"
    return f"their structure is {jax.tree.structure(given)}, this game's {jax.tree.structure(own)}"


def _where(players: Pair, values: np.ndarray) -> str:
    """The parameters whose entries of a vector, or rows of a matrix, are not all finite."""
    wrong = np.asarray(~np.isfinite(values).reshape(len(values), -1).all(1))
    names, first = [], 0
    for path, leaf in jax.tree_util.tree_leaves_with_path(tuple(players)):
        if wrong[first : first + leaf.size].any():
            names.append(_name(path))
        first += leaf.size
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _name(path: Any) -> str:
    """A parameter's name, such as `generator[0]['weight']`."""
    return Pair._fields[path[0].idx] + jax.tree_util.keystr(path[1:])
