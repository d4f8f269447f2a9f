"""Divergence: the step at which a run's numbers cease to be finite."""

from saddlery.game import Game
from saddlery.method import Method
from saddlery.runs.cell import Carry
from saddlery.runs.finiteness import finite
from saddlery.runs.steps import steps_from
from saddlery.types import Key, Scalar


def last_finite(
    game: Game, method: Method, carry: Carry, decay: Scalar, key: Key, step: int, n: int, watched: tuple[bool, ...]
) -> tuple[int, Carry]:
    """The last finite step of the `n` from `step`, by bisection: steps can be taken again exactly.

    So the loop itself need not look at every step. Numbers that are not finite stay so.
    """
    while n > 1:
        reached = steps_from(game, method, carry, decay, key, step, n // 2)
        if finite(reached, watched):
            step, carry, n = step + n // 2, reached, n - n // 2
        else:
            n = n // 2
    return step, carry
