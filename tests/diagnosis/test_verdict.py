"""The verdict on games whose fate is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain

import saddlery as sd
from saddlery.diagnosis.diagnosis import gathered
from saddlery.diagnosis.subject import given
from saddlery.diagnosis.trial import trial_run
from saddlery.diagnosis.verdict import WORDS, verdict
from saddlery.game import adopt
from saddlery.metrics.probes import Losses
from saddlery.networks import MLP


def judged(game, method, players=None, steps=1000, **known):
    """The verdict on players, by default the game's own at their start."""
    players = adopt(game).init(jax.random.key(3)) if players is None else players
    subject = given(game, method, players, jax.random.key(1), **known)
    state = subject.method.init(subject.game, subject.players) if subject.state is None else subject.state
    found = verdict(gathered(subject, trial_run(subject.game, method, subject.players, state, subject.key, steps)))
    assert found.word in WORDS
    assert found.because
    return found


BILINEAR = sd.games.bilinear()
COUPLED = sd.games.bilinear(coupling=jnp.array([0.4, 0.9, 1.3, 0.7]), dimension=4)
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 5))
STABLE = sd.games.quadratic(A @ A.T / 5 + 0.1 * np.eye(5), B, A @ A.T / 5 + 0.1 * np.eye(5))


@pytest.mark.parametrize(
    ("word", "game", "name", "rate", "own"),
    [
        ("diverging", BILINEAR, "simultaneous", 1.0, {}),  # leaves the finite numbers
        ("diverging", BILINEAR, "simultaneous", 0.1, {}),
        ("cycling", BILINEAR, "simultaneous", 0.01, {}),
        ("converging", BILINEAR, "extragradient", 0.1, {}),
        ("converging", BILINEAR, "consensus", 0.03, {"gamma": 1.0}),
        ("cycling", BILINEAR, "alternating", 0.1, {}),
        ("cycling", BILINEAR, "alternating", 1.5, {}),  # a few steps a turn
        ("cycling", COUPLED, "alternating", 0.1, {}),  # four turns of different lengths at once
        ("converging", STABLE, "simultaneous", 0.01, {}),
        ("converging", STABLE, "simultaneous", 0.001, {}),
        ("diverging", STABLE, "simultaneous", 0.5, {}),
        ("stalled", STABLE, "simultaneous", 0.0, {}),
        ("stalled", STABLE, "simultaneous", 1e-8, {}),
        ("diverging", sd.games.dirac("wasserstein"), "simultaneous", 0.1, {}),
        ("stalled", sd.games.dirac("minimax"), "simultaneous", 0.1, {}),  # it ends where the losses saturate
        ("stalled", sd.games.dirac("minimax"), "simultaneous", 1.0, {}),
        ("cycling", sd.games.dirac("nonsaturating"), "simultaneous", 0.3, {}),
        ("cycling", sd.games.dirac("wasserstein"), "alternating", 0.3, {}),
        ("converging", sd.games.dirac(penalty="r1(weight=1.0)"), "simultaneous", 0.1, {}),
        ("cycling", sd.games.dirac(), "alternating", 0.3, {}),
    ],
)
def test_games_whose_fate_is_known(sgd, word, game, name, rate, own):
    assert judged(game, sgd(name, rate, **own)).word == word


def test_an_equilibrium_has_been_arrived_at(sgd):
    found = judged(BILINEAR, sgd("simultaneous", 0.1), BILINEAR.equilibrium())
    assert found.word == "converging"
    assert "arrived" in found.because


class Noisy(Plain):
    """Two quadratic bowls whose centres are drawn anew in every batch."""

    size, value = 20, 0.0

    def draw(self, key):
        return jax.random.normal(key, (2, 20))

    def losses(self, discriminator, samples, batch):
        return sd.Pair(((samples - batch[0]) ** 2).sum(), ((discriminator - batch[1]) ** 2).sum())


def test_what_hovers_in_the_noise_of_its_batches_has_settled(sgd):
    found = judged(Noisy(), sgd("simultaneous", 0.1))
    assert found.word == "converging"
    assert "settled" in found.because


def test_the_step_of_divergence_of_the_run_is_named(sgd):
    method = sgd("simultaneous", 1.0)
    players = BILINEAR.init(jax.random.key(0))
    run = sd.train(BILINEAR, method, steps=400, players=players, key=0, probes={"losses": Losses()}).only
    lost = int(run.history["diverged_at"])
    found = judged(BILINEAR, method, players, history=run.history)
    assert found.because == f"the run left the finite numbers at step {lost:,}"
    again = judged(BILINEAR, method, players).because
    assert again.startswith("it left the finite numbers ")
    assert int(again.split()[-3]) == pytest.approx(lost, abs=4)  # the steps between two records


@pytest.fixture(scope="module")
def collapsing():
    """The unrolled paper's ring and simultaneous Adam, which goes from mode to mode and never covers them."""
    game = sd.games.ring(preset="unrolled-paper", batch=128, noise=64)
    method = sd.methods.simultaneous(
        **dict.fromkeys(("generator", "discriminator"), "adam(learning_rate=1e-3, b1=0.5)")
    )
    run = sd.train(game, method, steps=1500, every=1500, key=jax.random.key(0)).only
    return game, method, run


def test_a_ring_that_goes_from_mode_to_mode_has_collapsed(collapsing):
    game, method, run = collapsing
    found = judged(game, method, run.players, state=run.state, steps=600)
    assert found.word == "collapsed"
    assert "of 8 modes are covered, and none is being gained; the samples moved over" in found.because


def test_a_ring_on_which_modes_are_being_gained_is_converging(collapsing):
    game, method, run = collapsing
    cure = sd.methods.consensus(gamma=3.0, generator=method.generator, discriminator=method.discriminator)
    found = judged(game, cure, run.players, steps=800)
    assert found.word == "converging"
    assert "modes" in found.because


class Far:
    """Real samples far from where a generator begins."""

    def draw(self, key, n):
        return 6.0 + jax.random.normal(key, (n, 2))


def test_a_generator_that_no_longer_hears_a_certain_discriminator_has_stalled():
    """The minimax loss gives it no gradient there (Goodfellow et al., 2014, section 3)."""
    game = sd.games.Gan(MLP(4, 2, (16,)), MLP(2, 1, (16,)), Far(), loss="minimax", noise=4, batch=64)
    method = sd.methods.simultaneous(generator="sgd(learning_rate=1e-3)", discriminator="adam(learning_rate=1e-2)")
    run = sd.train(game, method, steps=1500, every=50, key=jax.random.key(0)).only
    found = judged(game, method, run.players, steps=100, state=run.state, history=run.history)
    assert found.word == "stalled"
    assert "the discriminator tells real from generated 100.0% of the time" in found.because
