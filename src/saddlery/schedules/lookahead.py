"""Lookahead for games: every few steps, both players return part of the way."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from saddlery.arrays import numbers
from saddlery.errors import InvalidType
from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule, State
from saddlery.schedules.simultaneous import Simultaneous
from saddlery.text.arguments import quoted, whole
from saddlery.types import Key, Memory, Pair, Players


class Lookahead(Schedule):
    """Lookahead: fast steps of a schedule, pulled back every `steps` of them (Chavdarova et al., 2021, algorithm 1).

        every `steps` steps:  slow ← slow + weight (fast − slow),   fast ← slow        (both players together)

        >>> import jax, jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
        >>> method = sd.methods.simultaneous(schedule="lookahead(steps=1)", learning_rate=0.5).for_game(game)
        >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
        >>> jnp.concatenate(moved).tolist()  # halfway to (0, 2.5)
        [0.5, 2.25]

    **Arguments:**
    - `steps`: k, how many fast steps between two returns.
    - `weight`: α in (0, 1], how much of the way is kept.
    - `inner`: the schedule of the fast steps.
    """

    steps: int = eqx.field(static=True, converter=partial(whole, "steps"), default=5)
    weight: Any = eqx.field(converter=partial(numbers, "weight", above=0.0, most=1.0), default=0.5)
    inner: Schedule = eqx.field(default_factory=Simultaneous)

    def __check_init__(self) -> None:
        if not callable(getattr(self.inner, "step", None)):
            raise InvalidType(f"inner: got {quoted(self.inner)}, expected a schedule")

    @property
    def evaluations(self) -> int:
        """Rule evaluations of a step: those of the fast step."""
        return self.inner.evaluations

    def init(self, game: Game, rule: Rule, players: Players) -> Memory:
        """The initial memory: fast steps since the last return, the slow players, the inner schedule's memory."""
        return jnp.zeros((), jnp.int32), players, self.inner.init(game, rule, players)

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: a fast step, and the return when it is due."""
        taken, slow, memory = state.schedule
        players, state = self.inner.step(game, rule, optimisers, players, state._replace(schedule=memory), key)
        taken = taken + 1
        due = taken == self.steps
        back = jax.tree.map(lambda s, f: s + self.weight.astype(s.dtype) * (f - s), slow, players)
        choose = lambda returned, kept: jnp.where(due, returned, kept)  # noqa: E731
        players, slow = jax.tree.map(choose, back, players), jax.tree.map(choose, back, slow)
        return players, state._replace(schedule=(jnp.where(due, 0, taken), slow, state.schedule))
