"""Candidates follow from the verdict and the evidence, and only training makes recommendations of them."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import stats

import saddlery as sd
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.diagnosis import diagnose
from saddlery.diagnosis.advice import change
from saddlery.diagnosis.candidates import Candidate, candidates, consensus_gamma, scaled
from saddlery.diagnosis.checkpoints import independent
from saddlery.diagnosis.evidence import Evidence
from saddlery.diagnosis.spelled import spelled
from saddlery.diagnosis.subject import given
from saddlery.diagnosis.verification import Runs, compared, deterministic, interval

pytestmark = pytest.mark.long

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


def proposed(word, method, turning=0.0, game=None):
    """The candidates for a verdict of this word, where this much of what J does along v is rotation."""
    game = sd.games.bilinear() if game is None else game
    subject = given(game, method, game.init(KEY), KEY)
    seen = Evidence(sd.Pair(1.0, 1.0), 0.0, turning=turning, carrying=np.array([1j]))
    return candidates(Verdict(Outcome(word), "so it is"), subject, Facts(), seen)


def test_learning_rates_their_balance_and_discriminator_steps_come_first(sgd):
    """Each player's and both, × and ÷ 3 and 10, then steps; γ and other methods after them."""
    found = proposed("cycling", sgd("simultaneous", 0.1), turning=1.0)
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=["rate", "method"].index)
    rates = [
        [float(o.numbers["learning_rate"]) for o in each.method.optimisers] for each in found if "rate" in each.name
    ]
    factors = (10, 3, 1 / 3, 0.1)
    expected = [(0.1 * g, 0.1 * d) for g, d in itertools.chain(
        ((f, f) for f in factors), ((f, 1) for f in factors), ((1, f) for f in factors))]  # fmt: skip
    np.testing.assert_allclose(rates, expected, rtol=2e-3)
    assert [each.name for each in found if each.kind == "rate"][-2:] == [
        "2 discriminator steps",
        "5 discriminator steps",
    ]
    assert [each.name for each in found if each.kind == "method"] == [
        "extragradient",
        "consensus(gamma=1)",
        "alternating",
    ]


@pytest.mark.parametrize("word", ["cycling", "wandering", "collapsed", "diverging"])
def test_nothing_that_damps_rotation_is_proposed_where_nothing_turns(sgd, word):
    names = {each.name for each in proposed(word, sgd("simultaneous", 0.1), turning=0.1)}
    assert not {"extragradient", "alternating"} & names
    assert not any("consensus" in name for name in names)


@pytest.mark.parametrize("word", ["undecided", "converging", "arrived"])
def test_nothing_is_proposed_before_there_is_something_wrong(sgd, word):
    assert proposed(word, sgd("simultaneous", 0.1), turning=1.0) == []


def test_what_diverges_by_too_large_a_step_is_given_half_the_stable_one(sgd):
    """L_g = g², L_d = 5d²: J = diag(−2, −10), so that steps below 0.2 are stable."""
    game = sd.games.quadratic([[2.0]], [[0.0]], [[10.0]])
    players = sd.Pair(jnp.ones(1), jnp.ones(1))
    found = diagnose(game, sgd("simultaneous", 0.21), players, key=KEY, verify=True, seeds=2, steps=200)
    assert found.verdict.word == "diverging"
    assert found.candidates[0].name == "both learning rates ÷ 2.1: 0.1"
    assert found.recommendations
    assert all(each.candidate.kind == "rate" for each in found.recommendations)
    assert found.recommendations[0].gain > np.log(1e6)


def test_a_cycle_is_broken_and_only_what_training_confirms_is_recommended(sgd):
    game = sd.games.bilinear()
    method = sgd("alternating", 0.1)
    found = diagnose(game, method, game.init(KEY), key=KEY, verify=True, seeds=2, steps=500)
    assert found.verdict.word == "cycling"
    assert {each.candidate.name for each in found.recommendations} == {"extragradient", "consensus(gamma=1)"}
    assert "RECOMMENDED for this checkpoint: consensus(gamma=1)" in str(found)
    assert all(each.reasons for each in found.verifications if not each.confirmed)
    untried = diagnose(game, method, game.init(KEY), key=KEY, steps=500)
    assert untried.recommendations == []
    assert "RECOMMENDED" not in str(untried)
    assert "candidate: extragradient" in str(untried)


def test_slower_growth_is_no_recommendation_and_says_why(sgd):
    game = sd.games.bilinear()
    found = diagnose(game, sgd("simultaneous", 0.1), game.init(KEY), key=KEY, verify=True, seeds=2, steps=500)
    assert found.verdict.word == "spiralling out"
    smaller = next(each for each in found.verifications if each.candidate.name.startswith("both learning rates ÷ 10"))
    assert smaller.gain > np.log(100)
    assert not smaller.confirmed
    assert smaller.reasons == ("with it, 1 of 1 runs are spiralling out",)
    assert {each.candidate.name for each in found.recommendations} == {"extragradient", "consensus(gamma=1)"}


def test_what_a_cycle_s_phase_gains_is_no_recommendation(sgd):
    """Alternating turns about the equilibrium for ever: where a run happens to end, nearer or farther, is no matter."""
    game = sd.games.bilinear()
    for seed in range(4):
        players = game.init(jax.random.key(seed))
        found = diagnose(game, sgd("simultaneous", 0.05), players, key=KEY, verify=True, seeds=2, steps=300)
        assert "alternating" not in {each.candidate.name for each in found.recommendations}


