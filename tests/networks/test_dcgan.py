import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from saddlery.networks import DCGANDiscriminator, DCGANGenerator

NUMBERS = ("NHWC", "HWIO", "NHWC")


def normal(x):  # batch first, features last
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / jnp.sqrt(x.var(axes) + 1e-3)


def leaky(x, slope):
    return jnp.maximum(x, slope * x)


def generator_in_lax(network, parameters, z):
    *hidden, projection = parameters["dense"]
    for layer in hidden:
        z = leaky(z @ layer["weight"] + layer["bias"], network.slope)
    side = network.sides[0]
    last = lambda v: v.reshape(-1, network.filters[0], side, side).transpose(0, 2, 3, 1)  # noqa: E731
    x, bias = last(z @ projection["weight"]), last(projection["bias"])
    for layer, stride in zip(
        parameters["convolutions"], [2] * (len(network.filters) - 1) + [network.last], strict=True
    ):
        x = leaky((normal(x) if network.normalised else x) + bias, network.slope)
        strides = (stride, stride)
        x = lax.conv_transpose(x, layer["kernel"], strides, "SAME", dimension_numbers=NUMBERS, transpose_kernel=True)
        bias = layer["bias"]
    return jnp.tanh(x + bias)


def discriminator_in_lax(network, parameters, x):
    for i, layer in enumerate(parameters["convolutions"]):
        x = lax.conv_general_dilated(x, layer["kernel"], (2, 2), "SAME", dimension_numbers=NUMBERS)
        normalised = network.unnormalised is not None and i >= network.unnormalised
        x = leaky((normal(x) if normalised else x) + layer["bias"], network.slope)
    x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    for layer in parameters["dense"][:-1]:
        x = leaky(x @ layer["weight"] + layer["bias"], network.slope)
    return (x @ parameters["dense"][-1]["weight"] + parameters["dense"][-1]["bias"])[:, 0]


def shaken(network):
    """Parameters whose biases are not zero."""
    parameters = network.init(jax.random.key(0))
    leaves, tree = jax.tree.flatten(parameters)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    return tree.unflatten(
        [leaf + 0.1 * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "network",
    [
        DCGANGenerator(5, 16, 3, (8, 4), (6,)),
        DCGANGenerator(5, 16, 1, (6, 4, 2), slope=0.0, normalised=True, independent=False),
        DCGANGenerator(5, 8, 3, (6, 4), taps=3, last=1),
    ],
    ids=["dense", "normalised", "last"],
)
def test_generator_is_what_xla_computes(float64, network):
    parameters, z = shaken(network), jax.random.normal(jax.random.key(2), (4, 5))
    x, expected = jax.jit(lambda *of: (network.apply(*of), generator_in_lax(network, *of)))(parameters, z)
    assert x.shape == (4, network.size, network.size, network.channels)
    assert jnp.abs(x).max() < 1
    np.testing.assert_allclose(x, expected, atol=1e-10)


@pytest.mark.long
@pytest.mark.parametrize(
    "network",
    [
        DCGANDiscriminator(16, 3, (4, 8), (6,)),
        DCGANDiscriminator(14, 1, (4, 8), slope=0.3, taps=3, unnormalised=0, independent=False),
        DCGANDiscriminator(9, 1, (2, 4, 6), unnormalised=1, independent=False),
    ],
    ids=["dense", "normalised", "odd"],
)
def test_discriminator_is_what_xla_computes(float64, network):
    parameters = shaken(network)
    x = jax.random.normal(jax.random.key(2), (4, network.size, network.size, network.channels))
    scores, features, expected = jax.jit(
        lambda *of: (network.apply(*of), network.features(*of), discriminator_in_lax(network, *of))
    )(parameters, x)
    assert scores.shape == (4,)
    np.testing.assert_allclose(scores, expected, atol=1e-10)
    last = parameters["dense"][-1]
    np.testing.assert_allclose((features @ last["weight"] + last["bias"])[:, 0], scores)


def test_28_is_reached_by_4_7_and_14():
    assert DCGANGenerator(5, 28, 1, (4, 3, 2)).sides == [4, 7, 14, 28]
    assert DCGANGenerator(5, 28, 1, (8, 4, 3, 2), last=1).sides == [4, 7, 14, 28, 28]


def test_samples_see_each_other_under_batch_normalisation_only(float64):
    x = jax.random.normal(jax.random.key(0), (4, 8, 8, 1))
    plain = DCGANDiscriminator(8, 1, (2, 4))
    normalised = DCGANDiscriminator(8, 1, (2, 4), unnormalised=1, independent=False)
    for network in (plain, normalised):
        score = jax.jit(network.apply)
        parameters = network.init(jax.random.key(1))
        alone, among = score(parameters, x[:2]), score(parameters, x)[:2]
        assert np.allclose(alone, among, atol=1e-9) == network.independent


def test_networks_that_are_not_independent_must_say_so():
    with pytest.raises(ValueError, match="independent: got True, expected False"):
        DCGANGenerator(5, 8, 1, normalised=True)
    with pytest.raises(ValueError, match="independent: got True, expected False"):
        DCGANDiscriminator(8, 1, unnormalised=1)
    with pytest.raises(ValueError, match="last: got 3, expected a whole number from 1 to 2"):
        DCGANGenerator(5, 8, 1, last=3)
