import html
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain

import saddlery as sd
from saddlery.data import Mixture, ring_centres
from saddlery.dynamics import Spectra, jacobian
from saddlery.dynamics.eigenvalues import WHICH
from saddlery.dynamics.modes import in_krylov_space
from saddlery.dynamics.spectrum import from_matrix, from_products
from saddlery.game import Pair
from saddlery.games import Gan
from saddlery.networks import MLP
from saddlery.rules import Consensus, Neumann, Symplectic, Unrolled

KEY = jax.random.key(3)


def assert_same_numbers(found, expected, atol):
    """Complex numbers are the same in any order: each is matched with the nearest one left."""
    found, left = np.asarray(found), np.array(expected, complex)
    assert len(found) == len(left)
    for value in found:
        nearest = np.argmin(np.abs(left - value))
        assert abs(left[nearest] - value) < atol, f"{value} is not among the expected"
        left = np.delete(left, nearest)


class Cubic(Plain, eqx.Module):
    """Two against two numbers with third derivatives everywhere and an equilibrium at the origin."""

    def losses(self, d, g, batch):
        value = jnp.vdot(g, d) + 0.3 * g[0] * d[1] + (g**2).sum() * d.sum() + (g**3).sum() - (d**3).sum()
        return Pair(value + 0.1 * (g**2).sum(), -value + 0.4 * d[0] ** 2)


class Kinked(Cubic):
    """Differentiable everywhere, but at zero only once."""

    def losses(self, d, g, batch):
        return Pair((jnp.abs(g) ** 1.5).sum() + g @ d, d @ d - g @ d)


# The whole matrix


def test_all_eigenvalues_are_those_of_minus_the_gradients_jacobian(position):
    found = sd.spectrum(sd.fixed(position.game, position.batch), position.players, key=KEY)
    assert_same_numbers(found.eigenvalues, np.linalg.eigvals(-position.H), 1e-9)
    assert found.complete
    assert found.residuals.max() < 1e-12
    np.testing.assert_allclose(found.field_norm, np.linalg.norm(position.xi))


def test_the_jacobian_is_averaged_before_eigenvalues_are_taken(gan_position, locate):
    game, players = gan_position.game, gan_position.players
    each = [-locate(game, players, game.draw(key)).H for key in jax.random.split(KEY, 3)]
    found = sd.spectrum(game, players, key=KEY, batches=3)
    assert_same_numbers(found.eigenvalues, np.linalg.eigvals(np.mean(each, axis=0)), 1e-9)
    assert found.batches == 3
    of_each = np.mean([np.sort(np.linalg.eigvals(J)) for J in each], axis=0)
    assert np.abs(np.sort(found.eigenvalues) - of_each).max() > 1e-3


def test_norms_of_both_parts(position):
    found = sd.spectrum(sd.fixed(position.game, position.batch), position.players, key=KEY)
    H, xi = position.H, position.xi
    S, A = (H + H.T) / 2, (H - H.T) / 2
    np.testing.assert_allclose(found.symmetric, np.linalg.norm(S))
    np.testing.assert_allclose(found.antisymmetric, np.linalg.norm(A))
    along, across = np.sum((S @ xi) ** 2), np.sum((A @ xi) ** 2)
    np.testing.assert_allclose(found.turning, across / (along + across))


@pytest.mark.parametrize(("coupling", "curvature", "share"), [(0.7, 0.0, 1.0), (0.0, 0.7, 0.0), (0.5, 0.5, 0.5)])
def test_rotation_is_one_for_a_bilinear_game_and_zero_for_two_minimisations(float64, coupling, curvature, share):
    game = sd.games.quadratic(curvature * np.eye(2), coupling * np.eye(2), curvature * np.eye(2))
    found = sd.spectrum(game, game.init(KEY), key=KEY)
    expected = [-curvature + 1j * coupling, -curvature - 1j * coupling] * 2
    assert_same_numbers(found.eigenvalues, expected, 1e-12)
    np.testing.assert_allclose([found.rotation, found.turning], share, atol=1e-12)


def test_counts_and_the_worst_pair(float64):
    """J of blocks: −3 ± 4i, ±i, 0.5 ± 2i, and −1, 0, 2."""
    along = -np.diag([-3.0, 0.0, 0.5, -1.0, 0.0, 2.0])
    game = sd.games.quadratic(along, np.diag([4.0, 1.0, 2.0, 0, 0, 0])[:, :3], along[:3, :3])
    found = sd.spectrum(game, game.init(KEY), key=KEY)
    assert found.counts[:4] == (3, 3, 3, 2)
    assert found.counts.tolerance == found.tolerance < 1e-13
    assert found.worst == pytest.approx(0.5 + 2j)
    assert found.angle == pytest.approx(-0.25)
    widened = sd.spectrum(game, game.init(KEY), key=KEY, tolerance=0.6)
    assert widened.counts == (3, 5, 1, 4, 0.6)


