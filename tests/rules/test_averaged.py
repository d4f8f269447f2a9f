import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.rules import Averaged, Delayed, Ensemble, RuleInput


@pytest.fixture
def answers(gan_position):
    """`answers(rule, history)`: the directions as the discriminator moves through a history, and those expected.

    What is expected comes from a plain list: `stand_in(past)` is the discriminator that the generator answers.
    """
    game, (generator, discriminator), batch = gan_position[:3]

    @eqx.filter_jit
    def turn(rule, discriminator, state):
        return rule(RuleInput(game, Pair(generator, discriminator), batch, None, None), state)

    @jax.jit
    def expected(stand_ins, now):
        def loss(player, generator, discriminator):
            return getattr(game.losses(discriminator, game.act(generator, batch), batch), player)

        against = [jax.grad(lambda g, d=d: loss("generator", g, d))(generator) for d in stand_ins]
        return Pair(
            mean(against),
            jax.grad(lambda d: loss("discriminator", generator, d))(now),
        )

    def answers(rule, stand_in, steps=7):
        history = [jax.tree.map(lambda x, t=t: jnp.cos(3 * t * x) + t, discriminator) for t in range(steps)]
        state = rule.init(game, Pair(generator, history[0]))
        for t, now in enumerate(history):
            direction, state = turn(rule, now, state)
            found = stand_in(history[: t + 1])
            yield direction, expected(found if isinstance(found, list) else [found], now)

    return answers


def mean(history):
    return jax.tree.map(lambda *positions: sum(positions) / len(positions), *history)


def exponential(decay):
    """d̄ₜ = d̄ₜ₋₁ + (dₜ − d̄ₜ₋₁) max(1/t, 1 − decay)."""

    def average(history):
        running = history[0]
        for t, now in enumerate(history[1:], start=2):
            share = max(1 / t, 1 - decay)
            running = jax.tree.map(lambda old, new, share=share: (1 - share) * old + share * new, running, now)
        return running

    return average


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "stand_in"),
    [
        (Averaged, mean),
        (lambda: Averaged(0.6), exponential(0.6)),
        (lambda: Averaged(0.0), lambda history: history[-1]),
        (lambda: Delayed(3), lambda history: history[max(0, len(history) - 4)]),
        (lambda: Delayed(0), lambda history: history[-1]),
        (lambda: Ensemble(3), lambda history: [history[max(0, len(history) - k)] for k in (1, 2, 3)]),
        (
            lambda: Ensemble(2, every=3),
            lambda history: [history[(t := (len(history) - 1) // 3 * 3)], history[max(0, t - 3)]],
        ),
        (lambda: Ensemble(1), lambda history: history[-1]),
    ],
    ids=["mean", "exponential", "no memory", "delayed", "no delay", "ensemble", "old ensemble", "of one"],
)
def test_the_generator_answers_a_discriminator_of_its_history(answers, rule, stand_in):
    for found, expected in answers(rule(), stand_in):
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12), found, expected)


def test_an_ensemble_against_which_a_loss_is_linear_is_its_average(float64):
    """On the bilinear game ∇_g L_g is linear in d: an ensemble of all discriminators so far is their average."""
    game = bilinear(1.3, dimension=2)
    generator, history = jnp.array([0.5, -1.0]), [jnp.array([1.0, 2.0]) * t for t in range(4)]
    found = []
    for rule in (Ensemble(4), Averaged()):
        state = rule.init(game, Pair(generator, history[0]))
        for now in history:
            direction, state = rule(RuleInput(game, Pair(generator, now), (), None, None), state)
        found.append(direction.generator)
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_a_delay_is_a_whole_number(steps):
    with pytest.raises(ValueError, match=f"steps: got {steps}, expected a whole number from 0 to 1000000"):
        Delayed(steps)


def test_discriminators_for_which_there_is_no_memory_are_refused(monkeypatch):
    game = bilinear(dimension=3)
    players = game.init(jax.random.key(0))
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 48)
    assert Delayed(3).init(game, players).shape == (4, 3)
    with pytest.raises(ValueError, match=r"^steps: so many discriminators would take"):
        Delayed(4).init(game, players)
