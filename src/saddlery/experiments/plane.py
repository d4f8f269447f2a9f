"""Games of few numbers: their players are recorded, and the field is known on a grid of the plane that they move in."""

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from saddlery.dynamics.field import field
from saddlery.dynamics.positions import Positions
from saddlery.game import Game, unwrapped
from saddlery.games.analytic import Analytic
from saddlery.types import Pair, Players

FEW, ANALYTIC = 3, 32  # numbers of both players, of any game and of an analytic one
POINTS, BATCHES = 21, 16  # along a side of the grid; over how many the field of a random game is averaged
STARTS = 16  # of which the grid holds all, with room around them
ROOM = 1.6


def numbers_of(game: Game) -> tuple[int, int]:
    """How many numbers each player has.

    >>> import saddlery as sd
    >>> numbers_of(sd.games.bilinear(dimension=2))
    (2, 2)
    """
    shapes = jax.eval_shape(game.init, jax.random.key(0))
    sizes = [sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(player)) for player in shapes]
    return sizes[0], sizes[1]


def is_plane(game: Game) -> bool:
    """Whether a game's players are drawn in a plane: they have two or three numbers, or it is analytic and of few.

    >>> import saddlery as sd
    >>> is_plane(sd.games.bilinear()), is_plane(sd.games.ring())
    (True, False)
    """
    sizes = numbers_of(game)
    return min(sizes) > 0 and sum(sizes) <= (ANALYTIC if isinstance(unwrapped(game), Analytic) else FEW)


def probes_of(games: Iterable[Game]) -> dict[str, Positions]:
    """The probe of the players' numbers, where all games of an experiment are drawn in a plane."""
    return {"position": Positions()} if all(map(is_plane, games)) else {}


def plane(game: Game, starts: Sequence[Players]) -> tuple[dict[str, float], dict[str, tuple[tuple[str, ...], Any]]]:
    """What is known of the plane in which a game's players are drawn: numbers, and arrays with their axes.

    The plane is that of each player's first number; the others are those of the equilibrium where it is known, else 0.

    - `field_x` (field_column), `field_y` (field_row): where v is known, the generator's number along x.
    - `field_velocity` (field_row, field_column, player): v there, its parts in the plane.
    - `field_rest` (player): the equilibrium, NaN where it is not known.
    - `field_generator_numbers`, `field_numbers`: of the generator, and of both; `field_batches`: over how many v is
      averaged, 0 of a game that draws nothing.

    **Arguments:** `starts`: where training begins: the grid is around the equilibrium, or 0, and holds them.
    """
    sizes, at = numbers_of(game), _rest(game, starts[0])
    known = at is not None
    through = jax.tree.map(jnp.zeros_like, Pair(*starts[0])) if at is None else at
    middle, *points = (_first(players) for players in (through, *starts))
    reach = ROOM * max(float(np.abs(point - middle).max()) for point in points)
    reach = reach if np.isfinite(reach) and reach > 0 else 1.0
    random = bool(jax.tree.leaves(game.draw(jax.random.key(0))))
    grid = field(
        game, [(float(each) - reach, float(each) + reach) for each in middle], POINTS, key=jax.random.key(0),
        batches=BATCHES if random else 1, through=through,
    )  # fmt: skip
    velocity = np.stack([grid[f"{player}_velocity"].values for player in Pair._fields], -1)
    return {
        "field_generator_numbers": float(sizes[0]),
        "field_numbers": float(sum(sizes)),
        "field_batches": float(BATCHES if random else 0),
    }, {
        "field_x": (("field_column",), grid["generator"].values),
        "field_y": (("field_row",), grid["discriminator"].values),
        "field_velocity": (("field_row", "field_column", "player"), velocity),
        "field_rest": (("player",), middle if known else np.full(2, np.nan)),
    }


def _first(players: Players) -> np.ndarray:
    """The first number of each player."""
    return np.array([float(ravel_pytree(player)[0][0]) for player in players])


def _rest(game: Game, like: Players) -> Pair | None:
    """The equilibrium of an analytic game, where it has one."""
    if not isinstance(unwrapped(game), Analytic) or not hasattr(game, "equilibrium"):
        return None
    found = Pair(*game.equilibrium())  # type: ignore[attr-defined]
    same = [np.shape(leaf) for leaf in jax.tree.leaves(found)] == [np.shape(leaf) for leaf in jax.tree.leaves(like)]
    return found if same and all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found)) else None
