"""XLA's optimisations, with which users run, change rounding and nothing else.

Most tests compile without them. Here one of each rule, network family, schedule and spectrum is computed in three ways:
without the optimisations, with them, and in double precision, which is nearly exact. What rounding does to a result
depends on the program (a solve amplifies it by its condition, a step of training repeats it), and the distance of the
unoptimised result from the exact one measures it. Optimised, sums are merely taken in another order and products are
fused: its distance is of the same size. A factor of ten allows for luck, and eight units in the last place of the
largest number for results that are hit nearly exactly; a wrong program is off by a share of that number.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import saddlery as sd
from checks.shared import without_optimisations
from saddlery import rules, schedules
from saddlery.networks import FAMILIES, family
from saddlery.rules import RuleInput
from saddlery.types import Pair

LUCK, ULPS = 10.0, 8.0
MOST = 1e-2  # of the largest number: where rounding did more to it than this, nothing would be compared
SGD = Pair(sd.optimiser("sgd", learning_rate=0.1, momentum=0.5), sd.optimiser("sgd", learning_rate=0.05))


def doubled(tree):
    """The same numbers in double precision."""

    def double(leaf):
        return leaf.astype(np.float64) if eqx.is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(double, tree)


def computed(function, arguments, optimised):
    """The numbers of a function's result, compiled anew."""
    jax.config.update("jax_disable_most_optimizations", not optimised)
    try:
        found = eqx.filter_jit(lambda *given: function(*given))(*arguments)  # a new function is a new program
    finally:
        jax.config.update("jax_disable_most_optimizations", True)
    return np.asarray(ravel_pytree(eqx.filter(found, eqx.is_inexact_array))[0])


def distance(one, other):
    """The largest distance of any number."""
    return np.abs(one.astype(np.float64) - other.astype(np.float64)).max()


@pytest.fixture
def same():
    """`same(function, *arguments)`: asserts that the optimised program computes what the unoptimised one does."""

    def same(function, *arguments):
        unoptimised, optimised = (computed(function, arguments, optimised) for optimised in (False, True))
        with jax.enable_x64(True):
            exact = computed(function, doubled(arguments), False)
        assert unoptimised.dtype == optimised.dtype == np.float32
        assert exact.dtype == np.float64
        assert np.isfinite(exact).all()
        size = np.abs(exact).max()
        rounding = max(distance(unoptimised, exact), ULPS * np.finfo(np.float32).eps * size)
        assert 0 < rounding < MOST * size
        assert distance(optimised, exact) <= LUCK * rounding
        assert distance(optimised, unoptimised) <= LUCK * rounding

    return same


@pytest.fixture(scope="module")
def ring():
    """A small ring, one of its batches, and players that have trained a little."""
    game = sd.games.ring("numerics", width=4, noise=4, batch=16)
    players = game.init(jax.random.key(1))
    return sd.fixed(game, game.draw(jax.random.key(2))), players


RULES = [
    rules.AdaptiveCompetitive(0.1), rules.AdaptiveConsensus(0.1, target=1.0), rules.Averaged(0.9),
    rules.Competitive(0.1), rules.Consensus(1.0), rules.Delayed(2), rules.Ensemble(3), rules.Krylov(3),
    rules.Neumann(3), rules.Newton(0.5), rules.Simultaneous(), rules.Symplectic(), rules.Unrolled(3),
]  # fmt: skip
SCHEDULES = [
    schedules.alternating(2), schedules.best_response(), schedules.extragradient(),
    schedules.extrapolation_from_past(), schedules.lookahead(2), schedules.simultaneous(),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_a_rule(ring, rule, same):
    def direction(rule, game, players):
        states = Pair(*(each.init(player) for each, player in zip(SGD, players, strict=True)))
        inputs = RuleInput(game, players, game.draw(jax.random.key(0)), SGD, states)
        return rule(inputs, rule.init(game, players))[0]

    same(direction, rule, *ring)


def test_every_rule_is_here():
    public = {getattr(rules, name) for name in rules.__all__} - {rules.Rule, rules.RuleInput}
    assert {type(rule) for rule in RULES} == public


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_a_schedule(ring, schedule, same):
    def walked(method, game, players):
        state = method.init(game, players)
        for i in range(3):
            players, state = method.step(game, players, state, jax.random.key(i))
        return players.generator if known else players  # the best discriminator may have ends at infinity

    known = isinstance(schedule, schedules.best_response)
    method = sd.Method(rules.Simultaneous(), schedule, generator=SGD.generator, discriminator=SGD.discriminator)
    if known:
        game = sd.games.two_gaussians()
        ring = sd.fixed(game, game.draw(jax.random.key(2))), game.init(jax.random.key(1))
    same(walked, method, *ring)


def test_every_schedule_is_here():
    public = {getattr(schedules, name) for name in schedules.__all__} - {schedules.Schedule, schedules.State}
    assert {type(schedule) for schedule in SCHEDULES} == public


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_family(name, same):
    """A batch of images, their scores, and the generator's gradient through both networks."""
    networks = family(f"{name}(width=2)", size=8, channels=1, noise=4)
    keys = jax.random.split(jax.random.key(0), 3)
    noise = jax.random.normal(keys[0], (4, 4))
    parameters = networks.generator.init(keys[1]), networks.discriminator.init(keys[2])

    def played(generator, discriminator, noise):
        def score(generator):
            images = networks.generator.apply(generator, noise)
            scores = networks.discriminator.apply(discriminator, images)
            return jax.nn.softplus(-scores).mean(), (images, scores)

        return jax.value_and_grad(score, has_aux=True)(generator)

    same(played, *parameters, noise)


def eigenvalues(of, optimised, game, players):
    """What a function of a game finds there, compiled in one of the ways."""
    without_optimisations(not optimised)
    try:
        return np.asarray(of(game, players), complex)
    finally:
        without_optimisations(True)


def apart(some, others):
    """The largest distance of a number of either from the nearest of the other."""
    between = np.abs(some[:, None] - others[None])
    return max(between.min(0).max(), between.min(1).max())


KEY = jax.random.key(3)
DESCENT = sd.methods.alternating(generator=SGD.generator, discriminator=SGD.discriminator)
SPECTRA = {
    "the whole matrix": lambda game, players: sd.spectrum(game, players, key=KEY).eigenvalues,
    "products": lambda game, players: sd.spectrum(game, players, key=KEY, k=1).eigenvalues,
    "a rule's field": lambda game, players: sd.spectrum(game, players, key=KEY, rule=rules.Consensus(0.5)).eigenvalues,
    "a player's Hessian": lambda game, players: sd.critical_point(game, players, key=KEY).discriminator.values,
    "a method's update": lambda game, players: sd.multipliers(game, DESCENT, players, key=KEY, k=None).values,
}


@pytest.mark.parametrize("name", SPECTRA)
def test_a_spectrum(ring, name):
    """Eigenvalues of matrices that are not normal: rounding moves them by as much as their condition allows."""
    game, players = ring
    unoptimised, optimised = (eigenvalues(SPECTRA[name], way, game, players) for way in (False, True))
    with jax.enable_x64(True):
        exact = eigenvalues(SPECTRA[name], False, doubled(game), doubled(players))
    size = np.abs(exact).max()
    rounding = max(apart(unoptimised, exact), ULPS * np.finfo(np.float32).eps * size)
    assert rounding < MOST * size
    assert apart(optimised, exact) <= LUCK * rounding
    assert apart(optimised, unoptimised) <= LUCK * rounding