def test_without_pairs_there_is_no_angle(float64):
    game = sd.games.quadratic(np.eye(2), np.zeros((2, 2)), np.eye(2))
    assert np.isnan(sd.spectrum(game, game.init(KEY), key=KEY).angle)


# Fields of rules


@pytest.mark.parametrize(
    ("rule", "formula"),
    [
        (Consensus(0.75), lambda H: H + 0.75 * H.T @ H),
        (Neumann(2, 0.25), lambda H: H + 0.25 * H.T @ H + 0.0625 * H.T @ H.T @ H),
        (Symplectic(0.5, align=False), lambda H: H + 0.25 * (H.T - H) @ H),
    ],
    ids=["consensus", "neumann", "symplectic"],
)
def test_a_rules_spectrum_on_a_linear_field(quadratic_game, rule, formula):
    found = sd.spectrum(quadratic_game.game, quadratic_game.players, key=KEY, rule=rule)
    assert_same_numbers(found.eigenvalues, np.linalg.eigvals(-formula(quadratic_game.H)), 1e-8)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_methods_spectrum_unrolls_with_its_own_optimiser(quadratic_game, steps):
    """On a quadratic game d^K is linear in (g, d), and so is the total derivative of L_g(g, d^K(g))."""
    game, n = quadratic_game.game, quadratic_game.n
    C, D = (np.asarray(M) for M in ((game.C + game.C.T) / 2, game.D))
    step = np.eye(len(C)) - 0.1 * C
    power = np.linalg.matrix_power(step, steps)  # d^K = power d − 0.1 Σ stepʲ (D g + c)
    reaction = -0.1 * sum(np.linalg.matrix_power(step, j) for j in range(steps)) @ D
    A, B, H = np.asarray(game.A + game.A.T) / 2, np.asarray(game.B), quadratic_game.H.copy()
    H[:n, :n] = A + B @ reaction + (B @ reaction).T
    H[:n, n:] = B @ power
    method = sd.methods.unrolled(steps, discriminator="sgd(learning_rate=0.1)")
    found = sd.spectrum(game, quadratic_game.players, key=KEY, rule=method)
    assert_same_numbers(found.eigenvalues, np.linalg.eigvals(-H), 1e-8)


def test_a_rule_that_looks_ahead_needs_its_method(quadratic_game):
    with pytest.raises(ValueError, match=r"Unrolled looks at the players' optimisers; give the whole method"):
        sd.spectrum(quadratic_game.game, quadratic_game.players, key=KEY, rule=Unrolled(2))


@pytest.mark.parametrize(("at", "same"), [(0.0, True), (0.5, False)])
def test_the_papers_consensus_matrix_is_the_fields_jacobian_only_at_an_equilibrium(float64, at, same):
    game, players = Cubic(), Pair(jnp.full(2, at), jnp.full(2, at))
    paper = sd.spectrum(game, players, key=KEY, gamma=0.8)
    field = sd.spectrum(game, players, key=KEY, rule=Consensus(0.8))
    apart = np.abs(np.sort(paper.eigenvalues) - np.sort(field.eigenvalues)).max()
    assert apart < 1e-12 if same else apart > 0.1
    J = jacobian(game, players, key=KEY).matrix()
    assert_same_numbers(paper.eigenvalues, np.linalg.eigvals(J - 0.8 * J.T @ J), 1e-12)
    np.testing.assert_allclose(paper.field_norm, field.field_norm, atol=1e-12)  # both are of v − γ v′ᵀ v


# Without a matrix


@pytest.mark.parametrize("which", WHICH)
def test_the_first_eigenvalues_by_products(known, which):
    game, players, eigenvalues = known
    found = sd.spectrum(game, players, key=KEY, k=4, which=which, products=500)
    order = {"largest_magnitude": -abs(eigenvalues), "largest_real": -eigenvalues.real,
             "smallest_real": eigenvalues.real, "largest_imaginary": -abs(eigenvalues.imag)}  # fmt: skip
    assert_same_numbers(found.eigenvalues, eigenvalues[np.argsort(order[which])[:4]], 1e-3)
    assert found.residuals.max() < 1e-2
    assert not found.complete


def test_norms_are_estimated_within_their_errors(known):
    game, players, _ = known
    J = jacobian(game, players, key=KEY)
    whole, estimate = from_matrix(J, 1), from_products(J, 1, 2, "largest_magnitude", None, 300)
    assert whole.norm_errors == (0.0, 0.0)
    for name, error in zip(("symmetric", "antisymmetric"), estimate.norm_errors, strict=True):
        assert 0 < error < 0.2 * getattr(whole, name)
        assert abs(getattr(estimate, name) - getattr(whole, name)) < 5 * error
    assert estimate.turning == pytest.approx(whole.turning)
    assert estimate.products == J.taken.total()


