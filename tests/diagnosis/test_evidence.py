"""Evidence against closed forms, and what is said where it cannot be computed."""

import dataclasses
import math
import warnings
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain

import saddlery as sd
from saddlery.diagnosis import evidence as module
from saddlery.diagnosis.evidence import evidence
from saddlery.diagnosis.words import spectrum_rows
from saddlery.dynamics import jacobian
from saddlery.game import adopt
from saddlery.networks import MLP

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


@pytest.fixture
def quadratic(float64):
    """A game of 3 against 4 numbers with its Jacobian J and a position."""
    rng = np.random.default_rng(1)
    A, B, C, D = (rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 4), (4, 3)])
    game = sd.games.quadratic(A @ A.T, B, C @ C.T, D)
    return game, -np.asarray(game.jacobian()), sd.Pair(*map(jnp.asarray, rng.normal(size=7)[None].repeat(2, 0)))


def test_a_quadratic_game_s_evidence_has_closed_forms(quadratic, sgd):
    game, J, both = quadratic
    players = sd.Pair(both.generator[:3], both.discriminator[3:])
    z = np.concatenate(players)
    v = J @ z
    e = evidence(game, sgd("simultaneous", 0.01), players, None, KEY)
    assert (e.missing, e.remarks) == ((), ())
    assert e.norm == pytest.approx(np.linalg.norm(v))
    assert e.norms.generator == pytest.approx(np.linalg.norm(v[:3]))
    assert e.noise < 1e-9
    np.testing.assert_allclose(np.sort_complex(e.spectrum.eigenvalues), np.sort_complex(np.linalg.eigvals(J)))
    S, A = (J + J.T) / 2, (J - J.T) / 2
    assert e.turning == pytest.approx(np.sum((A @ v) ** 2) / (np.sum((A @ v) ** 2) + np.sum((S @ v) ** 2)))
    assert e.distance == pytest.approx(1.0, rel=1e-4)  # the equilibrium is the origin
    assert e.distance_left < 1e-4
    assert e.multipliers.rate == pytest.approx(np.abs(1 + 0.01 * np.linalg.eigvals(J)).max())
    decaying = e.carrying[e.carrying.real < 0]
    assert e.stable_step == pytest.approx((-2 * decaying.real / np.abs(decaying) ** 2).min())


def test_the_noise_is_that_of_a_batch(sgd):
    class Shaken(Plain):
        size = 50

        def draw(self, key):
            return jax.random.normal(key, (2, 50))

        def losses(self, discriminator, samples, batch):
            return sd.Pair(samples @ (samples / 2 + 3.0 * batch[0]), discriminator @ (discriminator / 2 + batch[1]))

    e = evidence(adopt(Shaken()), sgd("simultaneous", 0.1), Shaken().init(KEY), None, KEY)
    assert e.noise == pytest.approx(np.sqrt(50 * (9 + 1)), rel=0.2)
    assert e.norms.generator == pytest.approx(np.sqrt(50 * (1 + 9 / 16)), rel=0.2)


def test_the_mode_that_turns_and_carries_most_is_found(sgd):
    game = sd.games.bilinear(coupling=jnp.array([0.5, 4.0]), dimension=2)
    players = sd.Pair(jnp.array([2.0, 0.01]), jnp.array([0.0, 0.0]))
    e = evidence(game, sgd("simultaneous", 0.01), players, None, KEY)
    assert abs(e.turning_mode) == pytest.approx(0.5, rel=1e-5)
    assert e.turning == pytest.approx(1.0)
    assert e.growing_share == 0.0


def test_without_second_derivatives_it_is_said_and_norms_remain(sgd, rooted):
    game = adopt(rooted)
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    assert not e.twice
    assert e.norm == 0.0
    (said,) = e.missing
    assert "not twice differentiable here" in said
    assert "losses, gradient norms and the path are measured all the same" in said


class Opaque(Plain):
    """A loss whose gradient is given by hand, so that it can be differentiated once only."""

    def losses(self, discriminator, samples, batch):
        return sd.Pair(once(samples), once(discriminator))


def host_gradient(x, g):
    """A gradient that JAX cannot differentiate again: it is computed on the host."""
    return (jax.pure_callback(lambda x: 2 * np.asarray(x), jax.ShapeDtypeStruct(x.shape, x.dtype), x) * g,)


