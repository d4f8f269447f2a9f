"""The protocol of a rule: from a position of the game to the directions that the players descend."""

import abc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx

from saddlery.game import Game
from saddlery.text.arguments import whole
from saddlery.types import Batch, Memory, Pair, Players, Scalar


def repeated(argument: str, least: int = 1) -> Callable[[Any], int]:
    """Check how often something is repeated within one step of training: from `least` to 10,000 times.

    >>> repeated("steps")(10)
    10
    """
    return partial(whole, argument, least=least, most=10_000, why="a step of training is not stopped before its end")


class RuleInput(NamedTuple):
    """The input of a rule: all that it may look at.

    `players` and `batch` are those of this evaluation; `optimisers` and `states` are both players' optimisers and
    their present states, which only rules that imagine the opponent's updates need. `others` are further batches,
    drawn independently, for a rule whose `batches` is more than one; a deterministic look at a game has none.
    """

    game: Any
    players: Pair
    batch: Any
    optimisers: Pair
    states: Pair
    others: tuple[Batch, ...] = ()


class Rule(eqx.Module):
    """A rule: from a position to the direction that each player descends.

    A rule returns what each optimiser is to *descend*: the gradient's place, minus the direction of movement. In
    the formulas below ξ = `gradients(…)` = −v is the simultaneous gradient and H = ξ′ = −J its Jacobian.

    Numbers (γ, weights) are array leaves, so that another value is no other program; what changes the program's
    shape (orders, unrolled steps) is a static field. Schedules that evaluate the rule several times in a step keep
    the rule's state from the last evaluation only, so it moves once per step. A rule with an attribute `batches` is
    given so many independent batches at each evaluation.

        >>> import saddlery as sd
        >>> class Halved(sd.rules.Rule):
        ...     def __call__(self, inputs, state):
        ...         xi = sd.gradients(inputs.game, inputs.players, inputs.batch)
        ...         return sd.Pair(xi.generator / 2, xi.discriminator / 2), state
        >>> sd.Method(Halved(), sd.schedules.simultaneous()).rule
        Halved()
    """

    def init(self, game: Game, players: Players) -> Memory:
        """The rule's initial memory: none, unless the rule remembers something."""
        return ()

    def evaluations(self, dimension: int) -> int | None:
        """The cost of a call in gradient evaluations of a game of `dimension` numbers, at most; `None` if unknown.

        A product with H or Hᵀ counts as one evaluation: it is a pass of the same program differentiated, and a
        difference quotient of two gradients would give Hu for as much.
        """
        return None

    def records(self, state: Memory) -> dict[str, Scalar]:
        """Numbers of the rule's state that training records beside the probes', by name: none, unless it adapts."""
        return {}

    @abc.abstractmethod
    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Pair, Any]:
        """What each optimiser is to descend, as a `Pair` of the players' structure, and the rule's new state."""
