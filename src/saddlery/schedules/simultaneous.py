"""Simultaneous steps: both players move at once."""

from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule, State, descend_both, direct, draws
from saddlery.types import Key, Pair, Players


class Simultaneous(Schedule):
    """Simultaneous steps: both players move at once, from the same position and on the same batch.

    (g, d) ← (g − η ξ_g(g, d), d − η ξ_d(g, d))

    >>> import jax, jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
    >>> method = sd.methods.simultaneous(learning_rate=0.5).for_game(game)
    >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
    >>> jnp.concatenate(moved).tolist()  # 1 − ½ · 2, 2 + ½ · 1
    [0.0, 2.5]
    """

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: one direction for both players, from one position and batch."""
        batches = draws(game, rule, key)
        directions, memory = direct(game, rule, optimisers, players, state.optimisers, batches, state.rule)
        players, states = descend_both(optimisers, directions, state.optimisers, players)
        return players, state._replace(optimisers=states, rule=memory)
