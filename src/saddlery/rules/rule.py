"""What a rule is: from a turn of the game to the directions that the players descend."""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp

from saddlery.game import Pair


def number(argument: str) -> Callable[[Any], Any]:
    """The converter of a rule's number to a floating-point array, so that `gamma=10` is the program of `gamma=10.0`."""

    def convert(value):
        try:
            return jnp.asarray(value) * 1.0
        except TypeError as error:
            raise TypeError(f"{argument}: got {value!r}, expected a number") from error

    return convert


class Turn(NamedTuple):
    """All that a rule may look at.

    `players` and `batch` are those of this evaluation; `optimisers` and `states` are both players' optimisers and
    their present states, which only rules that imagine the opponent's updates need.
    """

    game: Any
    players: Pair
    batch: Any
    optimisers: Pair
    states: Pair


class Rule(eqx.Module):
    """Which direction each player would take from a position.

    A rule returns what each optimiser is to *descend*: the gradient's place, minus the direction of movement. In
    the formulas below ξ = `gradients(…)` = −v is the simultaneous gradient and H = ξ′ = −J its Jacobian.

    Numbers (γ, weights) are array leaves, so that another value is no other program; what changes the program's
    shape (orders, unrolled steps) is a static field. Schedules that evaluate the rule several times in a step keep
    the rule's state from the last evaluation only, so it moves once per step.
    """

    def init(self, game: Any, players: Pair) -> Any:
        """The rule's state at the start: none, unless the rule remembers something."""
        return ()

    def evaluations(self, dimension: int) -> int | None:
        """What a call costs in gradient evaluations of a game of `dimension` numbers, at most; `None` if unknown.

        A product with H or Hᵀ counts as one evaluation: it is a pass of the same program differentiated, and a
        difference quotient of two gradients would give Hu for as much.
        """
        return None

    @abc.abstractmethod
    def __call__(self, turn: Turn, state: Any) -> tuple[Pair, Any]:
        """What each optimiser is to descend, as a `Pair` of the players' structure, and the rule's new state."""
