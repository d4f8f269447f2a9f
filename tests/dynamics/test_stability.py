import html
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from saddlery.dynamics import stability
from saddlery.dynamics.spectrum import spectrum
from saddlery.dynamics.stability import multipliers, settled, stable_step, stable_steps
from saddlery.game import Pair
from saddlery.games import bilinear, dirac
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.methods import METHODS
from saddlery.optimisers import optimiser
from saddlery.rules import Simultaneous
from saddlery.schedules import lookahead, simultaneous

KEY = jax.random.key(0)


def method(name, h, **arguments):
    sgd = optimiser("sgd", learning_rate=h)
    return METHODS[name](**arguments, generator=sgd, discriminator=sgd)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.complex_numbers(min_magnitude=1e-3, max_magnitude=1e3, allow_infinity=False), min_size=1, max_size=5)
)
def test_below_the_stable_step_all_multipliers_of_descent_are_inside_the_circle(values):
    values = np.array([complex(-abs(v.real) - 1e-3, v.imag) for v in values])
    h = stable_step(values)
    assert np.abs(1 + 0.999 * h * values).max() < 1
    assert np.abs(1 + 1.001 * h * values).max() > 1


def test_the_bound_is_the_papers():
    """(1/|Re λ|) · 2 / (1 + (Im λ/Re λ)²)."""
    assert stable_step([-2 + 6j, -2 - 6j]) == pytest.approx(1 / 2 * 2 / (1 + 9), rel=1e-14)
    np.testing.assert_allclose(stable_steps([-4, -1, -1 + 1j]), [0.5, 2, 1], rtol=1e-14)


def test_no_step_is_stable_where_a_real_part_is_not_negative_and_zero_bounds_none():
    np.testing.assert_array_equal(stable_steps([0.5, 0.5 + 3j, 2j, 0]), [0, 0, 0, np.inf])
    assert stable_step([-1, 1e-9]) == 0
    assert stable_step([-1, 1e-9], tolerance=1e-8) == 2
    assert stable_step([-1, 0]) == 2
    assert stable_step([0, 0]) == stable_step([]) == np.inf


@pytest.fixture
def game(float64):
    """A game of 3 against 4 numbers with an equilibrium at the origin, and its H."""
    rng = np.random.default_rng(3)
    A, B, C, D = (rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 4), (4, 3)])
    made = quadratic(A @ A.T + 2 * np.eye(3), B, C @ C.T + 2 * np.eye(4), D)
    return made, np.asarray(made.jacobian())


def found(game, method, k=None, **arguments):
    """The multipliers at the equilibrium, as it is sorted by magnitude."""
    return multipliers(game, method, game.equilibrium(), key=KEY, k=k, **arguments)


def assert_same_spectrum(values, matrix, atol=1e-9):
    """As sets, zeros left out: each eigenvalue of the one has a partner in the other."""
    values, expected = (v[np.abs(v) > 1e-6] for v in (values, np.linalg.eigvals(matrix)))
    assert len(values) == len(expected)
    distances = np.abs(values[:, None] - expected)
    assert max(distances.min(0).max(), distances.min(1).max()) < atol


I, O, h = np.eye(7), np.zeros((7, 7)), 0.05
GENERATOR = np.diag([1.0] * 3 + [0.0] * 4)
UPDATES = {
    "simultaneous": ({}, lambda H: I - h * H),
    "alternating": ({}, lambda H: (I - h * GENERATOR @ H) @ (I - h * (I - GENERATOR) @ H)),
    "two_time_scales": ({"ratio": 4.0}, lambda H: I - h * (GENERATOR + 4 * (I - GENERATOR)) @ H),
    "consensus": ({"gamma": 0.3}, lambda H: I - h * (H + 0.3 * H.T @ H)),
    "neumann": ({"order": 2, "gamma": 0.1}, lambda H: I - h * (I + 0.1 * H.T + 0.01 * H.T @ H.T) @ H),
    "newton": ({"damping": 0.2}, lambda H: I - h * np.linalg.solve(H + 0.2 * I, H)),
    "extragradient": ({}, lambda H: I - h * H @ (I - h * H)),
    "extrapolation_from_past": ({}, lambda H: np.block([[I - h * H, h * h * H], [H, -h * H]])),
    "optimistic": ({"optimism": 1.0}, lambda H: np.block([[I - 2 * h * H, h * I], [H, O]])),
    "lookahead": (
        {"schedule": "lookahead(steps=3, weight=0.4)"},
        lambda H: 0.6 * I + 0.4 * np.linalg.matrix_power(I - h * H, 3),
    ),
}