def test_seeds_of_a_game_in_which_nothing_is_random_are_one(sgd):
    game = sd.games.bilinear()
    found = diagnose(game, sgd("simultaneous", 0.1), game.init(KEY), key=KEY, verify=True, seeds=4, steps=200)
    assert all(each.deterministic and each.with_it.shape == (1, 1) for each in found.verifications)
    assert "one run each, nothing being random" in str(found)
    ring = sd.games.ring(width=8, batch=8)
    assert not deterministic(given(ring, sgd("simultaneous", 0.1), ring.init(KEY), KEY))


def test_advice_is_confirmed_on_independently_trained_checkpoints(sgd):
    """Those that are missing are trained as long, from starts of their own; without a past there is one."""
    game, method = sd.games.bilinear(), sgd("simultaneous", 0.05)
    run = sd.train(game, method, steps=50, key=3).only
    found = diagnose(game, method, run.players, key=KEY, history=run.history, verify=True, seeds=2, steps=200)
    assert all(each.checkpoints == 3 for each in found.verifications)
    assert "confirmed it on 3 independently trained checkpoints" in str(found)
    others = independent(given(game, method, run.players, KEY, history=run.history), 3).checkpoints
    distances = [float(optax.tree.norm(each)) for each in others]
    assert len(set(distances)) == 3
    starts = [game.init(jax.random.fold_in(KEY, 1_000 + i)) for i in (1, 2)]
    again = [sd.train(game, method, steps=50, key=jax.random.fold_in(KEY, 1_000 + i)).only.players for i in (1, 2)]
    np.testing.assert_array_equal(np.array(jax.tree.leaves(others[1:])), np.array(jax.tree.leaves(again)))
    assert len(starts) == 2


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


def runs(scores, measure="shortfall", diverged=0, outcomes=("converging",)):
    """Runs of these scores, (checkpoint, seed)."""
    scores = np.asarray(scores, float)
    return Runs(scores[..., None], np.zeros(1), scores, diverged, tuple(map(Outcome, outcomes)), measure)


@pytest.mark.parametrize(
    ("with_it", "own", "why"),
    [
        ([[0.2, 0.3, 0.25]] * 3, {}, ""),
        ([[0.2, 0.3, 0.25]] * 3, {"diverged": 1}, "1 of 9 runs left the finite numbers"),
        ([[0.2, 0.3, 0.25], [0.9, 0.9, 0.91], [0.2, 0.3, 0.2]], {}, "on 1 of 3 checkpoints it gains less than"),
        ([[0.2, 0.3, 0.25], [0.1, 0.9, 0.5], [0.2, 0.3, 0.2]], {}, "on 1 of 3 checkpoints the 95% interval"),
        ([[0.95, 0.94, 0.95]] * 3, {}, "on 3 of 3 checkpoints it gains less than"),
        ([[-3.0]], {"measure": "distance", "outcomes": ["cycling"]}, "1 of 1 runs are cycling"),
        ([[-3.0]], {"measure": "distance"}, ""),
    ],
)
def test_what_confirms_a_candidate(with_it, own, why):
    candidate = Candidate("a change", None, None, "")
    without = runs(np.full(np.shape(with_it), 0.9) + 0.01 * np.arange(np.shape(with_it)[1]))
    made = compared(candidate, without, runs(with_it, **own), False)
    assert made.confirmed is (not why)
    assert why in "; ".join(made.reasons)
    assert made.gains == pytest.approx((without.scores - np.array(with_it)).mean(1))


@pytest.mark.parametrize(
    "text",
    [
        "simultaneous(generator='sgd(learning_rate=0.1)', discriminator='sgd(learning_rate=0.3)')",
        "alternating(discriminator_steps=5, generator='adam(learning_rate=0.001, b1=0.5)')",
        "consensus(gamma=3.0, generator='sgd(learning_rate=0.1)', discriminator='sgd(learning_rate=0.1)')",
        "unrolled(steps=3)",
        "two_time_scales(ratio=4.0)",
    ],
)
def test_a_method_is_spelled_as_a_text_that_makes_it_again(text):
    from saddlery.methods import METHODS
    from saddlery.text.call import build

    game = sd.games.ring("numerics", width=8)
    method = build("method", text, METHODS).for_game(game)
    found = spelled(method, game, text)
    assert found
    again = build("method", found, METHODS).for_game(game)
    assert [str(each) for each in again.optimisers] == [str(each) for each in method.optimisers]
    assert eqx.tree_equal((again.rule, again.schedule), (method.rule, method.schedule))


def test_a_method_that_no_text_makes_is_told_as_an_object(sgd):
    game = sd.games.bilinear()
    method = sd.Method(sd.rules.Simultaneous(), sd.schedules.simultaneous(), generator=optax.sgd(0.1),
                       discriminator=optax.sgd(0.1))  # fmt: skip
    found = diagnose(game, method, game.init(KEY), key=KEY, steps=200)
    made = change(found, found.candidates[0])
    assert made.command == ""
    assert "change.method" in made.python


def test_the_command_and_the_lines_of_python_make_the_change(sgd):
    game = sd.games.bilinear(coupling=2.0)
    found = diagnose(game, sgd("simultaneous", 0.1), game.init(KEY), key=KEY, steps=200)
    extragradient = next(each for each in found.candidates if each.name == "extragradient")
    made = change(found, extragradient)
    assert made.command.startswith("saddlery run 'bilinear(coupling=2.0)' --method ")
    scope = {"saddlery": sd, "game": game}
    exec(made.python.splitlines()[0], scope)
    made = scope["method"].for_game(game)
    assert isinstance(made.schedule, sd.schedules.extragradient)
    assert eqx.tree_equal(made.optimisers, extragradient.method.optimisers)
