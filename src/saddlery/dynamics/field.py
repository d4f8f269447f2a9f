"""The vector field of a game on a grid over one number of each player."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from saddlery.dynamics.jacobian import mean, require_players_of
from saddlery.errors import InvalidValue
from saddlery.game import Game, adopt, gradients
from saddlery.text.arguments import number, quoted, whole
from saddlery.types import Key, Pair

if TYPE_CHECKING:
    import xarray as xr

MOST = 1000  # points along a side


def field(
    game: Game,
    limits: float | Sequence[Sequence[float]] = 2.0,
    n: int = 21,
    *,
    key: Key,
    batches: int = 1,
    through: Pair | None = None,
) -> "xr.Dataset":
    """The vector field v = −ξ of a game with one number for each player, on an even grid, for `saddlery.plots.field`.

    Of a game with more it is the field's part in a plane: that of each player's first number.

        v(g, d) = −(∂L_g/∂g, ∂L_d/∂d)

        >>> import saddlery as sd
        >>> found = field(sd.games.bilinear(coupling=2.0), limits=1.0, n=3, key=jax.random.key(0))
        >>> found["generator_velocity"].sel(discriminator=1.0).values.tolist()  # −σd, wherever the generator is
        [-2.0, -2.0, -2.0]

    **Arguments:**
    - `game`: its players have one number each, such as the Dirac-GAN's.
    - `limits`: how far the grid reaches from 0 on every side; or for each player where it begins and ends,
      `((-1, 1), (0, 3))`, the generator's first.
    - `n`: points along each side.
    - `key`: a `jax.random.key`, of the batches; `batches`: over how many v is averaged, the same ones at every point.
    - `through`: players through which the plane goes, for games with more than one number a player: all but the first
      number of each stay as they are there.

    **Returns:** an `xarray.Dataset` of `generator_velocity` and `discriminator_velocity` (discriminator, generator).

    **Raises:** `ValueError` for a game with more parameters and no plane, for players of another game, and for limits
    that are none.
    """
    n, batches = whole("n", n, 2, MOST), whole("batches", batches)
    ends, game = _ends(limits), adopt(game)
    if through is not None:
        require_players_of(game, through, key, "through")
    start = game.init(key) if through is None else Pair(*jax.tree.map(jnp.asarray, tuple(through)))
    sizes = [sum(np.size(leaf) for leaf in jax.tree.leaves(player)) for player in start]
    if sizes != [1, 1] and (through is None or 0 in sizes):
        raise InvalidValue(
            f"game: its players have {sizes[0]:,} and {sizes[1]:,} parameters; a field is drawn of games in which each "
            "has one, such as saddlery.games.dirac(), or in a plane through some players: through=…"
        )
    x, y = (np.linspace(*each, n) for each in ends)
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    v = np.asarray(_on(game, start, jnp.asarray(points), jax.random.split(key, batches))).reshape(n, n, 2)
    return _labelled(v, x, y)


@eqx.filter_jit
def _on(game, start, points, keys):
    """v at points `(point, 2)`."""
    flat = [ravel_pytree(player) for player in start]

    def at(point):
        moved = [numbers.at[0].set(x.astype(numbers.dtype)) for (numbers, _), x in zip(flat, point, strict=True)]
        players = Pair(*(back(numbers) for (_, back), numbers in zip(flat, moved, strict=True)))
        xi = mean(lambda key: gradients(game, players, game.draw(key)), keys)
        return 0.0 - jnp.stack([ravel_pytree(part)[0][0] for part in xi])

    return jax.vmap(at)(points)


def _labelled(v, x, y):
    import xarray

    along = ("discriminator", "generator")
    found = {f"{player}_velocity": (along, v[..., i]) for i, player in enumerate(Pair._fields)}
    return xarray.Dataset(found, {"generator": x, "discriminator": y})


def _ends(limits: float | Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Where the grid begins and ends, along each player."""
    if isinstance(limits, int | float):
        reach = number("limits", limits, above=0)
        return [(-reach, reach)] * 2
    try:
        (a, b), (c, d) = limits
    except (TypeError, ValueError):
        raise InvalidValue(f"limits: got {quoted(limits)}, expected a number, or ((low, high), (low, high))") from None
    return [(number("limits", low), number("limits", high, above=low)) for low, high in ((a, b), (c, d))]