def test_a_gan_in_single_precision_by_products_and_by_lapack():
    game = Gan(MLP(4, 2, (16, 16), "tanh"), MLP(2, 1, (16,), "tanh"), Mixture(ring_centres(8, 1.0), 0.1), noise=4)
    J = jacobian(game, game.init(jax.random.key(1)), key=KEY, batches=2)
    u = np.random.default_rng(0).normal(size=J.size)
    assert J.size == 4 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2 + 2 * 16 + 16 + 16 + 1
    assert J.matrix().shape == (J.size, J.size)  # many times more columns than one call makes
    np.testing.assert_allclose(J.matrix() @ u, J.product(u), rtol=0, atol=1e-4)
    np.testing.assert_allclose(J.matrix().T @ u, J.transposed(u), rtol=0, atol=1e-4)
    whole, some = from_matrix(J, 2), from_products(J, 2, 6, "largest_magnitude", None, 300)
    assert_same_numbers(some.eigenvalues, whole.eigenvalues[:6], 1e-4)
    assert whole.complete
    assert len(from_matrix(J, 2, 3, "largest_real").eigenvalues) == 3


# The modes that carry the field


def test_the_step_is_that_of_the_modes_that_carry_the_field(float64):
    """Of −1 ± 2i and −4, when the field is in the one or the other, however 1 is unstable."""
    game = sd.games.quadratic(np.diag([1.0, 4.0, -1.0]), np.diag([2.0, 0, 0])[:, :1], [[1.0]])
    turning, straight = Pair(jnp.array([1.0, 0, 0]), jnp.ones(1)), Pair(jnp.array([0, 1.0, 0]), jnp.zeros(1))
    assert sd.spectrum(game, turning, key=KEY).stable_step == pytest.approx(2 / 5)
    assert sd.spectrum(game, straight, key=KEY).stable_step == pytest.approx(2 / 4)
    assert sd.spectrum(game, Pair(jnp.array([0, 1.0, 1.0]), jnp.zeros(1)), key=KEY).stable_step == 0


def test_a_field_that_vanishes_is_carried_by_nothing(float64):
    game = sd.games.bilinear()
    found = sd.spectrum(game, game.equilibrium(), key=KEY)
    assert len(found.modes.carrying()) == 0
    assert found.field_norm == 0
    assert np.isnan(found.turning)
    assert len(in_krylov_space(lambda u: u, np.zeros(3)).eigenvalues) == 0


# Along training


def test_the_probe_records_the_spectrum_of_every_record():
    game = sd.games.quadratic(np.diag([1.0, 0.5]), np.eye(2), np.diag([0.2, 0.0]))
    probes = {"spectra": Spectra(), "first": lambda game, players, key: Spectra(k=1)(game, players, key)["zero"]}
    history = sd.train(game, sd.methods.simultaneous(), steps=4, every=2, key=KEY, seeds=2, probes=probes).history
    assert history["eigenvalues_real"].dims == ("seed", "step", "eigenvalue")
    assert history["eigenvalues_real"].shape == (2, 3, 4)
    expected = np.linalg.eigvals(-np.asarray(game.jacobian()))
    found = (history["eigenvalues_real"] + 1j * history["eigenvalues_imaginary"]).values
    for values in found.reshape(-1, 4):
        assert_same_numbers(values, expected, 1e-5)
    assert (history["negative"] == 4).all()
    assert (history["field_norm"] > 0).all()


def test_the_probe_records_nan_where_products_are_not_finite():
    record = Spectra(k=2)(Kinked(), Pair(jnp.zeros(2), jnp.ones(2)), KEY)
    assert np.isnan(record["eigenvalues_real"]).all()
    assert record["eigenvalues_real"].shape == (2,)
    assert np.isnan(record["positive"])


def test_the_probe_refuses_unknown_settings_at_once():
    with pytest.raises(TypeError, match="batch_count"):
        Spectra(batch_count=3)


# Mistakes


def test_a_loss_that_is_differentiable_only_once_is_named_with_the_parameters():
    players = Pair(jnp.zeros(2), jnp.ones(2))
    with pytest.raises(FloatingPointError, match=r"not finite here, in generator, though .* is not differentiable"):
        sd.spectrum(Kinked(), players, key=KEY)
    with pytest.raises(FloatingPointError, match=r"gradient norms and saddlery\.dynamics\.path"):
        jacobian(Kinked(), players, key=KEY).product(np.ones(4))
    sd.spectrum(Kinked(), Pair(jnp.ones(2), jnp.ones(2)), key=KEY)


