"""Steps are the method's own, however they are cut, and one program for all numbers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.runs.steps import advance, start

KEY = jax.random.key(3)


@pytest.mark.long
def test_steps_are_the_methods_own(ring, method, train):
    run = train(ring, method)
    first, step_key, _ = jax.random.split(KEY, 3)
    players = ring.init(first)
    state = method.init(ring, players)
    step = eqx.filter_jit(lambda p, s, k: method.step(ring, p, s, k))
    for i in range(30):
        players, state = step(players, state, jax.random.fold_in(step_key, jnp.int32(i)))
    for ours, plain in zip(jax.tree.leaves(run.players), jax.tree.leaves(players), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=2e-4, atol=1e-6)


def test_same_bits_however_the_steps_are_cut(ring, method):
    carry = start(ring, method, KEY, None, True)
    decay, number = jnp.asarray(0.9), lambda n: jnp.asarray(n, jnp.int32)
    whole = advance(ring, method, carry, decay, KEY, number(0), number(20))
    parts = carry
    for first, n in ((0, 1), (1, 12), (13, 7)):
        parts = advance(ring, method, parts, decay, KEY, number(first), number(n))
    assert jax.tree.all(jax.tree.map(np.array_equal, whole, parts))


def test_another_number_is_no_other_program(ring, train):
    traces = []

    class Counting(sd.rules.Simultaneous):
        weight: jax.Array

        def __call__(self, inputs, state):
            traces.append(1)
            return super().__call__(inputs, state)

    seen = 0
    for weight, rate in ((1.0, 1e-3), (2.0, 1e-2)):
        optimiser = sd.optimiser("adam", learning_rate=rate)
        counted = sd.Method(
            Counting(jnp.asarray(weight)), sd.schedules.simultaneous(), generator=optimiser, discriminator=optimiser
        )
        train(ring, counted)
        seen = seen or len(traces)
    assert 0 < len(traces) == seen
