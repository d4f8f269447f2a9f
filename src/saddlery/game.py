"""Two-player games: what a game provides, and its simultaneous gradient.

The two players are named as in the papers, also when the game is not a GAN: the `generator` moves first, and the
`discriminator` answers what it gets to see of it, the `samples`.
"""

import abc
import math
import warnings
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery._system import memory
from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import COUNT, plain
from saddlery.types import Batch, Key, Losses, Pair, Parameters, Players, Samples

METHODS = ("init", "draw", "act", "losses")
REASON = 300  # characters of somebody else's error in ours
LARGE = 1 << 20  # bytes of arrays in a foreign game from which copying them into the program is worth a warning


@runtime_checkable
class Game(Protocol):
    """A two-player game. Any object with these four methods serves; nothing need be inherited.

    Splitting the losses at `samples` is what makes training fast: the discriminator's loss depends on the
    generator only through them, so the generator is evaluated once per gradient however often the
    discriminator is unrolled. For a game without such structure, `act` is the identity.
    """

    @abc.abstractmethod
    def init(self, key: Key) -> Players:
        """Both players' parameters, pytrees of inexact arrays only, from a `jax.random.key`."""
        ...

    @abc.abstractmethod
    def draw(self, key: Key) -> Batch:
        """Draw a batch, all the randomness of one evaluation: noise, real data, interpolation weights."""
        ...

    @abc.abstractmethod
    def act(self, generator: Parameters, batch: Batch) -> Samples:
        """The samples, all that the discriminator gets to see of the generator: a pytree of inexact arrays."""
        ...

    @abc.abstractmethod
    def losses(self, discriminator: Parameters, samples: Samples, batch: Batch) -> Losses:
        """The loss of each player, a scalar, both to be minimised."""
        ...


def gradients(game: Game, players: Players, batch: Batch) -> Pair:
    """The simultaneous gradient: of each player's loss in its own parameters, both in one pass.

        ξ(θ) = (∇_g L_g(g, d), ∇_d L_d(g, d))

    The vector field of the papers is its negative, v = −ξ.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> [each.tolist() for each in sd.gradients(game, players, ())]  # (σd, −σg)
        [[10.0], [-6.0]]

    **Arguments:**
    - `game`: any object with `init`, `draw`, `act`, `losses`.
    - `players`: both players' parameters, `Pair(generator, discriminator)`.
    - `batch`: what `game.draw(key)` returned.

    **Returns:** a `Pair` of gradients, each of its player's structure and shapes.
    """
    samples, through_act = jax.vjp(lambda generator: game.act(generator, batch), players.generator)
    values, through_losses = jax.vjp(
        lambda discriminator, samples: game.losses(discriminator, samples, batch), players.discriminator, samples
    )
    one, zero = jnp.ones_like(values[0]), jnp.zeros_like(values[0])
    of_samples = through_losses(Pair(one, zero))[1]
    of_discriminator = through_losses(Pair(zero, one))[0]
    return Pair(through_act(of_samples)[0], of_discriminator)


def gradient_field(game: Game, batch: Batch) -> Callable[[Pair], Pair]:
    """The gradient field `players ↦ gradients(game, players, batch)`, whose derivative rules and spectra take.

    With H its Jacobian, the papers' J = v′ is −H. `jax.jvp` of this function gives H u, `jax.vjp` gives Hᵀ u.

        >>> import jax
        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> field, u = sd.gradient_field(game, ()), sd.Pair(jnp.array([1.0]), jnp.array([0.0]))
        >>> [each.tolist() for each in jax.jvp(field, (players,), (u,))[1]]  # H u, H = [[0, σ], [−σ, 0]]
        [[0.0], [-2.0]]
    """
    return lambda players: gradients(game, players, batch)


