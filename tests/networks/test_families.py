import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.data.images import Images
from saddlery.networks import FAMILIES, DCGANGenerator, Precision, SpectralNorm, family


def size_of(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def shapes(players, noise, batch=2):
    """The parameters', the images', the scores' and the features', nothing computed."""

    def everything(key):
        parameters = players.generator.init(key), players.discriminator.init(key)
        images = players.generator.apply(parameters[0], jnp.ones((batch, noise)))
        scores = players.discriminator.apply(parameters[1], images)
        return parameters, images, scores, players.discriminator.features(parameters[1], images)

    return jax.eval_shape(everything, jax.random.key(0))


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (64, 3)])
@pytest.mark.parametrize("name", ["conv3", "dcgan4", "resnet", "lstm", "stacked"])
def test_every_kind_makes_images_of_every_size_and_scores_them(name, size, channels):
    _, images, scores, features = shapes(family(name, size=size, channels=channels, noise=7), 7)
    assert images.shape == (2, size, size, channels)
    assert scores.shape == (2,)
    assert features.shape[0] == 2


def test_the_constant_filter_dcgan_of_the_numerics_paper_has_690500_parameters():
    assert size_of(shapes(family("dcgan4_nobn_cf"), 256)[0]) == 690_500


def test_filters_double_towards_the_noise_or_are_constant():
    assert family("dcgan4").generator.filters == (512, 256, 128, 64)
    assert family("dcgan4").discriminator.filters == (64, 128, 256, 512)
    assert family("dcgan3_nobn_cf(width=32)").generator.filters == (32, 32, 32)


def test_stacked_networks_are_the_papers():
    players = family("stacked(fraction=0.25)")
    assert players.generator.filters == (64, 32, 16, 8)
    assert players.discriminator.filters == (2, 4, 8)
    assert players.generator.sides == [4, 7, 14, 28, 28]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_discriminator_is_a_fraction_of_the_generator(name):
    (generator, half), (same, full) = (
        [jax.eval_shape(player.init, jax.random.key(0)) for player in family(name, fraction=fraction, noise=7)]
        for fraction in (0.5, 1.0)
    )
    assert size_of(generator) == size_of(same)
    assert size_of(half) < 0.6 * size_of(full)


@pytest.mark.parametrize("name", FAMILIES)
def test_only_networks_with_batch_normalisation_are_not_independent(name):
    generator, discriminator = family(name)
    assert generator.independent == discriminator.independent == (name not in ("dcgan3", "dcgan4", "stacked"))


def test_options_are_wrapped_around_the_networks():
    generator, discriminator = family("dcgan3(spectral=3, compute='bfloat16')", size=8, channels=1, noise=5)
    assert isinstance(generator, Precision)
    assert isinstance(generator.network, DCGANGenerator)
    assert isinstance(discriminator, Precision)
    assert isinstance(discriminator.network, SpectralNorm)
    assert discriminator.network.iterations == 3
    assert not discriminator.independent


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    ["conv3(width=2, hidden=4)", "dcgan3(width=2, spectral=2)", "resnet(width=4)", "lstm(width=8)", "stacked(width=2)"],
)
def test_gradients_of_every_kind_are_finite_and_move_every_parameter(text):
    networks = family(text, size=8, channels=1, noise=4)
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype=np.uint8)
    game = sd.games.Gan(*networks, Images(images), noise=4, batch=4)
    key = jax.random.key(0)
    found = jax.jit(lambda key: sd.gradients(game, game.init(key), game.draw(key)))(key)
    for path, leaf in jax.tree_util.tree_leaves_with_path(found):
        assert jnp.isfinite(leaf).all(), jax.tree_util.keystr(path)
        assert leaf.any(), jax.tree_util.keystr(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dcgan5", "unknown network 'dcgan5'; did you mean 'dcgan4'"),
        ("dcgan4(widht=3)", "unknown argument of dcgan4 'widht'; did you mean 'width'"),
        ("dcgan4(width=0)", "width: got 0, expected a whole number from 1 to 8192"),
        ("dcgan4(fraction=0)", "fraction: got 0, expected a number above 0"),
        ("dcgan4(compute='bf16')", "unknown compute 'bf16'; did you mean 'bfloat16'"),
        ("resnet(width=2.5)", "width: got 2.5, expected a whole number"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        family(text)
