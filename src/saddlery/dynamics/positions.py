"""Positions of the players along training, as a probe."""

from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from saddlery.game import Game
from saddlery.types import Key, Players


class Positions:
    """A probe of all parameters, the generator's first: `saddlery.train(probes={"position": Positions()})`.

    It is for games of few; `saddlery.plots.path` and `saddlery.plots.field` draw what it records.

        >>> import jax
        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> players = sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> Positions()(sd.games.bilinear(), players, jax.random.key(0))["position"].tolist()
        [3.0, 5.0]
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axis of `position`."""
        return {"position": ("axis",)}

    def __call__(self, game: Game, players: Players, key: Key) -> dict[str, Float[Array, " axis"]]:
        """`position`."""
        return {"position": ravel_pytree(players)[0]}
