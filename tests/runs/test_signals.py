"""Signals and curvature along training, against NumPy, scikit-learn and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from tests.conftest import quadratic_position

import saddlery as sd
from saddlery.metrics.diversity import nearest
from saddlery.runs.curvature import STEPS, Curvature, arnoldi
from saddlery.runs.signals import Signals

pytestmark = pytest.mark.long

ADAM = "adam(learning_rate=0.01, b1=0.5)"


def taken(probe, game, method, players, state=None, key=None):
    state = method.init(game, players) if state is None else state
    found = probe(game, players, jax.random.key(1) if key is None else key, method, state)
    return {name: np.asarray(value) for name, value in found.items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_updates_of_gradient_descent_are_the_rate_times_the_gradient(seed, float64):
    at = quadratic_position(seed)
    method = sd.methods.simultaneous(learning_rate=0.1)
    found = taken(Signals(), at.game, method, at.players)
    for name, part, of in zip(at.players._fields, np.split(at.xi, [at.n]), at.players, strict=True):
        assert found[f"{name}_update"] == pytest.approx(0.1 * np.linalg.norm(part))
        assert found[f"{name}_size"] == pytest.approx(np.linalg.norm(of))
    np.testing.assert_allclose(found["sketch"], at.z)


def test_of_a_gan_separation_and_neighbours_are_those_of_scikit_learn():
    game, key = sd.games.ring("numerics", batch=128), jax.random.key(1)
    players = game.init(jax.random.key(0))
    found = taken(Signals(), game, sd.methods.simultaneous().for_game(game), players, key=key)
    batch = game.draw(key)
    samples = [np.asarray(each) for each in (batch.real, game.act(players.generator, batch))]
    scores = np.concatenate([np.asarray(game.discriminator.apply(players.discriminator, x)).ravel() for x in samples])
    assert found["separation"] == pytest.approx(roc_auc_score(np.arange(256) < 128, scores), abs=1e-6)
    assert found["gap"] == pytest.approx((scores[:128].mean() - scores[128:].mean()) / scores.std(), rel=1e-4)
    real, drawn = (NearestNeighbors(n_neighbors=2).fit(x).kneighbors(x)[0][:, 1].mean() for x in samples)
    assert found["nearest"] == pytest.approx(drawn / real, rel=1e-3)
    real, drawn = (np.sqrt(x.var(0).sum()) for x in samples)
    assert found["spread"] == pytest.approx(drawn / real, rel=1e-4)


def test_neighbours_of_images_are_those_of_all_pairs():
    x = np.random.default_rng(0).normal(size=(40, 5, 4, 1)).astype(np.float32)
    flat = x.reshape(40, -1)
    assert float(nearest(jnp.asarray(x))) == pytest.approx(
        NearestNeighbors(n_neighbors=2).fit(flat).kneighbors(flat)[0][:, 1].mean(), rel=1e-4
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_curvature_of_a_quadratic_game_is_that_of_its_matrix(seed, float64):
    """The Krylov space of its 7 numbers is all of it, so Ritz values are eigenvalues."""
    at, h = quadratic_position(seed), 0.1
    found = taken(Curvature(), at.game, sd.methods.simultaneous(learning_rate=h), at.players)
    J, v = -at.H, -at.xi
    for name, matrix in (("field_krylov", J), ("update_krylov", h * J)):
        ritz = np.linalg.eigvals(found[name][:7, :7])
        np.testing.assert_allclose(np.sort_complex(ritz), np.sort_complex(np.linalg.eigvals(matrix)), atol=1e-6)
    pushed, pulled = J @ v, J.T @ v
    turned, straight = ((pushed - pulled) ** 2).sum(), ((pushed + pulled) ** 2).sum()
    assert found["turning"] == pytest.approx(turned / (turned + straight))
    for name, own in (("generator", slice(0, at.n)), ("discriminator", slice(at.n, None))):
        part = np.zeros_like(v)
        part[own] = v[own]
        image, size = J @ part, np.linalg.norm(part)
        assert found[f"{name}_curvature"] == pytest.approx(part @ image / size**2)
        image[own] = 0
        assert found[f"{name}_coupling"] == pytest.approx(np.linalg.norm(image) / size)


def test_the_update_of_adam_is_differentiated_with_its_state_held(float64):
    """Finite differences of the step itself, after some steps, projected on the same Krylov space."""
    at = quadratic_position(3)
    method = sd.methods.alternating(generator=ADAM, discriminator=ADAM).for_game(at.game)
    players, state = at.players, method.init(at.game, at.players)
    for i in range(5):
        players, state = method.step(at.game, players, state, jax.random.key(i))
    found = taken(Curvature(), at.game, method, players, state)
    point, unravel = ravel_pytree(players)

    def update(x):
        return np.asarray(ravel_pytree(method.step(at.game, sd.Pair(*unravel(x)), state, jax.random.key(1))[0])[0] - x)

    h = 1e-6
    M = np.stack([(update(point + h * e) - update(point - h * e)) / (2 * h) for e in np.eye(point.size)], axis=1)
    ritz = np.linalg.eigvals(found["update_krylov"][:7, :7])
    np.testing.assert_allclose(np.sort_complex(ritz), np.sort_complex(np.linalg.eigvals(M)), atol=1e-5)


def test_ritz_values_are_those_of_an_independent_basis(float64):
    """H is QᵀAQ of an orthonormal basis of the Krylov space, found by QR."""
    random = np.random.default_rng(0)
    A, b = random.normal(size=(30, 30)), random.normal(size=30)
    small, image = arnoldi(lambda u: jnp.asarray(A) @ u, jnp.asarray(b))
    np.testing.assert_allclose(image, A @ b, atol=1e-10)
    Q = np.linalg.qr(np.stack([np.linalg.matrix_power(A, k) @ b for k in range(STEPS)], axis=1))[0]
    expected = np.linalg.eigvals(Q.T @ A @ Q)
    np.testing.assert_allclose(
        np.sort_complex(np.linalg.eigvals(np.asarray(small))), np.sort_complex(expected), atol=1e-6
    )


def test_dead_units_under_adam_leave_no_number_that_is_not_finite():
    game = sd.games.ring("numerics", batch=64)
    method = sd.methods.simultaneous(generator=ADAM, discriminator=ADAM).for_game(game)
    players = game.init(jax.random.key(0))
    dead = jax.tree.map(lambda leaf: leaf * 0, players.generator)
    for each in (players, players._replace(generator=dead)):
        found = taken(Curvature(), game, method, each)
        assert np.isfinite(found["update_krylov"]).all()
        assert np.isfinite(found["field_krylov"]).all()


def test_a_run_records_them_when_they_are_asked_for(tmp_path):
    results = sd.sweep("bilinear", ["simultaneous"], steps=4, seeds=1, learning_rate=0.1, out=tmp_path / "a",
                       measures=["signals", "curvature"])  # fmt: skip
    dataset = results.dataset
    assert dataset["sketch"].dims[-1] == "part"
    assert dataset["field_krylov"].dims[-2:] == ("row", "column")
    moved = np.diff(dataset["sketch"].values[0, 0], axis=0)
    np.testing.assert_allclose(
        np.linalg.norm(moved, axis=1),
        np.hypot(dataset["generator_update"], dataset["discriminator_update"]).values[0, 0, :-1], rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("probe", [Signals(), Curvature()])
def test_numbers_that_signals_are_made_of_are_in_no_table_of_results(probe):
    game = sd.games.ring("numerics", modes=4, batch=16)
    found = taken(probe, game, sd.methods.simultaneous().for_game(game), game.init(jax.random.key(0)))
    assert {name for name, value in found.items() if value.ndim == 0} == set(probe.measures)
    assert {each.kind for each in probe.measures.values()} <= {"training", "detail"}
