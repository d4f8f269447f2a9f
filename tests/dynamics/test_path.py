import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import saddlery as sd
from saddlery.dynamics import path
from saddlery.game import Pair

KEY = jax.random.key(0)


def test_angle_and_norm_are_those_of_the_field_on_the_segment(position):
    game, start, batch = sd.fixed(position.game, position.batch), position.players, position.batch
    _, unravel = ravel_pytree(start)
    moved = np.random.default_rng(0).normal(size=len(position.z))
    found = path(game, start, unravel(jnp.asarray(position.z + moved)), key=KEY, points=7, beyond=0.2)
    np.testing.assert_allclose(found.position, [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
    for i, alpha in enumerate(found.position):
        v = -ravel_pytree(sd.gradients(position.game, unravel(jnp.asarray(position.z + alpha * moved)), batch))[0]
        np.testing.assert_allclose(found.norm[i], np.linalg.norm(v))
        np.testing.assert_allclose(found.generator_norm[i], np.linalg.norm(v[: position.n]))
        np.testing.assert_allclose(found.discriminator_norm[i], np.linalg.norm(v[position.n :]))
        np.testing.assert_allclose(found.angle[i], moved @ v / np.linalg.norm(moved) / np.linalg.norm(v))
    np.testing.assert_allclose(found.distance, np.linalg.norm(moved))
    np.testing.assert_allclose(found.generator_distance, np.linalg.norm(moved[: position.n]))
    np.testing.assert_allclose(found.discriminator_distance, np.linalg.norm(moved[position.n :]))


def test_the_angle_changes_sign_at_an_attracting_end_and_is_zero_around_a_turning_one(float64):
    start, end = Pair(jnp.array([1.0]), jnp.array([2.0])), Pair(jnp.zeros(1), jnp.zeros(1))
    attracting = sd.games.quadratic([[1.0]], [[0.0]], [[1.0]])
    angle = path(attracting, start, end, key=KEY, points=5, beyond=1.0).angle
    np.testing.assert_allclose(angle, [1, 1, np.nan, -1, -1])
    np.testing.assert_allclose(path(sd.games.bilinear(), start, end, key=KEY, points=4).angle, 0, atol=1e-12)


def test_the_field_is_averaged_over_batches_before_its_norm_is_taken(gan_position):
    game, start = gan_position.game, gan_position.players
    end = game.init(jax.random.key(9))
    fields = [-ravel_pytree(sd.gradients(game, start, game.draw(key)))[0] for key in jax.random.split(KEY, 3)]
    found = path(game, start, end, key=KEY, batches=3, points=2)
    np.testing.assert_allclose(found.norm[0], np.linalg.norm(np.mean(fields, axis=0)))


def test_nothing_moved_has_no_angle():
    game = sd.games.ring("numerics", batch=8)
    players = game.init(KEY)
    found = path(game, players, players, key=KEY, points=2)
    assert found.distance == 0
    assert np.isnan(found.angle).all()
    assert (found.norm > 0).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 1}, "points: got 1, expected a whole number, 2 or more"),
        ({"batches": 0}, "batches: got 0, expected a whole number, 1 or more"),
        ({"beyond": -0.1}, "beyond: got -0.1, expected a number of 0 or more"),
        ({"end": Pair(jnp.zeros(2), jnp.zeros(1))}, "end: of another game: generator has shape"),
        ({"start": None}, "start: got a NoneType, expected saddlery.Pair"),
    ],
)
def test_mistakes_are_named(wrong, message):
    game = sd.games.bilinear()
    players = game.init(KEY)
    arguments = {"start": players, "end": players} | wrong
    with pytest.raises((ValueError, TypeError), match=message):
        path(game, **arguments, key=KEY)