class Wrapped(eqx.Module):
    """A game wrapped around another, `game`: what it does not change is the other's, measures and optimisers too."""

    game: eqx.AbstractVar[Any]

    def init(self, key: Key) -> Players:
        """The players of the wrapped game."""
        return self.game.init(key)

    def draw(self, key: Key) -> Batch:
        """The batch of the wrapped game."""
        return self.game.draw(key)

    def act(self, generator: Parameters, batch: Batch) -> Samples:
        """The samples of the wrapped game."""
        return self.game.act(generator, batch)

    def losses(self, discriminator: Parameters, samples: Samples, batch: Batch) -> Losses:
        """The losses of the wrapped game."""
        return self.game.losses(discriminator, samples, batch)

    def __getattr__(self, name: str) -> Any:
        if name == "game" or name.startswith("__"):  # while it is being made, and what Python itself looks for
            raise AttributeError(name)
        return getattr(self.game, name)


def unwrapped(game: object) -> object:
    """The innermost game, without what is wrapped around it.

    >>> import saddlery as sd
    >>> type(unwrapped(sd.fixed(sd.games.bilinear(), ()))).__name__
    'Bilinear'
    """
    while isinstance(game, Wrapped | _ByIdentity):
        game = game.game if isinstance(game, Wrapped) else game.held
    return game


class Fixed(Wrapped):
    """A game that always draws one batch: see `fixed`."""

    game: Any
    batch: Any

    def draw(self, key: Key) -> Batch:
        """The one batch, whatever the key."""
        return self.batch


def fixed(game: Game, batch: Batch) -> Fixed:
    """A game that always draws `batch`: a deterministic game, for spectra, tests and debugging.

    >>> import jax
    >>> import saddlery as sd
    >>> sd.fixed(sd.games.bilinear(), "this batch").draw(jax.random.key(0))
    'this batch'
    """
    return Fixed(adopt(game), batch)


class Foreign(Wrapped):
    """A game that is no pytree, closed over: constant in the compiled program, identified by the object itself."""

    game: Any = eqx.field(static=True)


class _ByIdentity:
    """A game that is equal to itself only, so that one whose class defines `==` but no hash can be a static part."""

    def __init__(self, held):
        self.held = held

    def __eq__(self, other):
        return isinstance(other, _ByIdentity) and self.held is other.held

    def __hash__(self):
        return id(self.held)

    def __getattr__(self, name):
        if name == "held":  # while it is being made
            raise AttributeError(name)
        return getattr(self.held, name)


def adopt(game: Game) -> Game:
    """A game in a form that compiled programs take as an argument.

    A pytree (an `equinox.Module`, a registered dataclass) is returned as it is: its arrays are arguments of the
    program. Any other object is closed over, so its arrays are copied into each program compiled for it.

        >>> import saddlery as sd
        >>> jax.tree.leaves(adopt(sd.games.bilinear(coupling=2.0)))
        [Array(2., dtype=float32)]

    **Raises:** `TypeError` when one of the four methods is missing. Warns when a game that is closed over holds
    arrays of more than a megabyte.
    """
    _require_methods(game)
    if not jax.tree_util.all_leaves([game]):
        return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, game)
    held = sum(
        getattr(value, "nbytes", 0) for value in jax.tree.leaves(vars(game) if hasattr(game, "__dict__") else ())
    )
    if held > LARGE:
        warnings.warn(
            f"game: this {type(game).__name__} holds {held / 1e6:.0f} MB of arrays and is no pytree, so they are "
            "copied into every compiled program; make it an equinox.Module to pass them as arguments",
            stacklevel=3,
        )
    return Foreign(_ByIdentity(game))


def _require_methods(game: Any) -> None:
    """Say which of the four methods an object lacks."""
    missing = [name for name in METHODS if not callable(getattr(game, name, None))]
    if missing:
        raise InvalidType(
            f"game: a {type(game).__name__} has no method {' and no '.join(missing)}; "
            f"a game is any object with the methods {', '.join(METHODS)}"
        )


