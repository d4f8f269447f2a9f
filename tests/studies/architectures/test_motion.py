"""The probe of how a game moves, against the matrix of finite differences and closed forms."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.data import Mixture, ring_centres
from saddlery.game import Pair, gradients
from saddlery.games import Gan
from saddlery.networks import MLP
from saddlery.studies.architectures.motion import ORDER, SIGNS, Motion, _products, _share

pytestmark = pytest.mark.long


@pytest.fixture
def matrix(float64):
    return np.random.default_rng(0).normal(size=(12, 12))


def products(matrix, xi):
    H = jnp.asarray(matrix)
    return _products(lambda u: H @ u, lambda u: H.T @ u, jnp.asarray(xi), jax.random.key(0))


def test_the_basis_is_orthonormal_spans_the_krylov_space_and_signs_follow(matrix):
    xi = np.random.default_rng(1).normal(size=12)
    basis, pushed, pulled = map(np.asarray, products(matrix, xi))
    krylov = basis[: ORDER + 1]
    np.testing.assert_allclose(krylov @ krylov.T, np.eye(ORDER + 1), atol=1e-12)
    power = xi
    for _ in range(ORDER + 1):
        np.testing.assert_allclose(power - krylov.T @ (krylov @ power), 0, atol=1e-9 * np.linalg.norm(power))
        power = matrix.T @ power
    assert set(np.unique(basis[ORDER + 1 :])) == {-1.0, 1.0}
    assert len(basis) == ORDER + 1 + SIGNS
    np.testing.assert_allclose(pushed, basis @ matrix.T, atol=1e-12)
    np.testing.assert_allclose(pulled, basis @ matrix, atol=1e-12)


def test_a_pure_rotation_turns_altogether_and_a_minimisation_not_at_all(matrix):
    xi = np.ones(12)
    for part, share in ((matrix - matrix.T, 1.0), (matrix + matrix.T, 0.0)):
        _, pushed, pulled = products(part, xi)
        assert float(_share(pushed, pulled)) == pytest.approx(share, abs=1e-12)


def test_an_invariant_space_ends_in_zeros_and_not_in_noise(float64):
    basis, *_ = map(np.asarray, products(np.eye(12), np.ones(12)))
    np.testing.assert_allclose(np.linalg.norm(basis[: ORDER + 1], axis=1), [1, *[0] * ORDER], atol=1e-9)


def test_measured_on_a_gan_they_are_what_its_field_and_scores_say(float64):
    generator, discriminator = MLP(2, 2, (3,)), MLP(2, 1, (3,), activation="tanh")
    game = Gan(generator, discriminator, Mixture(ring_centres(8, 1.0), 0.1), noise=2, batch=4)
    players, key = game.init(jax.random.key(1)), jax.random.key(2)
    found = Motion(batch=32)(game, players, key)
    batch = dataclasses.replace(game, batch=32).draw(key)
    flat, unravel = ravel_pytree(players)

    def xi(z):
        return np.asarray(ravel_pytree(gradients(game, Pair(*unravel(jnp.asarray(z))), batch))[0])

    here, h = xi(flat), 1e-5
    columns = [(xi(flat + h * e) - xi(flat - h * e)) / (2 * h) for e in np.eye(len(flat))]
    H = np.stack(columns, axis=1)
    np.testing.assert_allclose(found["field_norm"], np.linalg.norm(here), rtol=1e-9)
    np.testing.assert_allclose(found["pull"], np.linalg.norm(H.T @ here) / np.linalg.norm(here), rtol=1e-5)
    turned, straight = (H - H.T) @ here, (H + H.T) @ here
    np.testing.assert_allclose(found["turning"], turned @ turned / (turned @ turned + straight @ straight), rtol=1e-4)
    powers = [here]
    for _ in range(ORDER):
        powers.append(H.T @ (powers[-1] / np.linalg.norm(powers[-1])))
    space = np.linalg.qr(np.stack(powers, 1))[0]
    weights = np.linalg.lstsq(H @ space, here, rcond=None)[0]
    step = space @ weights
    np.testing.assert_allclose(found["unsolved"], np.linalg.norm(here - H @ step) / np.linalg.norm(here), rtol=1e-3)
    np.testing.assert_allclose(found["distance"], np.linalg.norm(step), rtol=1e-2)
    np.testing.assert_allclose(found["reached"], np.linalg.norm(xi(flat - step)) / np.linalg.norm(here), rtol=1e-2)
    real = np.asarray(discriminator.apply(players.discriminator, batch.real)).ravel()
    samples = game.act(players.generator, batch)
    drawn = np.asarray(discriminator.apply(players.discriminator, samples)).ravel()
    np.testing.assert_allclose(found["separation"], (real[:, None] > drawn).mean())
    np.testing.assert_allclose(found["spread"], np.concatenate([real, drawn]).std())
    slopes = jax.vmap(jax.grad(lambda x: discriminator.apply(players.discriminator, x[None]).sum()))(samples)
    np.testing.assert_allclose(found["slope"], np.linalg.norm(slopes, axis=1).mean())
