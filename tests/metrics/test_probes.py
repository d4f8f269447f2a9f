import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain

import saddlery as sd
from saddlery.data import Mixture, ring_centres
from saddlery.game import Pair, fixed
from saddlery.games.gan import Gan
from saddlery.metrics import (
    Modes,
    Probe,
    mmd,
    mode_coverage,
    perfect,
    perfect_sampler,
    pixels,
    probes,
    sliced_wasserstein,
)
from saddlery.networks import MLP, from_functions

KEY = jax.random.key(3)
COMMON = {"generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"}


class Bank(eqx.Module):
    """Real samples out of a fixed set."""

    values: jax.Array

    def draw(self, key, n):
        return self.values[jax.random.randint(key, (n,), 0, len(self.values))]


def ring_gan():
    return Gan(MLP(4, 2, (8,)), MLP(2, 1, (8,)), Mixture(ring_centres(8, 1.0), 0.05), noise=4, batch=16)


def bank_gan(*shape):
    bank = Bank(jnp.tanh(jax.random.normal(jax.random.key(0), (40, *shape))))
    size = math.prod(shape)
    return Gan(MLP(4, shape, (8,), final="tanh"), MLP(size, 1, (8,)), bank, noise=4, batch=16)


class Bilinear(Plain):
    """L_g = gᵀ A d = −L_d, a game that is no pytree and has no hash."""

    def __init__(self, matrix):
        self.matrix = matrix

    __hash__ = None

    def __eq__(self, other):
        return bool((self.matrix == other.matrix).all())

    def losses(self, discriminator, samples, batch):
        value = samples @ self.matrix @ discriminator
        return Pair(value, -value)


start = eqx.filter_jit(lambda game: game.init(KEY))
RING, IMAGES, VECTORS = ring_gan(), bank_gan(3, 4, 1), bank_gan(3)


def shapes(game, **settings):
    """What the game's probes record, without computing it; every axis must have a name."""
    players, recorded = jax.eval_shape(game.init, KEY), {}
    for probe in probes(game, **settings).values():
        variables = eqx.filter_eval_shape(probe.measure, game, players, KEY)
        assert all(len(probe.dims.get(name, ())) == value.ndim for name, value in variables.items())
        recorded |= variables
    return recorded


def test_a_mixture_has_its_modes_measured():
    recorded = shapes(RING, shown=20)
    assert set(recorded) == COMMON | {"modes", "high_quality", "kl", "js", "total_variation", "samples"}
    assert (recorded["samples"].shape, recorded["samples"].dtype) == ((20, 2), jnp.float32)
    players = start(RING)
    recorded = probes(RING, samples=200)["modes"](RING, players, KEY)
    samples = RING.sample(players.generator, KEY, 200)
    expected = mode_coverage(samples, RING.data.centres, RING.data.std)
    for name, value in recorded.items():
        np.testing.assert_allclose(value, getattr(expected, name), rtol=1e-6)


def test_images_have_their_distances_measured_and_are_recorded_as_pixels():
    recorded = shapes(IMAGES, samples=50, shown=512)
    assert set(recorded) == COMMON | {"sliced_wasserstein", "mmd", "samples"}
    assert (recorded["samples"].shape, recorded["samples"].dtype) == ((64, 3, 4, 1), jnp.uint8)
    players = start(IMAGES)
    shown = probes(IMAGES, samples=50, shown=9)["samples"](IMAGES, players, KEY)["samples"]
    np.testing.assert_array_equal(shown, pixels(IMAGES.sample(players.generator, KEY, 9)))


def test_vectors_without_modes_are_recorded_as_they_are():
    recorded = shapes(VECTORS, samples=50, shown=7)
    assert set(recorded) == COMMON | {"sliced_wasserstein", "mmd", "samples"}
    assert (recorded["samples"].shape, recorded["samples"].dtype) == ((7, 3), jnp.float32)


def test_samples_of_other_shapes_are_measured_but_not_recorded():
    assert set(probes(bank_gan(3, 4), samples=20)) == {"losses", "distances"}


def test_the_axes_of_samples_are_named_by_what_they_are():
    assert probes(RING)["samples"].dims == {"samples": ("sample", "coordinate")}
    assert probes(IMAGES)["samples"].dims == {"samples": ("sample", "y", "x", "channel")}


@pytest.mark.long
def test_distances_are_those_of_fresh_samples_to_real_ones():
    probe, players = probes(VECTORS, samples=50)["distances"], start(VECTORS)
    noise, real, projections = jax.random.split(KEY, 3)
    samples, real = VECTORS.sample(players.generator, noise, 50), VECTORS.data.draw(real, 50)
    recorded = probe(VECTORS, players, KEY)
    np.testing.assert_allclose(
        recorded["sliced_wasserstein"], sliced_wasserstein(samples, real, projections), rtol=1e-5
    )
    np.testing.assert_allclose(recorded["mmd"], mmd(samples, real, probe.bandwidths), rtol=1e-4)
    assert all(1.5 * value < recorded[name] for name, value in perfect(VECTORS, 50).items())