once = jax.custom_vjp(lambda x: x @ x)
once.defvjp(lambda x: (x @ x, x), host_gradient)


def test_a_loss_that_can_be_differentiated_once_only_is_said_to_be_so(sgd):
    game = adopt(Opaque())
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    assert not e.twice
    assert e.norm == pytest.approx(4.0)
    assert "not twice differentiable here" in e.missing[0]


def test_kinks_that_derivatives_do_not_see_are_noted(sgd, kinked):
    game = adopt(kinked)
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    (said,) = e.remarks
    assert "of the curvature that finite differences find" in said


@pytest.mark.parametrize(("activation", "low", "high"), [("tanh", 1.0, 1.0), ("relu", 0.0, 0.8)])
def test_networks_of_relu_have_kinks_and_those_of_tanh_have_none(activation, low, high):
    """The gradient jumps where a unit switches, and the derivative of relu's derivative is zero."""
    networks = MLP(2, 2, (32, 32), activation), MLP(2, 1, (32, 32), activation)
    game = sd.games.Gan(*networks, Normal(), noise=2, batch=64)
    players = game.init(KEY)
    J = jacobian(game, players, key=KEY, batches=module.BATCHES)
    assert low <= module._seen(game, players, J, KEY) <= high


class Normal:
    """Standard normal data in the plane."""

    def draw(self, key, n):
        return jax.random.normal(key, (n, 2))


def test_too_many_parameters_for_a_matrix_take_products(sgd, monkeypatch):
    monkeypatch.setattr(module, "DENSE", 10)
    couplings = jnp.linspace(0.1, 3.0, 300)
    game = sd.games.bilinear(coupling=couplings, dimension=300)
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    assert not e.spectrum.complete
    assert len(e.spectrum.eigenvalues) == module.FEW
    assert np.abs(e.spectrum.eigenvalues).max() == pytest.approx(3.0, rel=1e-4)
    assert e.turning == pytest.approx(1.0, abs=1e-5)


def test_searches_that_do_not_converge_are_said_with_how_many_did(sgd, monkeypatch):
    def in_part(*arguments, **named):
        warnings.warn("2 of the 8 eigenvalues asked for converged", stacklevel=2)
        return sd.spectrum(*arguments, **named)

    def in_vain(*arguments, **named):
        raise RuntimeError("k: 0 of the 8 eigenvalues asked for converged")

    game = sd.games.bilinear()
    monkeypatch.setattr(module, "spectrum", in_part)
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    assert e.remarks == ("eigenvalues: 2 of the 8 eigenvalues asked for converged",)
    monkeypatch.setattr(module, "spectrum", in_vain)
    e = evidence(game, sgd("simultaneous", 0.01), game.init(KEY), None, KEY)
    assert e.missing == ("eigenvalues: k: 0 of the 8 eigenvalues asked for converged",)
    assert e.turning == pytest.approx(1.0)
    assert abs(e.turning_mode) == pytest.approx(1.0)
    assert e.multipliers is not None


def test_the_kind_of_point_is_that_of_the_second_order_test(sgd):
    """−3x² − y² + 4xy: −6 < 0, but along the best response y = 2x it is x²."""
    game, method = sd.games.quadratic(A=[[-6.0]], B=[[4.0]], C=[[2.0]]), sgd("simultaneous", 0.01)
    there, away = (evidence(game, method, sd.Pair(z, 2 * z), None, KEY) for z in (jnp.zeros(1), jnp.ones(1)))
    assert there.kind.word == "local minimax (Stackelberg) point"
    assert away.kind.word == "not at rest"


def test_only_what_is_known_has_a_row(sgd):
    e = evidence(sd.games.bilinear(), sgd("simultaneous", 0.01), sd.Pair(*jnp.ones((2, 1))), None, KEY)
    unknown = e._replace(kind=None, multipliers=dataclasses.replace(e.multipliers, rate=math.nan))
    named, left = ({row.name for row in spectrum_rows(SimpleNamespace(evidence=each))} for each in (e, unknown))
    assert named - left == {"kind of point", "multiplier of the update"}
    assert left <= named
