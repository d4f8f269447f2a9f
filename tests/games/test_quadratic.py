import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.game import check, gradients
from saddlery.games.quadratic import quadratic


def test_losses_are_the_quadratic_forms(quadratic_game):
    game, (g, d) = quadratic_game.game, quadratic_game.players
    form = lambda x, M, y: sum(x[i] * M[i, j] * y[j] for i in range(len(x)) for j in range(len(y)))  # noqa: E731
    expected = (
        0.5 * form(g, game.A, g) + form(g, game.B, d) + sum(game.a * g),
        0.5 * form(d, game.C, d) + form(d, game.D, g) + sum(game.c * d),
    )
    np.testing.assert_allclose(game.losses(d, game.act(g, ()), ()), expected, rtol=1e-12)


def test_gradient_and_jacobian_are_linear(quadratic_game):
    game, players = quadratic_game.game, quadratic_game.players
    np.testing.assert_allclose(ravel_pytree(gradients(game, players, ()))[0], quadratic_game.xi, rtol=0, atol=1e-12)
    np.testing.assert_allclose(game.jacobian(), quadratic_game.H, rtol=0, atol=1e-15)


def test_gradient_vanishes_at_the_equilibrium(quadratic_game):
    at_rest = gradients(quadratic_game.game, quadratic_game.game.equilibrium(), ())
    np.testing.assert_allclose(ravel_pytree(at_rest)[0], 0, atol=1e-11)


def test_the_coupling_is_zero_sum_unless_given(float64):
    rng = np.random.default_rng(0)
    B, g, d = rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=3)
    game = quadratic(np.zeros((2, 2)), B, np.zeros((3, 3)))
    np.testing.assert_allclose(game.losses(d, g, ()), (g @ B @ d, -(g @ B @ d)), rtol=1e-14)


def test_players_are_standard_normal_and_fit():
    game = quadratic(np.eye(200), np.zeros((200, 300)), np.eye(300))
    check(game, jax.random.key(0))
    players = game.init(jax.random.key(0))
    assert [player.shape for player in players] == [(200,), (300,)]
    z = ravel_pytree(players)[0]
    assert abs(z.mean()) < 4 / np.sqrt(500)
    assert abs(z.std() - 1) < 4 / np.sqrt(1000)
    assert abs(jnp.corrcoef(players.generator, players.discriminator[:200])[0, 1]) < 4 / np.sqrt(200)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"A": np.eye(3)}, r"A: got shape \(3, 3\), expected \(2, 2\) beside B of shape \(2, 3\)"),
        ({"B": np.ones(2)}, r"B: got shape \(2,\), expected a matrix"),
        ({"C": 1.0}, r"C: got shape \(\), expected \(3, 3\)"),
        ({"D": np.ones((2, 3))}, r"D: got shape \(2, 3\), expected \(3, 2\)"),
        ({"a": np.ones(3)}, r"a: got shape \(3,\), expected \(2,\)"),
        ({"c": np.ones(2)}, r"c: got shape \(2,\), expected \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        quadratic(**({"A": np.eye(2), "B": np.ones((2, 3)), "C": np.eye(3)} | wrong))
