"""The verdict on GANs that failed in a way that verdicts once took for another."""

import jax
import pytest

import saddlery as sd
from checks.outcomes import outcome, seen
from checks.truths_gans import Moons
from saddlery.networks import MLP


def adam(generator, discriminator, **own):
    """Simultaneous Adam at these rates."""
    rates = {"generator": generator, "discriminator": discriminator}
    return sd.methods.simultaneous(**{p: f"adam(learning_rate={rate}, b1=0.5)" for p, rate in rates.items()}, **own)


RING = sd.games.ring(preset="numerics", width=32, batch=128, std=0.05)


@pytest.mark.parametrize(("player", "rates"), [("discriminator", (1e-3, 1e-7)), ("generator", (1e-7, 1e-3))])
def test_a_player_that_hardly_learns_has_stalled_and_nothing_has_collapsed(player, rates):
    found = outcome(RING, adam(*rates), steps=400)
    assert found.word == "stalled"
    assert f"the {player} hardly moves" in found.because


def test_a_discriminator_that_wins_is_no_collapse():
    """Its rate is 100 times the generator's: it tells all apart, and samples stay near no mode."""
    method = adam(2e-6, 2e-3)
    run = sd.train(
        RING, method, steps=1500, every=50, key=jax.random.key(0), probes=sd.metrics.probes(RING, 500, 0)
    ).only
    found, known = seen(RING, method, run.players, steps=400, state=run.state, history=run.history)
    assert known.quality.separation > 0.99
    assert found.word == "stalled"
    assert "tells real from generated" in found.because or "hardly moves" in found.because


@pytest.fixture(scope="module")
def collapsing():
    """The unrolled paper's ring and simultaneous Adam, which goes from mode to mode and never covers them."""
    game = sd.games.ring(preset="unrolled-paper", batch=128, noise=64)
    method = adam(1e-3, 1e-3)
    run = sd.train(game, method, steps=1500, every=1500, key=jax.random.key(0)).only
    return game, method, run


def test_a_ring_that_goes_from_mode_to_mode_has_collapsed(collapsing):
    game, method, run = collapsing
    found = outcome(game, method, run.players, state=run.state, steps=600)
    assert found.word == "collapsed"
    assert "of the modes are covered and none is being gained" in found.because
    assert "the samples moved over" in found.because


def test_a_ring_on_which_modes_are_being_gained_is_converging(collapsing):
    game, method, run = collapsing
    cure = sd.methods.consensus(gamma=3.0, generator=method.generator, discriminator=method.discriminator)
    found = outcome(game, cure, run.players, steps=800)
    assert (found.word, found.clear) in {("converging", True), ("arrived", True)}


def test_moons_whose_quality_swings_are_no_all_clear():
    """Two moons, relu networks, Adam 5e-3 and 5e-4: the samples are no better than an untrained generator's."""
    game = sd.games.Gan(MLP(8, 2, (64, 64)), MLP(2, 1, (64, 64)), Moons(), noise=8, batch=128)
    rates = {"generator": "adam(learning_rate=5e-3)", "discriminator": "adam(learning_rate=5e-4)"}
    method = sd.methods.simultaneous(**rates)
    run = sd.train(
        game, method, steps=2000, every=100, key=jax.random.key(0), probes=sd.metrics.probes(game, 500, 0)
    ).only
    found, known = seen(game, method, run.players, steps=500, state=run.state, history=run.history)
    assert not found.clear
    assert found.word in ("collapsed", "wandering", "cycling")
    assert known.quality.value > 4 * known.quality.references.perfect


class Far:
    """Real samples far from where a generator begins."""

    def draw(self, key, n):
        return 6.0 + jax.random.normal(key, (n, 2))


def test_a_generator_that_no_longer_hears_a_certain_discriminator_has_stalled():
    """The minimax loss gives it no gradient there (Goodfellow et al., 2014, section 3)."""
    game = sd.games.Gan(MLP(4, 2, (16,)), MLP(2, 1, (16,)), Far(), loss="minimax", noise=4, batch=64)
    method = sd.methods.simultaneous(generator="sgd(learning_rate=1e-3)", discriminator="adam(learning_rate=1e-2)")
    run = sd.train(game, method, steps=1500, every=50, key=jax.random.key(0)).only
    found = outcome(game, method, run.players, steps=100, state=run.state, history=run.history)
    assert found.word == "stalled"
