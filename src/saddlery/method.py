"""A method: a rule × a schedule × an optimiser for each player."""

from typing import Any

import equinox as eqx

from saddlery.arguments import quoted
from saddlery.game import Pair
from saddlery.schedules import State


class Method(eqx.Module):
    """How a game is trained: which directions, who moves when, and by which optimiser.

    **Arguments:**
    - `rule`: from a position to directions, `saddlery.rules`.
    - `schedule`: from directions to a step, `saddlery.schedules`.
    - `generator`, `discriminator`: each player's optimiser, `saddlery.optimiser(…)` or any optax transformation.

    Published combinations are named in `saddlery.methods`.
    """

    rule: Any
    schedule: Any
    generator: Any = eqx.field(kw_only=True)
    discriminator: Any = eqx.field(kw_only=True)

    def __check_init__(self):
        for player in Pair._fields:
            if not all(callable(getattr(getattr(self, player), verb, None)) for verb in ("init", "update")):
                raise TypeError(
                    f"{player}: got {quoted(getattr(self, player))}, expected an optimiser: "
                    "saddlery.optimiser('adam', learning_rate=…) or an optax transformation"
                )
        if not callable(self.rule):
            raise TypeError(f"rule: got {quoted(self.rule)}, expected a rule, such as saddlery.rules.Simultaneous()")
        if not callable(getattr(self.schedule, "step", None)):
            raise TypeError(
                f"schedule: got {quoted(self.schedule)}, expected a schedule, such as saddlery.schedules.simultaneous()"
            )

    @property
    def optimisers(self) -> Pair:
        """Both players' optimisers."""
        return Pair(self.generator, self.discriminator)

    def init(self, game: Any, players: Pair) -> State:
        """The state at the start: both optimisers', the rule's and the schedule's."""
        remember = getattr(self.rule, "init", lambda game, players: ())
        return State(
            Pair(self.generator.init(players.generator), self.discriminator.init(players.discriminator)),
            remember(game, players),
            self.schedule.init(game, self.rule, players),
        )

    def step(self, game: Any, players: Pair, state: State, key: Any) -> tuple[Pair, State]:
        """One step of training, a pure function of its arguments; its batches are drawn from `key`."""
        return self.schedule.step(game, self.rule, self.optimisers, players, state, key)