def test_a_field_that_is_not_finite_is_named():
    with pytest.raises(ValueError, match="the field is not finite here, in generator"):
        sd.spectrum(Cubic(), Pair(jnp.array([jnp.inf, 0]), jnp.ones(2)), key=KEY)


@pytest.mark.parametrize(
    ("players", "message"),
    [
        (lambda game: sd.games.bilinear().init(KEY), r"another game: they have no generator\[0\]\['bias'\], as this"),
        (
            lambda game: sd.games.ring("unrolled", noise=16, batch=8).init(KEY),
            r"players: of another game: they have no generator\[3\]\['bias'\], as this game's do",
        ),
        (
            lambda game: sd.games.ring("numerics", noise=8).init(KEY),
            r"players: of another game: generator\[0\]\['weight'\] has shape \(8, 16\), this game's \(16, 16\)",
        ),
        (
            lambda game: Pair((*game.init(KEY).generator, jnp.ones(1)), game.init(KEY).discriminator),
            r"players: of another game: they have generator\[5\], which this game's do not",
        ),
        (
            lambda game: Pair(list(game.init(KEY).generator), game.init(KEY).discriminator),
            r"players: of another game: their structure is PyTreeDef",
        ),
        (lambda game: [1, 2], r"players: got a list, expected saddlery.Pair"),
        (lambda game: jax.tree.map(lambda x: x + 0j, game.init(KEY)), r"generator\[0\]\['bias'\] is complex"),
    ],
)
def test_players_of_another_game_are_refused(players, message):
    game = sd.games.ring("numerics", batch=8)
    with pytest.raises((ValueError, TypeError), match=message):
        sd.spectrum(game, players(game), key=KEY)


def test_too_many_parameters_for_a_matrix_offer_the_way_without():
    game = sd.games.bilinear(dimension=5000)
    players = game.init(KEY)
    with pytest.raises(MemoryError, match=r"all 10,000 eigenvalues need a matrix and 5\.6 GB .* give k=10"):
        sd.spectrum(game, players, key=KEY)
    assert_same_numbers(sd.spectrum(game, players, key=KEY, k=2).eigenvalues, [1j, -1j], 1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"which": "largest_reel"}, "unknown which 'largest_reel'; did you mean 'largest_real'?"),
        ({"k": 0}, "k: got 0, expected a whole number from 1 to 2: the number of parameters"),
        ({"k": 3}, "k: got 3, expected a whole number from 1 to 2"),
        ({"batches": 0}, "batches: got 0, expected a whole number, 1 or more"),
        ({"gamma": 1.0, "rule": Consensus(1.0)}, "give a rule or gamma, not both"),
        ({"rule": "consensus"}, "rule: got 'consensus', expected a rule"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    game = sd.games.bilinear()
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        sd.spectrum(game, game.init(KEY), key=KEY, **wrong)


# The kind of point


def test_a_spectrum_tells_the_kind_of_point_with_its_own_stability(float64):
    """At −3x² − y² + 4xy, a local minimax point, descent leaves and Newton's direction comes back; the matrix v′ − γ
    v′ᵀv′ is stable where γ damps."""
    game = sd.games.quadratic([[-6.0]], [[4.0]], [[2.0]])
    players = game.equilibrium()
    J = -np.asarray(game.jacobian())
    for arguments, field in (({}, J), ({"rule": sd.rules.Newton(0.0)}, -np.eye(2)), ({"gamma": 1.0}, J - J.T @ J)):
        found = sd.spectrum(game, players, key=KEY, **arguments)
        stable = bool(np.linalg.eigvals(field).real.max() < 0)
        assert found.stable is stable
        assert found.kind.word == "local minimax (Stackelberg) point"
        assert found.kind.stable is stable
        assert ("comes back" in found.kind.because) is stable
        assert str(found.kind) in html.unescape(found._repr_html_())
    assert sd.spectrum(game, players, key=KEY).kind.moved_by == "the gradient flow"


def test_a_part_of_the_spectrum_is_unstable_by_one_eigenvalue_and_stable_by_none(known):
    game, players, _ = known
    grows = sd.spectrum(game, players, key=KEY, k=4, which="largest_real")
    falls = sd.spectrum(game, players, key=KEY, k=4, which="smallest_real")
    assert (grows.stable, falls.stable) == (False, None)
    away = grows.kind
    assert away.word == "not at rest"
    assert away.generator.least == pytest.approx(-5.0, abs=1e-6)
    assert away.discriminator.least == pytest.approx(-4.0, abs=1e-6)


def test_without_its_game_a_spectrum_has_no_kind():
    game = sd.games.bilinear()
    assert from_matrix(jacobian(game, game.equilibrium(), key=KEY), batches=1).kind is None