def check(game: Game, key: Key) -> tuple[Pair, Any, Any]:
    """Check a game: trace its four methods without computing, and say which one does not fit, with the shapes.

        >>> import saddlery as sd
        >>> players, batch, samples = check(sd.games.bilinear(dimension=3), jax.random.key(0))
        >>> players.discriminator.shape
        (3,)

    **Returns:** the shapes of `(players, batch, samples)`.

    **Raises:** `TypeError` naming the method and what it returned; errors inside a method are re-raised as
    `ValueError` with the shapes of its arguments; `ValueError` for players, a batch or samples with an axis of 2³¹ or
    more, or of more bytes than there is memory.
    """

    def attempt(name, function, *arguments):
        try:
            return jax.eval_shape(function, *arguments)
        except Exception as error:
            reason = plain((str(error).strip() or "no message").splitlines()[0], REASON)
            raise InvalidValue(
                f"game: {name} failed with {type(error).__name__}: {reason}; "
                f"its arguments were {', '.join(_shapes(argument) for argument in arguments)}"
            ) from error

    _require_methods(game)
    players = attempt("init", game.init, key)
    if not isinstance(players, Pair):
        raise InvalidType(
            "game: init must return saddlery.Pair(generator, discriminator), "
            f"it returned a {type(players).__name__} of {_shapes(players)}"
        )
    for player, parameters in zip(Pair._fields, players, strict=True):
        for path, leaf in jax.tree_util.tree_leaves_with_path(parameters):
            if not jnp.issubdtype(leaf.dtype, jnp.inexact):
                raise InvalidType(
                    f"game: init's {player}{jax.tree_util.keystr(path)} is {leaf.dtype}{list(leaf.shape)}; "
                    "players hold inexact (floating or complex) arrays only, whatever else is static or in the batch"
                )
    _require_room("players", players, 3, ", their gradients and what they become,")
    batch = attempt("draw", game.draw, key)
    _require_room("batch", batch)
    samples = attempt("act", game.act, players.generator, batch)
    _require_room("samples", samples, 2, " and their gradients")
    if not all(jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(samples)):
        raise InvalidType(f"game: act must return inexact (floating or complex) arrays, it returned {_shapes(samples)}")
    values = attempt("losses", game.losses, players.discriminator, samples, batch)
    scalar = isinstance(values, tuple) and len(values) == 2 and all(getattr(v, "shape", None) == () for v in values)
    if not scalar:
        raise InvalidType(
            f"game: losses must return a Pair of two scalars, it returned {_shapes(values)} "
            f"for discriminator {_shapes(players.discriminator)} and samples {_shapes(samples)}"
        )
    if not isinstance(values, Pair):
        raise InvalidType("game: losses must return saddlery.Pair(generator, discriminator), it returned a plain tuple")
    return players, batch, samples


def _require_room(what: str, tree: Any, copies: int = 1, beside: str = "") -> None:
    """Refuse what compiled programs cannot index, and what memory has no place for, while it is only shapes.

    **Arguments:** `copies` are how many there are at least in a step of training, `beside` what the others are.
    """
    for leaf in jax.tree.leaves(tree):
        if max(leaf.shape, default=0) > COUNT:
            raise InvalidValue(f"{what}: got {_shapes(leaf)}, expected at most {COUNT} along each axis")
    afford(f"{what}: {_shapes(tree)}{beside}", tree, copies)


def afford(what: str, tree: object, copies: int = 1) -> None:
    """Refuse arrays that do not fit into memory, before they are made.

        >>> afford("a mere kilobyte", jax.ShapeDtypeStruct((256,), jnp.float32))

    **Arguments:**
    - `what`: names them, for the error.
    - `tree`: a pytree of arrays or their shapes, of which there will be so many `copies`.

    **Raises:** `ValueError`.
    """
    size = copies * sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
    limits = [(device.memory_stats() or {}).get("bytes_limit", 0) for device in jax.local_devices()]
    if not all(limits):  # the memory of CPUs is the machine's
        memory.afford(what, size)
    elif size > (held := sum(limits) * jax.process_count()):
        raise InvalidValue(
            f"{what} would take {size / 1e9:,.1f} GB of memory, and all devices have {held / 1e9:,.1f} GB"
        )


def _shapes(tree: Any) -> str:
    """A pytree's shapes in a line, such as `float32[512,2]`."""
    leaves = [
        f"{leaf.dtype}[{','.join(map(str, leaf.shape))}]" if hasattr(leaf, "dtype") else type(leaf).__name__
        for leaf in jax.tree.leaves(tree)
    ]
    shown = ", ".join(leaves[:6]) + (", …" if len(leaves) > 6 else "")
    return leaves[0] if len(leaves) == 1 else f"({shown})"
