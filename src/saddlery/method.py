"""A method: a rule × a schedule × an optimiser for each player."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx

from saddlery.errors import InvalidType, InvalidValue
from saddlery.game import Game
from saddlery.optimisers import as_optimiser
from saddlery.schedules import State
from saddlery.text.arguments import quoted
from saddlery.types import Key, Pair, Players


class Method(eqx.Module):
    """A training method of games: a rule, a schedule, and an optimiser for each player.

    A player's optimiser may be left open. `for_game` closes it, and everything that trains or looks at a game does so
    first, `saddlery.train`, `sweep`, `multipliers`, `diagnose` and the command line alike: what a method's text says is
    the same whichever way it comes in.

        >>> import saddlery as sd
        >>> method = sd.Method(sd.rules.Consensus(10.0), sd.schedules.alternating(), generator="sgd(learning_rate=0.1)")
        >>> method.is_open, str(method.generator)
        (True, 'sgd(learning_rate=0.1)')

    **Arguments:**
    - `rule`: from a position to directions, `saddlery.rules`.
    - `schedule`: from directions to a step, `saddlery.schedules`.
    - `generator`, `discriminator`: each player's optimiser, `saddlery.optimiser(…)`, any optax transformation, text
      such as `"adam(learning_rate=1e-3)"`, or `None`, which leaves it open.
    - `usual`: what open ones are where the game has no default optimisers: the paper's, a `Pair`.
    - `needed`: whether they are `usual` on every game, because the method's theory rests on them.
    - `amendments`: what is done to the closed method, in this order: functions from it to another.

    Published combinations are named in `saddlery.methods`.

    **Raises:** `TypeError` for parts that are no rule, schedule or optimiser; `ValueError` for texts that name none.
    """

    rule: Any
    schedule: Any
    generator: Any = eqx.field(kw_only=True, default=None, converter=as_optimiser)
    discriminator: Any = eqx.field(kw_only=True, default=None, converter=as_optimiser)
    usual: Pair | None = eqx.field(kw_only=True, default=None)
    needed: bool = eqx.field(kw_only=True, static=True, default=False)
    amendments: tuple[Callable[["Method"], "Method"], ...] = eqx.field(kw_only=True, default=())

    def __check_init__(self) -> None:
        for player, chosen in zip(Pair._fields, self.optimisers, strict=True):
            if chosen is not None and not all(callable(getattr(chosen, verb, None)) for verb in ("init", "update")):
                raise InvalidType(
                    f"{player}: got {quoted(chosen)}, expected an optimiser: "
                    "saddlery.optimiser('adam', learning_rate=…) or an optax transformation"
                )
        if not callable(self.rule):
            raise InvalidType(f"rule: got {quoted(self.rule)}, expected a rule, such as saddlery.rules.Simultaneous()")
        if not callable(getattr(self.schedule, "step", None)):
            raise InvalidType(
                f"schedule: got {quoted(self.schedule)}, expected a schedule, such as saddlery.schedules.simultaneous()"
            )

    @property
    def optimisers(self) -> Pair:
        """Both players' optimisers, `None` for one that is open."""
        return Pair(self.generator, self.discriminator)

    @property
    def is_open(self) -> bool:
        """Whether a player's optimiser is left open."""
        return any(each is None for each in self.optimisers)

    def for_game(self, game: Game | None = None) -> "Method":
        """This method with both optimisers, those left open being the game's.

        They are the method's own where its theory needs them, else `game.default_optimisers`, else those of the paper
        that the method is from. What the method does to its optimisers, such as another learning rate, a ratio of the
        two or clipping, is then done to them. A method that is closed is returned as it is.

            >>> import saddlery as sd
            >>> print(sd.methods.two_time_scales(ratio=4.0).for_game(sd.games.bilinear()).discriminator)
            sgd(learning_rate=0.4)

        **Arguments:** `game`: any game, or `None` for none.

        **Raises:** `ValueError` when neither the method nor the game says which optimiser to take, and for one that
        does not have the numbers that the method sets.
        """
        if not (self.is_open or self.amendments):
            return self
        usual = None if self.needed else getattr(game, "default_optimisers", None)
        usual = self.usual if usual is None else Pair(*map(as_optimiser, usual))
        if self.is_open and usual is None:
            raise InvalidValue(
                "method: it leaves a player's optimiser open, and the game has no default_optimisers; give it "
                "generator=… and discriminator=…, such as 'adam(learning_rate=1e-3, b1=0.5)'"
            )
        generator, discriminator = (
            mine if mine is not None else other
            for mine, other in zip(self.optimisers, usual or Pair(None, None), strict=True)
        )
        closed = dataclasses.replace(  # of its own type, whose steps may be its own
            self, generator=generator, discriminator=discriminator, usual=None, needed=False, amendments=()
        )
        for amendment in self.amendments:
            closed = amendment(closed)
        return closed

    def init(self, game: Game, players: Players) -> State:
        """The initial state: of both optimisers, the rule and the schedule."""
        closed = self.for_game(game)
        remember = getattr(closed.rule, "init", lambda game, players: ())
        return State(
            Pair(closed.generator.init(players.generator), closed.discriminator.init(players.discriminator)),
            remember(game, players),
            closed.schedule.init(game, closed.rule, players),
        )

    def step(self, game: Game, players: Players, state: State, key: Key) -> tuple[Pair, State]:
        """One step of training, a pure function of its arguments; its batches are drawn from `key`."""
        closed = self.for_game(game)
        return closed.schedule.step(game, closed.rule, closed.optimisers, players, state, key)
