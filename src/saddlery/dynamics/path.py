"""The straight line between two positions of a game, such as the start and the end of training."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from saddlery.dynamics.jacobian import mean, require_players_of
from saddlery.game import Game, adopt, gradients
from saddlery.text.arguments import number, whole
from saddlery.types import Key, Pair, Players


class Path(NamedTuple):
    """The field v along the segment θ(α) = start + α (end − start); see `path`.

    - `position`: α `(points,)`, 0 at the start, 1 at the end, and on beyond it.
    - `angle`: cos ∠(end − start, v), `(points,)`: 1 where v points along the path, −1 where it points back, NaN where
      v vanishes or nothing was moved.
    - `norm`, `generator_norm`, `discriminator_norm`: ‖v‖ and its parts', `(points,)`.
    - `distance`, `generator_distance`, `discriminator_distance`: ‖end − start‖ and its parts'.
    """

    position: np.ndarray
    angle: np.ndarray
    norm: np.ndarray
    generator_norm: np.ndarray
    discriminator_norm: np.ndarray
    distance: float
    generator_distance: float
    discriminator_distance: float


def path(
    game: Game, start: Players, end: Players, *, key: Key, batches: int = 1, points: int = 51, beyond: float = 0.25
) -> Path:
    """The angle and the norm of a game's field along the segment from one position to another.

        angle(α) = ⟨end − start, v⟩ / (‖end − start‖ ‖v‖)   at θ(α) = start + α (end − start)

    (Berard et al., 2020, equation 8, whose v is our −v.) Where training was attracted to the end, the angle is
    positive before it and changes sign there; where the field turns around the end, it comes close to 0 on both sides
    and has a bump between.

        >>> import saddlery as sd
        >>> game = sd.games.quadratic(A=[[1.0]], B=[[0.0]], C=[[1.0]])  # v = −θ
        >>> found = path(game, sd.Pair(-jnp.ones(1), -jnp.ones(1)), game.equilibrium(), key=jax.random.key(0), points=6)
        >>> found.angle.round(3).tolist()  # on to the equilibrium, and beyond it back
        [1.0, 1.0, 1.0, 1.0, nan, -1.0]

    **Arguments:**
    - `game`, `start`, `end`: the game and two positions.
    - `key`: a `jax.random.key`, of the batches.
    - `batches`: over how many the field is averaged, the same ones at every point.
    - `points`: how many positions, evenly spaced from α = 0 to 1 + `beyond`.

    **Raises:** `ValueError` for players of another game, and numbers out of range.
    """
    whole("batches", batches)
    whole("points", points, 2)
    number("beyond", beyond, least=0)
    game = adopt(game)
    for argument, players in (("start", start), ("end", end)):
        require_players_of(game, players, key, argument)
    start, end = (Pair(*jax.tree.map(jnp.asarray, tuple(players))) for players in (start, end))
    position = np.linspace(0, 1 + beyond, points)
    moved, along, norms = jax.device_get(_along(game, start, end, jax.random.split(key, batches), position))
    norm, distance = np.hypot(*norms), float(np.hypot(*moved))
    angle = np.divide(along, norm * distance, out=np.full(points, np.nan), where=norm * distance > 0)
    return Path(position, angle, norm, norms[0], norms[1], distance, float(moved[0]), float(moved[1]))


@eqx.filter_jit
def _along(game, start, end, keys, positions):
    """The distances moved, and at each position ⟨end − start, v⟩ and the norms of v's parts."""
    moved = optax.tree.sub(end, start)

    def at(position):
        players = jax.tree.map(lambda x, step: x + position.astype(x.dtype) * step, start, moved)
        xi = mean(lambda key: gradients(game, players, game.draw(key)), keys)
        return 0.0 - optax.tree.vdot(moved, xi), Pair(*map(optax.tree.norm, xi))

    return Pair(*map(optax.tree.norm, moved)), *jax.lax.map(at, positions)
