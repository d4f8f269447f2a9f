"""Extragradient and extrapolation from the past: step from here along the direction found a step ahead."""

import equinox as eqx
import jax
import optax

from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule, State, descend_both, direct, draws
from saddlery.types import Key, Memory, Pair, Players


class Extragradient(Schedule):
    """Extragradient: a trial step, then the real one along the direction there (Korpelevich, 1976; Gidel et al., 2019).

        ω′ = ω − η ξ(ω),   ω⁺ = ω − η ξ(ω′)

    Two evaluations of the rule a step. With Adam and `keep` it is ExtraAdam (Gidel et al., 2019, algorithm 4).

        >>> import jax, jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
        >>> method = sd.methods.simultaneous(schedule="extragradient", learning_rate=0.5).for_game(game)
        >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
        >>> jnp.concatenate(moved).tolist()  # from the trial (0, 2.5): 1 − ½ · 2.5, 2 + ½ · 0
        [-0.25, 2.0]

    **Arguments:**
    - `same_batch`: both evaluations on one batch, or each on its own.
    - `keep`: whether the optimisers' states after the trial step are kept for the real one, or discarded.
    """

    same_batch: bool = eqx.field(static=True, default=True)
    keep: bool = eqx.field(static=True, default=False)

    @property
    def evaluations(self) -> int:
        """Rule evaluations of a step: the trial's and the real step's."""
        return 2

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: the trial step and the real one."""
        first, second = jax.random.split(key)
        batches = draws(game, rule, first)
        directions, _ = direct(game, rule, optimisers, players, state.optimisers, batches, state.rule)
        trial, tried = descend_both(optimisers, directions, state.optimisers, players)
        states = tried if self.keep else state.optimisers
        batches = batches if self.same_batch else draws(game, rule, second)
        directions, memory = direct(game, rule, optimisers, trial, states, batches, state.rule)
        players, states = descend_both(optimisers, directions, states, players)
        return players, state._replace(optimisers=states, rule=memory)


class ExtrapolationFromPast(Schedule):
    """Extrapolation from the past: extragradient that reuses the last direction (Popov, 1980; Gidel et al., 2019).

        ω′ₜ = ωₜ − η ξ(ω′ₜ₋₁),   ωₜ₊₁ = ωₜ − η ξ(ω′ₜ)

    One evaluation of the rule a step. The first trial step is none: its past direction is zero.

        >>> import jax, jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
        >>> method = sd.methods.simultaneous(schedule="extrapolation_from_past", learning_rate=0.5).for_game(game)
        >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
        >>> jnp.concatenate(moved).tolist()  # the first step is a simultaneous one
        [0.0, 2.5]
    """

    def init(self, game: Game, rule: Rule, players: Players) -> Memory:
        """The initial memory: the past direction, zero."""
        return optax.tree.zeros_like(players)

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: the trial along the past direction, the real step along the new one."""
        trial, _ = descend_both(optimisers, state.schedule, state.optimisers, players)
        batches = draws(game, rule, key)
        directions, memory = direct(game, rule, optimisers, trial, state.optimisers, batches, state.rule)
        players, states = descend_both(optimisers, directions, state.optimisers, players)
        return players, state._replace(optimisers=states, rule=memory, schedule=directions)
