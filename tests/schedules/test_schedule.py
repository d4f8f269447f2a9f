"""How often a step evaluates the rule is what schedules say."""

import jax
import pytest

import saddlery as sd
from saddlery import schedules
from saddlery.rules import Simultaneous

CALLS = []


class Counting(Simultaneous):
    def __call__(self, inputs, state):
        CALLS.append(inputs)
        return super().__call__(inputs, state)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.simultaneous(),
        schedules.alternating(),
        schedules.alternating(discriminator_steps=5),
        schedules.extragradient(),
        schedules.extrapolation_from_past(),
        schedules.lookahead(2, 0.5, schedules.alternating(3, 2)),
    ],
    ids=str,
)
def test_a_step_evaluates_the_rule_as_often_as_its_schedule_says(schedule):
    game = sd.games.bilinear()
    sgd = sd.optimiser("sgd", learning_rate=0.1)
    method = sd.Method(Counting(), schedule, generator=sgd, discriminator=sgd)
    players = game.init(jax.random.key(0))
    with jax.disable_jit():  # so that loops are Python's
        state = method.init(game, players)
        CALLS.clear()
        method.step(game, players, state, jax.random.key(1))
    assert len(CALLS) == schedule.evaluations