@pytest.mark.parametrize("name", UPDATES)
def test_multipliers_are_the_eigenvalues_of_the_update_written_out(game, name):
    arguments, update = UPDATES[name]
    at = found(game[0], method(name, h, **arguments))
    assert_same_spectrum(at.values, update(game[1]))
    radius = np.abs(np.linalg.eigvals(update(game[1]))).max()
    assert at.rate == pytest.approx(radius ** (1 / at.steps), rel=1e-6)
    assert at.drift < 1e-12
    assert at.residuals.max() < 1e-12
    assert at.frozen == 0


SOLVED = {
    "newton": ({"damping": 0.2}, lambda H, off: np.linalg.solve(H + 0.2 * I, H)),
    "competitive": ({"step": 0.5}, lambda H, off: np.linalg.solve(I + 0.5 * off, H)),
}


def near(seed, distance, dtype):
    """A random game of 3 against 4 numbers, players at a distance from its equilibrium; H, and that without its
    diagonal blocks."""
    rng = np.random.default_rng(seed)
    A, B, C, D = (rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 4), (4, 3)])
    A, C = A @ A.T + 2 * np.eye(3), C @ C.T + 2 * np.eye(4)
    direction = rng.normal(size=7)
    z = jnp.asarray(distance * direction / np.linalg.norm(direction), dtype)
    zero = np.zeros((3, 3)), np.zeros((4, 4))
    return quadratic(A, B, C, D), Pair(z[:3], z[3:]), np.block([[A, B], [D, C]]), np.block([[zero[0], B], [D, zero[1]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SOLVED)
def test_rules_that_solve_have_the_derivatives_of_the_closed_form_at_every_distance(name, dtype):
    """On a quadratic game M = I − h (H + δI)⁻¹H or I − h (I + ηO)⁻¹H wherever the players are, and w′ = (M − I)/h: near
    the equilibrium, where the right-hand side that is solved for vanishes, as far from it."""
    arguments, solved = SOLVED[name]
    with jax.enable_x64(dtype is np.float64):
        rule, error = method(name, h, **arguments), 1e-7 if dtype is np.float64 else 1e-5
        for seed, distance in itertools.product(range(3), (1.0, 1e-3, 1e-6, 1e-9, 1e-12, 0.0)):
            game, players, H, off = near(seed, distance, dtype)
            update, field = I - h * solved(H, off), -solved(H, off)
            assert_same_spectrum(multipliers(game, rule, players, key=KEY, k=None).values, update, atol=error)
            assert_same_spectrum(spectrum(game, players, key=KEY, rule=rule).eigenvalues, field, atol=error)


class Singular(Plain, eqx.Module):
    """A game of ξ = (1, 0, 0, 0) and H = diag(1, 0, 1, 1) at the origin, which changes so that no system
    H dx = dξ − dH x has a solution: its right-hand side is (u₀ − 2u₁, −2u₀, u₂, u₃)."""

    def losses(self, discriminator, samples, batch):
        g, d = samples, discriminator
        return Pair(0.5 * g[0] ** 2 + g[0] + g[1] * g[0] ** 2, 0.5 * d @ d)


def test_where_the_solve_of_a_derivative_fails_there_are_no_multipliers(float64):
    players = Pair(jnp.zeros(2), jnp.zeros(2))
    with pytest.raises(FloatingPointError, match=r"the derivative of the update is not finite .* Newton"):
        multipliers(Singular(), method("newton", h, damping=0.0), players, key=KEY)
    assert np.isfinite(multipliers(Singular(), method("newton", h, damping=0.1), players, key=KEY).values).all()


def test_momentum_is_part_of_the_map(game):
    sgd = optimiser("sgd", learning_rate=h, momentum=0.6)
    at = found(game[0], METHODS["simultaneous"](generator=sgd, discriminator=sgd))
    assert_same_spectrum(at.values, np.block([[I - h * game[1], -0.6 * h * I], [game[1], 0.6 * I]]))


@eqx.filter_jit
def distances(game, method, players, steps):
    """The distance from the origin after each step."""

    def step(carry, i):
        players, state = method.step(game, *carry, jax.random.fold_in(KEY, i))
        return (players, state), jnp.linalg.norm(ravel_pytree(players)[0])

    return jax.lax.scan(step, (players, method.init(game, players)), jnp.arange(steps))[1]


RMSPROP = {p: optimiser("rmsprop", learning_rate=0.003, eps=1e-4) for p in Pair._fields}
TRAINED = {
    "alternating(2)": method("alternating", 0.2, discriminator_steps=2),
    "averaged": method("averaged", 0.2, decay=0.8),
    "consensus": method("consensus", 0.2, gamma=1.0),
    "delayed": method("delayed", 0.2, steps=3),
    "extrapolation_from_past": method("extrapolation_from_past", 0.2),
    "lookahead": method("lookahead", 0.2),
    "negative_momentum": method("negative_momentum", 0.2),
    "rmsprop, ε inside the root": METHODS["simultaneous"](**RMSPROP),
    "symplectic": method("symplectic", 0.2),
    "unrolled": method("unrolled", 0.2, steps=3),
}


@pytest.mark.parametrize("name", TRAINED)
def test_the_predicted_rate_is_the_measured_one(float64, name):
    """To 1% of the rate's logarithm, so also of the time a training takes: two starts, 2,000 steps."""
    trained = jax.tree.map(lambda x: x.astype(float) if eqx.is_inexact_array(x) else x, TRAINED[name])
    game = dirac("nonsaturating", "r1(weight=0.5)")
    starts = [Pair(jnp.array(a), jnp.array(b)) for a, b in [(1e-3, 0.0), (0.0, 1e-3)]]
    squares = sum(np.asarray(distances(game, trained, start, 2000)) ** 2 for start in starts)
    usable = squares > 1e-280
    times, logs = np.flatnonzero(usable), 0.5 * np.log(squares[usable])
    late = times > times[-1] // 3
    measured = np.polyfit(times[late], logs[late], 1)[0]
    at = found(game, trained)
    assert at.rate < 1
    assert np.log(at.rate) == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize(("name", "verdict"), [("simultaneous", "unstable"), ("alternating", "neutral"),
                                               ("extragradient", "stable"), ("consensus", "stable")])  # fmt: skip
def test_verdicts_on_the_bilinear_game(float64, name, verdict):
    assert found(bilinear(), method(name, 0.1)).verdict() == verdict


def test_the_stable_step_is_where_the_multipliers_of_descent_reach_the_circle(game):
    bound = stable_step(np.linalg.eigvals(-game[1]))
    assert bound > 0
    assert found(game[0], method("simultaneous", 0.99 * bound)).verdict() == "stable"
    assert found(game[0], method("simultaneous", 1.01 * bound)).verdict() == "unstable"


def adaptive(name, **arguments):
    own = optimiser(name, **arguments)
    return METHODS["simultaneous"](generator=own, discriminator=own)


def test_second_moments_that_only_decay_do_not_count_for_the_rate(game):
    """At an equilibrium ν has the multiplier 0.9 whatever the players have, and does not move them."""
    at = found(game[0], adaptive("rmsprop", learning_rate=0.1, eps=1.0))
    players = np.abs(np.linalg.eigvals(I - 0.1 * game[1]))
    assert players.max() < 0.9
    assert at.rate == pytest.approx(players.max(), rel=1e-9)
    np.testing.assert_allclose(at.values[:7], 0.9, atol=1e-9)
    np.testing.assert_allclose(at.shares[:7], 0, atol=1e-6)


def test_adam_has_no_multipliers_at_an_equilibrium_but_those_of_a_frozen_preconditioner(game):
    """By default that of ν = 0, which is 1/ε; with a state of training, its own."""
    adam = adaptive("adam", learning_rate=1e-6, b1=0.0, b2=0.99, eps=1e-3)
    at = found(game[0], adam)
    assert at.frozen == 7
    assert at.rate == pytest.approx(np.abs(np.linalg.eigvals(I - 1e-3 * game[1])).max(), rel=1e-9)
    state = settled(game[0], adam, game[0].equilibrium(), key=KEY)
    state = jax.tree_util.tree_map_with_path(
        lambda path, leaf: leaf + 0.04 if any(getattr(p, "name", "") == "nu" for p in path) else leaf, state
    )
    at = multipliers(game[0], adam, game[0].equilibrium(), state, key=KEY, k=None)
    assert at.frozen == 0
    scale = 1e-6 / (np.sqrt(0.99 * 0.04 / (1 - 0.99**1001)) + 1e-3)
    moving = at.values[at.shares > 1e-6]
    assert_same_spectrum(moving, I - scale * game[1])


def test_integers_are_held_and_lookahead_is_taken_round():
    game, inner = bilinear(), simultaneous()
    sgd = optimiser("sgd", learning_rate=0.1)
    nested = Method(Simultaneous(), lookahead(4, 0.5, lookahead(6, 0.5, inner)), generator=sgd, discriminator=sgd)
    assert stability.period(nested) == 12
    assert found(game, nested).steps == 12
    assert found(game, method("simultaneous", 0.1)).steps == 1


def test_several_steps_raise_multipliers_to_a_power(game):
    once, thrice = (found(game[0], method("alternating", h), steps=steps) for steps in (1, 3))
    np.testing.assert_allclose(np.sort_complex(once.values**3), np.sort_complex(thrice.values), atol=1e-10)
    assert thrice.rate == pytest.approx(once.rate, rel=1e-10)


class Noisy(Plain, eqx.Module):
    """The bilinear game with a coupling that is drawn anew for every batch."""

    size, value = 1, 0.0

    def draw(self, key):
        return jax.random.normal(key)

    def losses(self, discriminator, samples, batch):
        value = batch * (samples @ discriminator)
        return Pair(value, -value)


def test_one_batch_is_held_and_several_are_averaged_before_eigenvalues_are_taken(float64):
    """A step on the coupling σ is I − hσR: an average over batches has their mean coupling."""
    game = Noisy()
    rates = [
        multipliers(game, method("simultaneous", 0.3), game.init(KEY), key=KEY, batches=batches).rate
        for batches in (1, 5, 2000)
    ]
    couplings = [jax.vmap(game.draw)(jax.vmap(lambda key: jax.random.fold_in(key, 0))(jax.random.split(KEY, batches)))
                 for batches in (1, 5)]  # fmt: skip
    expected = [np.hypot(1, 0.3 * float(sigma.mean())) for sigma in couplings]
    np.testing.assert_allclose(rates[:2], expected, rtol=1e-12)
    assert abs(rates[2] - 1) < 0.001
    assert expected[0] > 1.001


def test_a_search_without_a_matrix_finds_the_same(gan_position, monkeypatch):
    arguments = {"key": KEY, "k": 4}
    trained = method("alternating", 0.5)
    dense = multipliers(gan_position.game, trained, gan_position.players, **arguments)
    monkeypatch.setattr(stability, "SMALL", 8)
    searched = multipliers(gan_position.game, trained, gan_position.players, **arguments)
    np.testing.assert_allclose(np.abs(searched.values), np.abs(dense.values), rtol=1e-5)
    assert searched.residuals.max() < 1e-4
    assert dense.size == searched.size == 30
    assert dense.drift > 0


def test_a_rule_without_a_derivative_is_said():
    game = bilinear()
    with pytest.raises(FloatingPointError, match=r"the derivative of the update is not finite .* Krylov"):
        found(game, method("krylov", 0.1))


def test_settled_is_where_memory_comes_to_rest(game):
    rmsprop = settled(
        game[0], adaptive("rmsprop", learning_rate=0.1, initial_scale=1.0), game[0].equilibrium(), key=KEY
    )
    assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(rmsprop)) < 1e-40
    averaged = settled(game[0], method("averaged", h, decay=0.99), game[0].equilibrium(), key=KEY)
    assert averaged.rule[0] >= 100


def test_players_of_another_game_and_numbers_out_of_range_are_refused(game):
    with pytest.raises(ValueError, match="players"):
        multipliers(game[0], method("simultaneous", h), bilinear().equilibrium(), key=KEY)
    for name, value in (("k", 0), ("batches", 1.5), ("steps", -1)):
        with pytest.raises(ValueError, match=f"{name}: got {value}, expected a whole number, 1 or more"):
            found(game[0], method("simultaneous", h), **({"k": 1} | {name: value}))


def test_the_kind_of_point_is_the_games_and_its_stability_the_updates(float64):
    """−3x² − y² + 4xy at its local minimax point, which simultaneous descent leaves and undamped Newton does not."""
    game = quadratic([[-6.0]], [[4.0]], [[2.0]])
    leaves, comes = (found(game, method(*name)) for name in (("simultaneous", 0.1), ("newton", 0.5)))
    assert (leaves.verdict(), comes.verdict()) == ("unstable", "stable")
    assert leaves.kind.word == comes.kind.word == "local minimax (Stackelberg) point"
    assert leaves.kind.because.endswith("the update leaves it")
    assert comes.kind.because.endswith("the update comes back to it")
    for each in (leaves, comes):
        assert each.kind.because in html.unescape(each._repr_html_())
    neutral = found(bilinear(), method("alternating", 0.1)).kind
    assert (neutral.word, neutral.stable) == ("degenerate: cannot tell", None)
