"""Both players move at once."""

from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule, State, descend_both, direct
from saddlery.types import Key, Pair, Players


class Simultaneous(Schedule):
    """Both players move at once, from the same position and on the same batch."""

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """One direction for both, one step of both."""
        batch = game.draw(key)
        directions, memory = direct(game, rule, optimisers, players, state.optimisers, batch, state.rule)
        players, states = descend_both(optimisers, directions, state.optimisers, players)
        return players, state._replace(optimisers=states, rule=memory)
