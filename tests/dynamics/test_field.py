"""The field of a game of two numbers: on every point of the grid minus the slopes of the losses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.dynamics import Positions, field
from saddlery.errors import InvalidValue

GAMES = {
    "dirac": lambda: sd.games.dirac("nonsaturating", "r1(weight=0.5)"),
    "quadratic": lambda: sd.games.quadratic(A=[[2.0]], B=[[1.5]], C=[[-1.0]], D=[[0.5]], a=[3.0]),
}


@pytest.mark.parametrize("name", GAMES)
def test_v_is_minus_the_slopes_of_the_losses(name, float64):
    game, h = GAMES[name](), 1e-5
    template = game.init(jax.random.key(0))
    found = field(game, ((-1.5, 0.5), (0.25, 2)), n=4, key=jax.random.key(0))

    def loss(player, g, d):
        g, d = (jnp.full(jnp.shape(leaf), x) for leaf, x in zip(template, (g, d), strict=True))
        batch = game.draw(jax.random.key(0))
        return float(getattr(game.losses(d, game.act(g, batch), batch), player))

    for g in np.linspace(-1.5, 0.5, 4):
        for d in np.linspace(0.25, 2, 4):
            here = found.sel(generator=g, discriminator=d, method="nearest")
            of_g = (loss("generator", g - h, d) - loss("generator", g + h, d)) / (2 * h)
            of_d = (loss("discriminator", g, d - h) - loss("discriminator", g, d + h)) / (2 * h)
            np.testing.assert_allclose(
                [float(here["generator_velocity"]), float(here["discriminator_velocity"])], [of_g, of_d], atol=1e-8
            )


def test_one_number_is_how_far_it_reaches():
    found = field(sd.games.bilinear(), 3, n=3, key=jax.random.key(0))
    assert found["generator"].values.tolist() == found["discriminator"].values.tolist() == [-3, 0, 3]
    np.testing.assert_array_equal(found["discriminator_velocity"], [[-3, 0, 3]] * 3)  # v_d = g


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"limits": 0}, "limits: got 0, expected a number above 0"),
        ({"limits": (1, 2)}, r"limits: got \(1, 2\), expected a number, or \(\(low, high\), \(low, high\)\)"),
        ({"limits": ((1, 1), (0, 1))}, "limits: got 1, expected a number above 1"),
        ({"n": 1}, "n: got 1, expected a whole number from 2"),
        (
            {"game": sd.games.bilinear(dimension=2)},
            "players have 2 and 2 parameters; a field is drawn of games in whic",
        ),
    ],
)
def test_what_gives_no_field_is_named(settings, said):
    with pytest.raises(InvalidValue, match=said):
        field(**({"game": sd.games.bilinear(), "key": jax.random.key(0)} | settings))


def test_positions_are_the_parameters_in_their_order():
    run = sd.train(sd.games.bilinear(dimension=2), sd.methods.alternating(), steps=2, key=0, seeds=2,
                   probes={"position": Positions()})  # fmt: skip
    assert run.history["position"].dims == ("seed", "step", "axis")
    for seed, players in enumerate(run.players):
        expected = np.concatenate([players.generator, players.discriminator])
        np.testing.assert_array_equal(run.history["position"][seed, -1], expected)


def test_in_a_plane_v_is_that_of_each_player_s_first_number():
    A, B, C = np.array([[1.0, 0.5], [0.5, 2.0]]), np.array([[1.5], [0.25]]), np.array([[-1.0]])
    game = sd.games.quadratic(A=A, B=B, C=C)
    through = sd.Pair(jnp.array([9.0, 0.75]), jnp.array([9.0]))
    found = field(game, 1.0, n=3, key=jax.random.key(0), through=through)
    for g in (-1.0, 0.0, 1.0):
        for d in (-1.0, 0.0, 1.0):
            here = found.sel(generator=g, discriminator=d)
            point = np.array([g, 0.75])
            assert float(here["generator_velocity"]) == pytest.approx(-(A @ point + B[:, 0] * d)[0])
            assert float(here["discriminator_velocity"]) == pytest.approx(-(C[0, 0] * d - B[:, 0] @ point))
    with pytest.raises(ValueError, match="through"):
        field(game, 1.0, n=3, key=jax.random.key(0), through=sd.Pair(jnp.ones(1), jnp.ones(1)))
