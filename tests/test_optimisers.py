import itertools
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from saddlery.optimisers import OPTIMISERS, optimiser

START = {"weight": np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.1]]), "bias": np.array([0.3, -0.2])}
MORE = {  # beside the learning rate, so that arguments arrive where they belong
    "adam": {"b1": 0.5, "eps_root": 1e-8, "nesterov": True},
    "adamw": {"weight_decay": 0.1},
    "rmsprop": {"decay": 0.8, "initial_scale": 1.0, "centered": True, "momentum": 0.3, "eps_in_sqrt": True},
    "sgd": {"momentum": 0.5, "nesterov": True},
}


def slopes(step):
    """Gradients of some steps, not all of one sign or size."""
    return jax.tree.map(lambda x: np.cos(3.0 * x + step) * 2.0**-step, START)


def descend(transformation, steps=4):
    """The parameters after each step."""
    parameters, state = START, transformation.init(START)
    for step in range(steps):
        updates, state = transformation.update(slopes(step), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        yield parameters


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12), ours, theirs)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_it_is_optax_with_its_numbers_as_data(float64, name):
    """The same steps as optax's own with the numbers compiled in; another learning rate is no other program."""
    traced = []

    @eqx.filter_jit
    def ours(transformation):
        traced.append(name)
        return list(descend(transformation))

    for learning_rate in (0.05, 0.3):
        arguments = {"learning_rate": learning_rate} | MORE.get(name, {})
        theirs = jax.jit(lambda arguments=arguments: list(descend(getattr(optax, name)(**arguments))))
        assert_same(ours(optimiser(name, **arguments)), theirs())
    assert len(traced) == 1


def test_every_number_is_data_defaults_and_whole_numbers_too():
    """So no value given tells one program from another; booleans and names do."""
    plain = optimiser("adam", learning_rate=1e-3)
    other = optimiser("adam", learning_rate=1, b1=0, eps_root=np.float64(1e-16), b2=jnp.array(0.5), eps=np.array(0.1))
    assert jax.tree.structure(plain) == jax.tree.structure(other)
    assert jax.tree.structure(plain) != jax.tree.structure(optimiser("adam", learning_rate=1e-3, nesterov=True))
    assert all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in jax.tree.leaves(other))


@pytest.mark.parametrize("limit", [0.4, 1])
def test_clip_bounds_every_entry_before_the_optimiser(float64, limit):
    found = descend(optimiser("sgd", learning_rate=0.1, momentum=0.5, clip=limit))
    expected, parameters, m = [], START, jax.tree.map(np.zeros_like, START)
    for step in range(4):
        m = jax.tree.map(lambda m, s: 0.5 * m + np.clip(s, -limit, limit), m, slopes(step))
        parameters = jax.tree.map(lambda p, m: p - 0.1 * m, parameters, m)
        expected.append(parameters)
    assert_same(found, expected)


@pytest.mark.parametrize("limit", [0.4, 1, 100.0])
def test_clip_norm_shortens_the_whole_gradient(float64, limit):
    found = descend(optimiser("sgd", learning_rate=0.1, clip_norm=limit))
    expected, parameters = [], START
    for step in range(4):
        length = np.sqrt(sum((s**2).sum() for s in jax.tree.leaves(slopes(step))))
        short = min(1.0, limit / length)
        parameters = jax.tree.map(lambda p, s, short=short: p - 0.1 * short * s, parameters, slopes(step))
        expected.append(parameters)
    assert_same(found, expected)


@pytest.mark.parametrize("optimism", [0.5, 1])
def test_optimism_adds_the_change_of_the_update(float64, optimism):
    """uₜ + β(uₜ − uₜ₋₁), the first change zero, of the updates u of the optimiser alone."""
    alone = [START, *descend(optimiser("sgd", learning_rate=0.1, momentum=0.5))]
    u = [jax.tree.map(np.subtract, after, before) for before, after in itertools.pairwise(alone)]
    expected, parameters = [], START
    for now, before in zip(u, [u[0], *u[:-1]], strict=True):
        parameters = jax.tree.map(lambda p, n, b: p + n + optimism * (n - b), parameters, now, before)
        expected.append(parameters)
    assert_same(descend(optimiser("sgd", learning_rate=0.1, momentum=0.5, optimism=optimism)), expected)


def test_a_schedule_is_a_learning_rate(float64):
    schedule = optax.linear_schedule(0.3, 0.1, 3)
    assert_same(descend(optimiser("sgd", learning_rate=schedule)), descend(optax.sgd(schedule)))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("adm", {"learning_rate": 0.1}, "unknown optimiser 'adm'; did you mean 'adam'? Allowed: adabelief, "),
        (
            "adam",
            {"learning_rate": 0.1, "beta1": 0.5},
            "unknown argument of adam 'beta1'; did you mean 'b1'?",
        ),
        ("sgd", {"learning_rate": 0.1, "clip_nrm": 1.0}, "did you mean 'clip_norm'?"),
        ("adam", {}, "optimiser: adam needs learning_rate"),
    ],
)
def test_what_is_unknown_or_missing_is_named(name, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        optimiser(name, **arguments)


@pytest.mark.parametrize("argument", ["learning_rate", "b1", "clip"])
def test_a_number_that_is_none_is_named(argument):
    with pytest.raises(ValueError, match=f"{argument}: got 'x', expected a number"):
        optimiser("adam", **{"learning_rate": 0.1, argument: "x"})