def test_the_kernel_is_fixed_by_the_data_alone():
    first, second = (probes(game, samples=50)["distances"].bandwidths for game in (VECTORS, bank_gan(3)))
    np.testing.assert_array_equal(first, second)
    bank = np.asarray(VECTORS.data.values)
    pairs = np.linalg.norm(bank[:, None] - bank, axis=-1)
    assert float(first[2]) == pytest.approx(np.median(pairs), rel=0.1)


def test_losses_and_gradient_norms_of_any_game(float64):
    matrix = jnp.array([[1.0, 2.0], [3.0, -1.0]])
    game, players = Bilinear(matrix), Pair(jnp.array([1.0, -2.0]), jnp.array([0.5, 1.5]))
    chosen = probes(game)
    assert set(chosen) == {"losses"}
    recorded = chosen["losses"](game, players, KEY)
    assert float(recorded["generator_loss"]) == pytest.approx(float(players[0] @ matrix @ players[1]))
    assert float(recorded["discriminator_loss"]) == -float(recorded["generator_loss"])
    assert float(recorded["generator_norm"]) == pytest.approx(np.linalg.norm(matrix @ players[1]))
    assert float(recorded["discriminator_norm"]) == pytest.approx(np.linalg.norm(matrix.T @ players[0]))
    other = chosen["losses"](Bilinear(2 * matrix), players, KEY)  # another game is another program
    assert float(other["generator_loss"]) == pytest.approx(2 * float(recorded["generator_loss"]))


def test_norms_are_those_of_the_batch_the_key_draws():
    players, probe = start(RING), probes(RING)["losses"]
    recorded = probe(RING, players, KEY)
    again = probe(fixed(RING, RING.draw(KEY)), players, jax.random.key(99))
    for name, value in recorded.items():
        np.testing.assert_allclose(value, again[name], rtol=1e-5)


def test_a_program_is_compiled_once_for_all_data_of_a_shape():
    traced = []

    class Counted(Probe):
        def measure(self, game, players, key):
            traced.append(1)
            return {"radius": jnp.linalg.norm(game.data.centres[0])}

    larger = eqx.tree_at(lambda game: game.data.centres, RING, ring_centres(8, 2.0))
    players = start(RING)
    assert [float(Counted()(game, players, KEY)["radius"]) for game in (RING, larger)] == [1.0, 2.0]
    assert len(traced) == 1


def test_a_perfect_sampler_scores_as_expected_of_it():
    data = Mixture(ring_centres(8, 1.0), 0.05)
    perfect_generator = from_functions(lambda key: jnp.zeros(1), lambda _, noise: truth(noise))

    def truth(noise):
        mode = jnp.floor(jax.scipy.stats.norm.cdf(noise[:, 0]) * 8).astype(int).clip(0, 7)
        return data.centres[mode] + data.std * noise[:, 1:]

    game = Gan(perfect_generator, MLP(2, 1, (4,)), data, noise=3)
    probe, players = Modes(1000), game.init(KEY)
    values = [probe(game, players, key) for key in jax.random.split(KEY, 60)]
    expected = perfect(game, 1000)
    assert set(expected) == set(values[0])
    for name, (mean, low, high) in perfect_sampler(1000, 8).items():
        column = np.array([float(value[name]) for value in values])
        assert expected[name] == mean
        assert abs(column.mean() - mean) < 4 * column.std() / math.sqrt(60) + 1e-6, name
        assert np.mean((column >= low - 1e-6) & (column <= high + 1e-6)) > 0.8, name


def test_more_real_samples_are_nearer_to_as_many_others():
    few, many = perfect(VECTORS, 50, repeats=8), perfect(VECTORS, 500)
    assert set(few) == {"sliced_wasserstein", "mmd"}
    assert 0 < many["sliced_wasserstein"] < few["sliced_wasserstein"] / 1.5
    assert 0 <= many["mmd"] < few["mmd"]


def test_nothing_is_expected_of_a_game_without_samples():
    assert perfect(Bilinear(jnp.eye(2))) == {}


def test_pixels_are_rounded_clipped_and_never_undefined():
    images = jnp.array([-1.0, 1.0, -3.0, 7.0, -jnp.inf, jnp.inf, 0.5, -1 + 1.4 / 127.5])
    assert pixels(images).tolist() == [0, 255, 0, 255, 0, 255, 191, 1]
    assert pixels(jnp.array([jnp.nan])).tolist() == pixels(jnp.array([0.0])).tolist()
    levels = jnp.arange(256, dtype=jnp.uint8)
    np.testing.assert_array_equal(pixels(levels / 127.5 - 1), levels)


@pytest.mark.parametrize(
    "wrap", [lambda game: sd.fixed(game, game.draw(jax.random.key(0))), lambda game: sd.data_parallel(game, 1)]
)
def test_a_wrapped_game_has_the_measures_of_what_it_wraps(wrap):
    game = sd.games.ring(preset="numerics", batch=8)
    wrapped = wrap(game)
    assert list(probes(wrapped, 50)) == list(probes(game, 50))
    assert perfect(wrapped, 50) == perfect(game, 50)
    players = game.init(jax.random.key(1))
    one, other = (probes(each, 50)["modes"](each, players, jax.random.key(2)) for each in (game, wrapped))
    jax.tree.map(np.testing.assert_array_equal, one, other)
