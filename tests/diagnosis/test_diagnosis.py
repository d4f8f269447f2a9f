"""The verdict on games whose fate is known, and the failures that verdicts once had; of GANs they are in checks."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain
from checks.outcomes import outcome

import saddlery as sd
from saddlery.metrics.probes import Losses

BILINEAR = sd.games.bilinear()
COUPLED = sd.games.bilinear(coupling=jnp.array([0.4, 0.9, 1.3, 0.7]), dimension=4)
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 5))
STABLE = sd.games.quadratic(A @ A.T / 5 + 0.1 * np.eye(5), B, A @ A.T / 5 + 0.1 * np.eye(5))
SADDLE = sd.games.quadratic([[-0.5]], [[0.3]], [[1.0]])


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.parametrize(
    ("measure", "known", "said"), [("shortfall", True, 1), ("distance", True, 0), ("shortfall", False, 0)]
)
def test_what_trials_are_worth_stands_beside_advice_that_was_tried_on_samples(monkeypatch, measure, known, said):
    """It was measured of samples' quality, so nothing is said of a game without, nor before anything was measured."""
    from saddlery.analysis.forecast import Share, TrialsMeasured
    from saddlery.diagnosis import words

    held = TrialsMeasured(1000, 0.1, 0.05, Share(30, 40)) if known else None
    monkeypatch.setattr(words, "trials", lambda: held)
    tried = SimpleNamespace(verifications=[SimpleNamespace(measure=measure)])
    found = words._worth(tried)
    assert len(found) == said
    assert all("30 helped in full training" in text for _, text in found)
    assert words._worth(SimpleNamespace(verifications=None)) == []
