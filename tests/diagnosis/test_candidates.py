"""Candidates follow from the evidence, and only training makes recommendations of them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import xarray
from scipy import stats

import saddlery as sd
from saddlery.diagnosis import diagnose
from saddlery.diagnosis.candidates import Candidate, consensus_gamma, scaled
from saddlery.diagnosis.evidence import Evidence
from saddlery.diagnosis.verification import compared, interval

KEY = jax.random.key(0)


@pytest.mark.parametrize(("magnitude", "gamma"), [(0.35, 3.0), (1.0, 1.0), (7.0, 0.1), (1e-5, 100.0), (1e5, 0.01)])
def test_consensus_damps_the_mode_that_carries_v_as_fast_as_it_turns(magnitude, gamma):
    mode = np.array([-3.0, 1j * magnitude, 0.2j])
    assert consensus_gamma(Evidence(sd.Pair(1.0, 1.0), 0.0, carrying=mode)) == gamma
    assert consensus_gamma(Evidence(sd.Pair(1.0, 1.0), 0.0, carrying=mode[:1])) == 1.0


def test_a_learning_rate_is_scaled_in_ours_and_the_update_in_any_other():
    ours = scaled(sd.optimiser("adam", learning_rate=1e-2, b1=0.5), 0.1)
    assert float(ours.numbers["learning_rate"]) == pytest.approx(1e-3)
    assert float(ours.numbers["b1"]) == 0.5
    theirs = scaled(optax.adam(1e-2), 0.1)
    updates, _ = theirs.update(jnp.ones(2), theirs.init(jnp.ones(2)), jnp.ones(2))
    np.testing.assert_allclose(updates, -1e-3 * np.ones(2), rtol=1e-4)


def test_what_diverges_by_too_large_a_step_is_given_half_the_stable_one(sgd):
    """L_g = g², L_d = 5d²: J = diag(−2, −10), so that steps below 0.2 are stable."""
    game = sd.games.quadratic([[2.0]], [[0.0]], [[10.0]])
    players = sd.Pair(jnp.ones(1), jnp.ones(1))
    found = diagnose(game, sgd("simultaneous", 0.21), players, key=KEY, verify=True, seeds=2, steps=200)
    assert found.verdict.word == "diverging"
    assert found.candidates[0].name == "learning rate 0.1"
    assert found.recommendations[0].candidate.name == "learning rate 0.1"
    assert "‖v‖" in str(found)


def test_a_cycle_is_broken_and_only_what_training_confirms_is_recommended(sgd):
    game = sd.games.bilinear()
    method = sgd("alternating", 0.1)
    found = diagnose(game, method, game.init(KEY), key=KEY, verify=True, seeds=2, steps=500)
    assert found.verdict.word == "cycling"
    assert [candidate.name for candidate in found.candidates] == ["extragradient", "consensus(gamma=1)"]
    assert {each.candidate.name for each in found.recommendations} == {"extragradient", "consensus(gamma=1)"}
    assert "RECOMMENDED: consensus(gamma=1)" in str(found)
    untried = diagnose(game, method, game.init(KEY), key=KEY, steps=500)
    assert untried.recommendations == []
    assert "RECOMMENDED" not in str(untried)
    assert "candidate: extragradient" in str(untried)


def test_slower_growth_is_no_recommendation(sgd):
    game = sd.games.bilinear()
    found = diagnose(game, sgd("simultaneous", 0.1), game.init(KEY), key=KEY, verify=True, seeds=2, steps=500)
    assert found.verdict.word == "diverging"
    smaller = next(each for each in found.verifications if each.candidate.name == "learning rate 0.01")
    assert smaller.gain > 1
    assert not smaller.confirmed
    assert {each.candidate.name for each in found.recommendations} == {"extragradient", "consensus(gamma=1)"}


def test_nothing_is_changed_where_training_converges(sgd):
    game = sd.games.bilinear()
    found = diagnose(game, sgd("extragradient", 0.1), game.init(KEY), key=KEY, verify=True, steps=500)
    assert found.verdict.word == "converging"
    assert found.candidates == found.verifications == found.recommendations == []
    assert "Nothing to change" in str(found)


def test_without_second_derivatives_consensus_is_no_candidate(sgd, rooted):
    """Alternation makes it circle; what needs H is left out, and said to be."""
    players = sd.Pair(jnp.zeros(3), jnp.zeros(3))
    found = diagnose(rooted, sgd("simultaneous", 0.0), players, key=KEY, steps=100)
    assert not any("consensus" in candidate.name for candidate in found.candidates)
    assert "not computed: eigenvalues, rotation" in str(found)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_student_s(seed):
    gains = np.random.default_rng(seed).normal(1.0, 2.0, 6)
    assert interval(gains)[1:] == pytest.approx(stats.ttest_1samp(gains, 0).confidence_interval(0.95))


def history(modes, diverged_at=-1):
    """Seeds of the same number of modes at every one of four records."""
    modes = np.repeat(np.asarray(modes, float)[:, None], 4, 1)
    return xarray.Dataset({"modes": (("seed", "step"), modes), "diverged_at": ("seed", [diverged_at] * len(modes))})


@pytest.mark.parametrize(
    ("with_it", "diverged_at", "confirmed"),
    [
        ([7, 8, 8, 7], -1, True),
        ([7, 8, 8, 7], 30, False),  # a seed leaves the finite numbers
        ([1, 8, 8, 1], -1, False),  # half the seeds gain nothing: the interval holds zero
        ([1.6, 1.5, 1.5, 1.6], -1, False),  # certain, and less than a mode
        ([1, 1, 1, 1], -1, False),
    ],
)
def test_what_confirms_a_candidate(with_it, diverged_at, confirmed):
    candidate = Candidate("a change", None, None, "")
    made = compared(candidate, history([1, 1, 1, 1]), history(with_it, diverged_at))
    assert made.confirmed is confirmed
    assert made.gain == pytest.approx(np.mean(with_it) - 1)
