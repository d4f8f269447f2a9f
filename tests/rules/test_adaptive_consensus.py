import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import AdaptiveConsensus, Consensus, Simultaneous
from saddlery.schedules import alternating, extragradient, simultaneous

H_BILINEAR, START = np.array([[0.0, 1.0], [-1.0, 0.0]]), Pair(np.array([0.6]), np.array([-0.8]))


def method_of(rule, schedule=None, h=0.1):
    sgd = optimiser("sgd", learning_rate=h)
    return Method(rule, schedule or simultaneous(), generator=sgd, discriminator=sgd)


@eqx.filter_jit
def adapted(method, game, players, steps):
    """γ as each step used it, and ½‖ξ‖² there as it was measured after the step."""

    def step(carry, i):
        used = carry[1].rule.gamma
        players, state = method.step(game, *carry, jax.random.fold_in(jax.random.key(0), i))
        return (players, state), (used, state.rule.measured)

    return jax.lax.scan(step, (players, method.init(game, players)), jnp.arange(steps))[1]


def by_hand(xi_of, H, z, steps, *, rate, penalty, smoothing, h=0.1, gamma=0.0, target=None, fraction=0.1, warmup=0):
    """γ as each step uses it and the positions, from the formulas of the docstring with lists and sums."""
    multiplier, used, path, measures, average = gamma, [], [z], [], None
    now = 0.0 if target is None else gamma
    for step in range(1, steps + 1):
        xi = xi_of(z)
        used.append(now)
        z = z - h * (xi + now * H.T @ xi)
        path.append(z)
        measures.append(0.5 * xi @ xi)
        if target is None and step <= warmup:
            average = np.mean(measures)
            bound, excess = fraction * average, 1 / fraction - 1
        else:
            bound = bound if target is None else target
            weight = max(1 / step, 1 - smoothing)
            average = measures[-1] if average is None else (1 - weight) * average + weight * measures[-1]
            excess = average / bound - 1
            multiplier = max(0.0, multiplier + rate * excess)
        now = max(0.0, multiplier + penalty * excess) if target is not None or step >= warmup else 0.0
    return np.array(used), np.array(path)


