import equinox as eqx
import jax
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair, fixed, gradients
from saddlery.games.bilinear import bilinear
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import (
    AdaptiveCompetitive,
    AdaptiveConsensus,
    Averaged,
    Competitive,
    Consensus,
    Delayed,
    Simultaneous,
    Symplectic,
    Unrolled,
)
from saddlery.schedules import (
    alternating,
    extragradient,
    extrapolation_from_past,
    lookahead,
    simultaneous,
)

SCHEDULES = [
    simultaneous(), alternating(), alternating(2, 3), extragradient(), extragradient(False, True),
    extrapolation_from_past(), lookahead(2), lookahead(2, 0.5, alternating()),
]  # fmt: skip


class Halved:
    """A rule that somebody else wrote: half the gradient; nothing but `__call__`."""

    def __call__(self, inputs, state):
        found = gradients(inputs.game, inputs.players, inputs.batch)
        return jax.tree.map(lambda x: x / 2, found), state


def sgd(learning_rate=0.1):
    return optimiser("sgd", learning_rate=learning_rate)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_a_rule_with_nothing_but_a_call_works_under_every_schedule(float64, walk, schedule):
    """Half the gradient under sgd is half the learning rate."""
    game, start = bilinear(1.3), Pair(np.array([0.6]), np.array([-0.8]))
    ours, _ = walk(Method(Halved(), schedule, generator=sgd(0.2), discriminator=sgd(0.2)), game, start, 4)
    same, _ = walk(Method(Simultaneous(), schedule, generator=sgd(), discriminator=sgd()), game, start, 4)
    np.testing.assert_allclose(ours, same, rtol=1e-12)


def test_a_step_is_a_pure_function(gan_position):
    game, players = gan_position[:2]
    adam, rmsprop = optax.adam(0.1), optimiser("rmsprop", learning_rate=0.1)
    method = Method(AdaptiveConsensus(rate=0.1), lookahead(2), generator=adam, discriminator=rmsprop)
    state = method.init(game, players)
    before = jax.tree.map(np.array, (players, state))
    step = eqx.filter_jit(lambda key: method.step(game, players, state, key))
    first, again, another = (step(jax.random.key(seed)) for seed in (3, 3, 4))
    jax.tree.map(np.testing.assert_array_equal, first, again)
    jax.tree.map(np.testing.assert_array_equal, before, (players, state))
    assert not np.array_equal(ravel_pytree(first[0])[0], ravel_pytree(another[0])[0])


def test_batches_are_drawn_from_the_key_and_nothing_else(gan_position):
    """On the fixed game every key gives the same step."""
    game, players, batch = gan_position[:3]
    method = Method(Simultaneous(), simultaneous(), generator=sgd(), discriminator=sgd())
    state = method.init(game, players)
    steps = [method.step(fixed(game, batch), players, state, jax.random.key(seed)) for seed in (1, 2)]
    jax.tree.map(np.testing.assert_array_equal, *steps)


def test_numbers_are_data_and_no_other_program(float64):
    """Another γ, weight, step, coupling and learning rate, whole or not: one trace."""
    traced = []

    @eqx.filter_jit
    def step(method, game, players):
        traced.append(method)
        return method.step(game, players, method.init(game, players), jax.random.key(0))

    start = Pair(np.array([0.6]), np.array([-0.8]))
    for rule in (Consensus, Symplectic, Competitive):
        traced.clear()
        for number in (0.5, 2):
            method = Method(rule(number), simultaneous(), generator=sgd(number), discriminator=sgd())
            step(method, bilinear(number), start)
        assert len(traced) == 1


@pytest.mark.parametrize(
    "rule", [AdaptiveConsensus(rate=1), AdaptiveCompetitive(1), Unrolled(2), Averaged(1), Delayed(2)], ids=str
)
def test_the_state_keeps_its_types(gan_position, rule):
    """So that a compiled step feeds itself, from the first one on."""
    game, players = gan_position[:2]
    adam = optimiser("adam", learning_rate=1, optimism=1)
    method = Method(rule, lookahead(2), generator=adam, discriminator=sgd())
    state = method.init(game, players)
    after = jax.eval_shape(lambda: method.step(game, players, state, jax.random.key(0)))
    types = [
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), tree) for tree in ((players, state), after)
    ]
    assert types[0] == types[1]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"generator": 0.5}, "generator: got 0.5, expected an optimiser"),
        ({"discriminator": 0.1}, "discriminator: got 0.1, expected an optimiser"),
        ({"rule": "consensus"}, "rule: got 'consensus', expected a rule"),
        ({"schedule": Simultaneous()}, r"schedule: got Simultaneous\(\), expected a schedule"),
    ],
)
def test_parts_that_are_none_are_named(parts, message):
    parts = {"rule": Simultaneous(), "schedule": simultaneous(), "generator": sgd(), "discriminator": sgd()} | parts
    with pytest.raises(TypeError, match=message):
        Method(**parts)
