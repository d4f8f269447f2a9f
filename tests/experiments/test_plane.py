"""Games of few numbers: their players are on record, and the field in the plane that they move in."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.plane import BATCHES, is_plane, plane


class Noisy(eqx.Module):
    """A game of one number against two whose losses hold the batch's noise, of mean 0."""

    def init(self, key):
        return sd.Pair(jax.random.normal(key, (1,)), {"a": jnp.ones(()), "b": jnp.zeros(())})

    def draw(self, key):
        return jax.random.normal(key, (8,))

    def act(self, generator, batch):
        return generator[0] + batch

    def losses(self, discriminator, samples, batch):
        value = (samples * discriminator["a"]).mean() + discriminator["b"] ** 2
        return sd.Pair(value, -value)


def test_two_or_three_numbers_and_analytic_games_are_drawn_in_a_plane():
    assert is_plane(sd.games.dirac())
    assert is_plane(Noisy())
    assert is_plane(sd.games.bilinear(dimension=5))
    assert not is_plane(sd.games.bilinear(dimension=100))
    assert not is_plane(sd.games.ring(modes=4, width=4))


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_grid_is_around_the_equilibrium_and_holds_every_start(scale):
    game = sd.games.quadratic(A=[[2.0]], B=[[1.0]], C=[[2.0]], a=[5.0])  # at rest at (−2, −1)
    starts = [sd.Pair(jnp.array([-2 + scale * g]), jnp.array([-1 + scale * d])) for g, d in [(1, 0.5), (-3, 2)]]
    numbers, arrays = plane(game, starts)
    x, y = arrays["field_x"][1], arrays["field_y"][1]
    np.testing.assert_allclose([(x[0] + x[-1]) / 2, (y[0] + y[-1]) / 2], [-2, -1], rtol=1e-5)
    np.testing.assert_allclose(arrays["field_rest"][1], [-2, -1], rtol=1e-6)
    for start in starts:
        assert x[0] < float(start.generator[0]) < x[-1]
        assert y[0] < float(start.discriminator[0]) < y[-1]
    assert x[-1] - x[0] < 12 * scale
    assert numbers["field_batches"] == 0


def test_the_field_of_a_random_game_is_its_mean_over_batches():
    game = Noisy()
    start = game.init(jax.random.key(3))
    numbers, arrays = plane(game, [start])
    assert numbers == {"field_generator_numbers": 1.0, "field_numbers": 3.0, "field_batches": BATCHES}
    keys = jax.random.split(jax.random.key(0), BATCHES)
    noise = np.mean([np.asarray(game.draw(key)).mean() for key in keys])
    g, a = np.meshgrid(arrays["field_x"][1], arrays["field_y"][1])
    expected = np.stack([-a, g + noise], -1)
    np.testing.assert_allclose(arrays["field_velocity"][1], expected, atol=1e-5)
    assert np.isnan(arrays["field_rest"][1]).all()


def test_runs_of_such_games_hold_their_positions_and_their_field(tmp_path):
    results = sd.sweep("dirac", ["simultaneous", "extragradient"], steps=6, every=2, seeds=2, out=tmp_path / "a")
    dataset = results.dataset
    assert dataset["position"].dims == ("setting", "seed", "step", "axis")
    for seed in (0, 1):
        run = results.run("extragradient", seed=seed)
        last = [float(run.only.players.generator), float(run.only.players.discriminator)]
        np.testing.assert_array_equal(dataset["position"].values[1, seed, -1], np.float32(last))
    assert dataset["field_velocity"].sizes == {"field_row": 21, "field_column": 21, "player": 2}
    x, y = dataset["field_x"].values, dataset["field_y"].values
    starts = dataset["position"].values[:, :, 0]
    assert x[0] < starts[..., 0].min() < starts[..., 0].max() < x[-1]
    assert y[0] < starts[..., 1].min() < starts[..., 1].max() < y[-1]


def test_of_games_that_are_not_all_of_few_numbers_no_positions_are_kept():
    dataset = sd.sweep("bilinear(dimension=[2, 40])", "simultaneous", steps=2, seeds=1).dataset
    assert "position" not in dataset
    assert "field_velocity" not in dataset


def test_what_train_recorded_of_positions_is_drawn_too(tmp_path):
    game = sd.games.dirac()
    probes = sd.metrics.probes(game) | {"position": sd.dynamics.Positions()}
    sd.train(game, sd.methods.simultaneous(), steps=4, key=0, seeds=2, probes=probes, out=tmp_path / "a")
    page = sd.load(tmp_path / "a").report().read_text()
    assert "Vector field, and paths of training on it" in page


def test_of_an_own_game_every_step_is_on_record_unless_there_are_many():
    results = sd.sweep(Noisy(), "simultaneous", steps=60, seeds=1, learning_rate=0.01)
    assert results.dataset.sizes["step"] == 61
    assert results.experiment.every == 1
