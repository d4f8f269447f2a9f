"""Alternating gradient descent: the discriminator moves, then the generator."""

import equinox as eqx
import jax

from saddlery.errors import InvalidType
from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.rules.rule import repeated
from saddlery.schedules.schedule import Schedule, State, descend, direct, draws
from saddlery.text.names import nearest
from saddlery.types import Key, Pair, Players


class Alternating(Schedule):
    """Alternating descent: the discriminator moves first, then the generator answers it, each on fresh batches.

        d ← d − η ξ_d(g, d),   then   g ← g − η ξ_g(g, d)

        >>> import jax, jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
        >>> method = sd.methods.simultaneous(schedule="alternating", learning_rate=0.5).for_game(game)
        >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
        >>> jnp.concatenate(moved).tolist()  # the generator answers 2.5: 1 − ½ · 2.5
        [-0.25, 2.5]

    **Arguments:**
    - `discriminator_steps`, `generator_steps`: how many moves each makes in a step. One of each is two gradient
      evaluations on two batches; the discriminator's are of its own loss only.

    A rule's own state is the one after the last move.
    """

    discriminator_steps: int = eqx.field(static=True)
    generator_steps: int = eqx.field(static=True)

    def __init__(self, discriminator_steps: int = 1, generator_steps: int = 1, **unknown: int):
        for name in unknown:
            raise InvalidType(nearest("argument of alternating", name, ("discriminator_steps", "generator_steps")))
        self.discriminator_steps = repeated("discriminator_steps")(discriminator_steps)
        self.generator_steps = repeated("generator_steps")(generator_steps)

    @property
    def evaluations(self) -> int:
        """Rule evaluations of a step: one for each move."""
        return self.discriminator_steps + self.generator_steps

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: the discriminator's moves, then the generator's."""

        def move(player, players, states, key):
            directions, memory = direct(game, rule, optimisers, players, states, draws(game, rule, key), state.rule)
            moved, memory_of_optimiser = descend(
                getattr(optimisers, player), getattr(directions, player), getattr(states, player),
                getattr(players, player),
            )  # fmt: skip
            return players._replace(**{player: moved}), states._replace(**{player: memory_of_optimiser}), memory

        states, memory, keys = state.optimisers, state.rule, jax.random.split(key)
        for player, key in zip(reversed(Pair._fields), keys, strict=True):
            moves = getattr(self, f"{player}_steps")
            if moves > 1:  # all but the last in a loop, so that the program does not grow with them

                def again(i, carry, player=player, key=key):
                    players, states = carry
                    return move(player, players, states, jax.random.fold_in(key, i))[:2]

                players, states = jax.lax.fori_loop(1, moves, again, (players, states))
            players, states, memory = move(player, players, states, jax.random.fold_in(key, 0))
        return players, state._replace(optimisers=states, rule=memory)
