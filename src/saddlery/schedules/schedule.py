"""The protocol of a schedule: the order in which players move, and from whose position."""

import abc
from typing import Any, NamedTuple

import equinox as eqx
import jax
import optax

from saddlery.game import Game
from saddlery.optimisers import Optimiser
from saddlery.rules import Rule, RuleInput
from saddlery.types import Batch, Key, Memory, Pair, Parameters, Players


class State(NamedTuple):
    """The state of a method: all that it remembers between steps, beside the players."""

    optimisers: Pair
    rule: Any
    schedule: Any


class Schedule(eqx.Module):
    """A schedule: one step of training out of a rule's directions and the players' optimisers.

    The state's `schedule` is the schedule's own memory (`init`), `()` for most.
    """

    def init(self, game: Game, rule: Rule, players: Players) -> Memory:
        """The schedule's initial memory."""
        return ()

    @property
    def evaluations(self) -> int:
        """The number of rule evaluations of a step."""
        return 1

    @property
    def moved(self) -> tuple[str, ...]:
        """The players that are moved by their optimisers."""
        return Pair._fields

    @abc.abstractmethod
    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step, with batches drawn from `key`: the new players and the new `State`."""


def draws(game: Game, rule: Rule, key: Key) -> tuple[Batch, ...]:
    """Draw the batches of one evaluation of a rule: one, or as many independent ones as its `batches` says.

    >>> import jax
    >>> import saddlery as sd
    >>> len(draws(sd.games.bilinear(), sd.rules.Consensus(1.0, batches=2), jax.random.key(0)))
    2
    """
    count = getattr(rule, "batches", 1)
    return (game.draw(key),) if count == 1 else tuple(game.draw(each) for each in jax.random.split(key, count))


def direct(
    game: Game,
    rule: Rule,
    optimisers: Pair,
    players: Players,
    states: Pair,
    batches: tuple[Batch, ...],
    memory: Memory,
) -> tuple[Players, Memory]:
    """Evaluate the rule on the batches that `draws` gave: its directions at a position, and its new state.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
    >>> directions, _ = direct(game, sd.rules.Simultaneous(), Pair(None, None), players, Pair(None, None), ((),), ())
    >>> [each.tolist() for each in directions]
    [[2.0], [-1.0]]
    """
    return rule(RuleInput(game, players, batches[0], optimisers, states, batches[1:]), memory)


def descend(
    optimiser: Optimiser | optax.GradientTransformation, direction: Parameters, state: Memory, parameters: Parameters
) -> tuple[Parameters, Memory]:
    """Move one player by its optimiser: the new parameters, and the optimiser's new state.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> sgd, x = sd.optimiser("sgd", learning_rate=0.5), jnp.array([1.0])
    >>> descend(sgd, jnp.array([4.0]), sgd.init(x), x)[0].tolist()
    [-1.0]
    """
    updates, state = optimiser.update(direction, state, parameters)
    return optax.apply_updates(parameters, updates), state


def descend_both(optimisers: Pair, directions: Players, states: Pair, players: Players) -> tuple[Players, Pair]:
    """Move both players, each by its own optimiser: the new players, and the optimisers' new states.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> sgd, players = sd.optimiser("sgd", learning_rate=0.5), sd.Pair(jnp.array([1.0]), jnp.array([2.0]))
    >>> states = sd.Pair(*map(sgd.init, players))
    >>> moved, _ = descend_both(sd.Pair(sgd, sgd), sd.Pair(jnp.array([2.0]), jnp.array([-1.0])), states, players)
    >>> [each.tolist() for each in moved]
    [[0.0], [2.5]]
    """
    generator, discriminator = map(descend, optimisers, directions, states, players)
    return Pair(generator[0], discriminator[0]), Pair(generator[1], discriminator[1])
