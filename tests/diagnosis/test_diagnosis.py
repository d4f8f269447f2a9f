"""The verdict on games whose fate is known, and the failures that verdicts once had."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain
from checks.truths_gans import Moons

import saddlery as sd
from saddlery.analysis.outcome import Outcome
from saddlery.diagnosis.diagnosis import judged
from saddlery.diagnosis.subject import given
from saddlery.game import adopt
from saddlery.metrics.probes import Losses
from saddlery.networks import MLP


def seen(game, method, players=None, steps=1000, **known):
    """The verdict on players, by default the game's own at their start, and what it rests on."""
    players = adopt(game).init(jax.random.key(3)) if players is None else players
    subject = given(game, method, players, jax.random.key(1), **known)
    state = subject.method.init(subject.game, subject.players) if subject.state is None else subject.state
    _, _, known, found = judged(subject, state, subject.key, steps)
    assert found.word in Outcome
    assert found.because
    return found, known


def outcome(*given, **known):
    """The verdict alone."""
    return seen(*given, **known)[0]


BILINEAR = sd.games.bilinear()
COUPLED = sd.games.bilinear(coupling=jnp.array([0.4, 0.9, 1.3, 0.7]), dimension=4)
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 5))
STABLE = sd.games.quadratic(A @ A.T / 5 + 0.1 * np.eye(5), B, A @ A.T / 5 + 0.1 * np.eye(5))
SADDLE = sd.games.quadratic([[-0.5]], [[0.3]], [[1.0]])


@pytest.mark.parametrize(
    ("word", "game", "name", "rate", "own"),
    [
        ("diverging", BILINEAR, "simultaneous", 1.0, {}),  # leaves the finite numbers
        ("spiralling out", BILINEAR, "simultaneous", 0.1, {}),
        ("spiralling out", BILINEAR, "simultaneous", 0.03, {}),  # × 1.00045 a step
        ("spiralling out", BILINEAR, "simultaneous", 0.01, {}),
        ("spiralling out", BILINEAR, "simultaneous", 0.001, {}),  # a sixth of a turn is seen
        ("converging", BILINEAR, "extragradient", 0.1, {}),
        ("arrived", BILINEAR, "consensus", 0.03, {"gamma": 1.0}),
        ("cycling", BILINEAR, "alternating", 0.1, {}),
        ("cycling", BILINEAR, "alternating", 1.5, {}),  # a few steps a turn
        ("cycling", COUPLED, "alternating", 0.1, {}),  # four turns of different lengths at once
        ("diverging", SADDLE, "simultaneous", 0.01, {}),  # straight on, along the generator's own maximum
        ("converging", STABLE, "simultaneous", 0.01, {}),
        ("converging", STABLE, "simultaneous", 0.001, {}),
        ("diverging", STABLE, "simultaneous", 0.5, {}),
        ("stalled", STABLE, "simultaneous", 0.0, {}),
        ("stalled", STABLE, "simultaneous", 1e-8, {}),
        ("spiralling out", sd.games.dirac("wasserstein"), "simultaneous", 0.1, {}),
        ("stalled", sd.games.dirac("minimax"), "simultaneous", 0.1, {}),  # it ends where the losses saturate
        ("cycling", sd.games.dirac("nonsaturating"), "simultaneous", 0.3, {}),  # a limit cycle
        ("converging", sd.games.dirac("nonsaturating"), "alternating", 0.3, {}),  # as t^−½: slowly, and turning
        ("cycling", sd.games.dirac("wasserstein"), "alternating", 0.3, {}),
        ("arrived", sd.games.dirac("tv"), "extragradient", 0.15, {}),
    ],
)
def test_games_whose_fate_is_known(sgd, word, game, name, rate, own):
    assert outcome(game, sgd(name, rate, **own)).word == word


@pytest.mark.parametrize("steps", [100, 400, 2000])
@pytest.mark.parametrize("rate", [0.01, 0.03])
def test_growth_by_a_turn_decides_however_much_of_it_is_seen(sgd, steps, rate):
    """‖v‖ grows by √(1 + h²) a step: × 1.05 in a thousand at h = 0.01, which once was called cycling."""
    found = outcome(BILINEAR, sgd("simultaneous", rate), steps=steps)
    assert found.word == "spiralling out"
    assert f"{np.sqrt(1 + rate**2):.6g}" in found.because
    assert not found.clear


@pytest.mark.parametrize("theta", [2.0, -2.0])
def test_a_spurious_point_of_rest_is_no_equilibrium(sgd, theta):
    """Of the Dirac-GAN under WGAN-GP: v vanishes at θ = ±2 with ψ → 0, and θ* = 0."""
    game = sd.games.dirac("wasserstein", penalty="wgan_gp(weight=1.0)")
    found = outcome(game, sgd("simultaneous", 0.1), sd.Pair(jnp.array(theta), jnp.array(1e-3)))
    assert found.word == "arrived elsewhere"
    assert "2 from the equilibrium" in found.because
    assert not found.clear


def test_an_equilibrium_has_been_arrived_at(sgd):
    found = outcome(STABLE, sgd("simultaneous", 0.01), STABLE.equilibrium())
    assert (found.word, found.clear) == ("arrived", True)


def test_an_equilibrium_that_is_not_stable_is_no_all_clear(sgd):
    found = outcome(BILINEAR, sgd("simultaneous", 0.1), BILINEAR.equilibrium())
    assert (found.word, found.clear) == ("arrived", False)
    assert "not stable" in found.because


class Unknown(Plain):
    """The stable quadratic, by one who does not know its equilibrium."""

    size, value = 5, 1.0

    def losses(self, discriminator, samples, batch):
        return STABLE.losses(discriminator, samples, batch)


def test_the_field_alone_gives_no_all_clear(sgd):
    """‖v‖ falls to nothing, and whether that is good is not said."""
    for players, word in ((None, "converging"), (STABLE.equilibrium(), "arrived")):
        found = outcome(Unknown(), sgd("simultaneous", 0.01), players)
        assert (found.word, found.clear) == (word, False)
        assert "not known" in found.because


class Noisy(Plain):
    """Two quadratic bowls whose centres are drawn anew in every batch."""

    size, value = 20, 0.0

    def draw(self, key):
        return jax.random.normal(key, (2, 20))

    def losses(self, discriminator, samples, batch):
        return sd.Pair(((samples - batch[0]) ** 2).sum(), ((discriminator - batch[1]) ** 2).sum())


def test_what_hovers_in_the_noise_of_its_batches_has_settled(sgd):
    found = outcome(Noisy(), sgd("simultaneous", 0.1))
    assert (found.word, found.clear) == ("arrived", False)
    assert "settled" in found.because


def test_the_step_of_divergence_of_the_run_is_named(sgd):
    method = sgd("simultaneous", 1.0)
    players = BILINEAR.init(jax.random.key(0))
    run = sd.train(BILINEAR, method, steps=400, players=players, key=0, probes={"losses": Losses()}).only
    lost = int(run.history["diverged_at"])
    found = outcome(BILINEAR, method, players, history=run.history)
    assert found.because == f"the run left the finite numbers at step {lost:,}"
    again = outcome(BILINEAR, method, players).because
    assert again.startswith("it left the finite numbers ")
    assert int(again.split()[-3]) == pytest.approx(lost, abs=4)  # the steps between two records


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
