"""Both players move at once."""

from saddlery.schedules.schedule import Schedule, descend_both, direct


class Simultaneous(Schedule):
    """Both players move at once, from the same position and on the same batch."""

    def step(self, game, rule, optimisers, players, state, key):
        """One direction for both, one step of both."""
        batch = game.draw(key)
        directions, memory = direct(game, rule, optimisers, players, state.optimisers, batch, state.rule)
        players, states = descend_both(optimisers, directions, state.optimisers, players)
        return players, state._replace(optimisers=states, rule=memory)