@pytest.mark.parametrize("penalty", [0.0, 0.02], ids=["Lagrangian", "augmented"])
@pytest.mark.parametrize("bound", [{"target": 4.0}, {"fraction": 0.3, "warmup": 4}], ids=["target", "fraction"])
def test_gamma_follows_the_formulas_written_by_hand(quadratic_game, walk, penalty, bound):
    numbers = {"rate": 1e-3, "penalty": penalty, "gamma": 0.01, "smoothing": 0.7} | bound
    path, states = walk(method_of(AdaptiveConsensus(**numbers)), quadratic_game.game, quadratic_game.players, 12)
    H, start = quadratic_game.H, path[0]
    used, expected = by_hand(lambda z: quadratic_game.xi + H @ (z - start), H, start, 12, **numbers)
    np.testing.assert_allclose([state.rule.gamma for state in states[:-1]], used, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(path, expected, rtol=1e-9)
    assert np.ptp(used) > 0


def test_during_the_warm_up_it_is_simultaneous_descent_and_the_reference_its_mean(quadratic_game, walk):
    rule = AdaptiveConsensus(rate=1.0, penalty=1.0, gamma=5.0, warmup=6)
    path, states = walk(method_of(rule), quadratic_game.game, quadratic_game.players, 6)
    plain, _ = walk(method_of(Simultaneous()), quadratic_game.game, quadratic_game.players, 6)
    np.testing.assert_allclose(path, plain, rtol=1e-12)
    xi = [quadratic_game.xi + quadratic_game.H @ (z - path[0]) for z in path[:-1]]
    np.testing.assert_allclose(states[-1].rule.reference, np.mean([0.5 * x @ x for x in xi]), rtol=1e-12)
    assert states[-1].rule.gamma == pytest.approx(5.0 + 1.0 * (1 / 0.1 - 1))  # and now it adapts


@pytest.mark.parametrize("bound", [{"target": 0.25}, {"fraction": 0.5, "warmup": 50}], ids=["target", "fraction"])
def test_the_augmented_lagrangian_settles_at_the_closed_form_and_dual_ascent_swings_about_it(float64, bound):
    """On the bilinear game a step turns and multiplies ‖z‖ by √((1 − hγσ²)² + h²σ²), which is 1 at the one small
    γ* = (1 − √(1 − h²σ²)) / (hσ²): there ½‖v‖² stays where it is, at the bound if the controller is at rest."""
    h, sigma = 0.1, 1.0
    settled = (1 - np.sqrt(1 - h**2 * sigma**2)) / (h * sigma**2)
    gammas, measures = {}, {}
    for penalty in (0.0, 0.3):
        rule = AdaptiveConsensus(rate=0.005, penalty=penalty, smoothing=0.5, **bound)
        gammas[penalty], measures[penalty] = map(np.asarray, adapted(method_of(rule), bilinear(sigma), START, 3000))
    late = slice(2000, None)
    np.testing.assert_allclose(gammas[0.3][late], settled, rtol=1e-6)
    growth = 1 + h**2 * sigma**2  # of ½‖v‖² in a step of the warm-up
    reference = 0.5 * np.mean(growth ** np.arange(50.0))
    np.testing.assert_allclose(measures[0.3][late], bound.get("target", 0.5 * reference), rtol=1e-6)
    assert gammas[0.0][late].std() > 0.3 * settled
    assert gammas[0.0][late].mean() == pytest.approx(settled, rel=0.2)


@pytest.mark.parametrize("penalty", [0.0, 0.05])
def test_gamma_falls_once_the_constraint_holds(float64, penalty):
    """Where ξ vanishes at a stable equilibrium ½‖v‖² goes to zero, below any bound: γ grows at first, and ends at 0."""
    game = quadratic(np.eye(1), np.array([[2.0]]), np.eye(1))
    rule = AdaptiveConsensus(rate=0.01, penalty=penalty, target=0.2, smoothing=0.0)
    gammas, measures = map(np.asarray, adapted(method_of(rule), game, START, 300))
    assert measures[0] > 0.2
    top = gammas.argmax()
    assert gammas[top] > gammas[0]
    assert measures[-1] < 0.2
    assert gammas[-1] == 0.0
    assert (np.diff(gammas[top:]) <= 0).all()


def test_a_field_that_is_not_told_from_zero_leaves_gamma_at_zero(float64):
    """At the equilibrium there is nothing to bound, and nothing is divided by zero."""
    gammas, _ = adapted(method_of(AdaptiveConsensus(warmup=5)), bilinear(1.0), Pair(np.zeros(1), np.zeros(1)), 20)
    np.testing.assert_array_equal(gammas, np.zeros(20))


def test_without_adapting_it_is_consensus(position, direct):
    adaptive = direct(AdaptiveConsensus(gamma=0.7, target=1.0), position)
    np.testing.assert_allclose(adaptive, direct(Consensus(0.7), position), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "schedule", [alternating(discriminator_steps=2), extragradient()], ids=["alternating", "extra"]
)
def test_gamma_moves_once_a_step_by_the_last_evaluation(quadratic_game, walk, schedule):
    """Alternating measures at the moved discriminator, extragradient at the trial position."""
    rule = AdaptiveConsensus(rate=1e-3, target=1.0, gamma=0.05, smoothing=0.0)
    path, states = walk(method_of(rule, schedule), quadratic_game.game, quadratic_game.players, 1)
    H, n, z = quadratic_game.H, quadratic_game.n, path[0].copy()
    xi_of = lambda z: quadratic_game.xi + H @ (z - path[0])  # noqa: E731
    descended = lambda xi: xi + 0.05 * H.T @ xi  # noqa: E731
    if isinstance(schedule, extragradient):
        xi = xi_of(z - 0.1 * descended(xi_of(z)))
        z = z - 0.1 * descended(xi)
    else:
        for mover in (slice(n, None), slice(n, None), slice(None, n)):
            xi = xi_of(z)
            z[mover] -= 0.1 * descended(xi)[mover]
    np.testing.assert_allclose(path[1], z, rtol=1e-12)
    np.testing.assert_allclose(states[1].rule.gamma, 0.05 + 1e-3 * (0.5 * xi @ xi - 1.0), rtol=1e-12)


def test_its_cost_is_that_of_consensus_for_each_batch():
    for batches, rule in itertools.product((1, 2), (Consensus, AdaptiveConsensus)):
        assert rule(batches=batches).evaluations(10) == 2 * batches


def test_training_records_gamma_where_it_falls_and_where_it_grows():
    """The history's γ is the state's at each record; in a sweep it is recorded where every method has one."""
    game = bilinear(1.0)
    method = method_of(AdaptiveConsensus(rate=0.05, target=0.3, smoothing=0.0))
    run = sd.train(game, method, steps=60, every=1, key=0, players=sd.Pair(np.float32([0.9]), np.float32([0.1]))).only
    gammas = run.history["gamma"].values
    assert gammas.shape == (61,)
    assert gammas[-1] == run.state.rule.gamma
    moves = np.diff(gammas)
    measured = run.history["half_square"].values[1:]
    np.testing.assert_array_equal(moves > 0, measured > 0.3)
    assert (moves < 0).any()
    text = "adaptive_consensus(rate=[0.01, 0.1], target=0.3)"
    small = {"steps": 4, "seeds": 1, "every": 2, "samples": 50}
    swept = sd.sweep(game, text, **small).dataset["gamma"]
    assert swept.notnull().all()
    assert swept.isel(step=-1).std() > 0
    assert "gamma" not in sd.sweep(game, [text, "simultaneous"], **small).dataset


def test_a_probe_s_variable_of_the_same_name_is_refused():
    with pytest.raises(ValueError, match="the method records 'gamma' too"):
        sd.train(bilinear(), method_of(AdaptiveConsensus()), steps=2, key=0, probes={"gamma": lambda *_: jnp.zeros(())})
