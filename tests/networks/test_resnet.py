import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from saddlery.networks import ResNetDiscriminator, ResNetGenerator

NUMBERS = ("NHWC", "HWIO", "NHWC")


def leaky(x):
    return jnp.maximum(x, 0.2 * x)


def conv(layer, x, stride=1):
    y = lax.conv_general_dilated(x, layer["kernel"], (stride, stride), "SAME", dimension_numbers=NUMBERS)
    return y + layer["bias"]


def block_in_lax(block, x, branch):
    return x + branch * conv(block["second"], leaky(conv(block["first"], leaky(x))))


def shaken(network, scale=0.1):
    leaves, tree = jax.tree.flatten(network.init(jax.random.key(0)))
    keys = jax.random.split(jax.random.key(1), len(leaves))
    return tree.unflatten(
        [leaf + scale * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    )


@pytest.mark.long
def test_generator_is_what_xla_computes(float64):
    network = ResNetGenerator(16, 3, 4, 0.1, noise=5)
    parameters, z = shaken(network), jax.random.normal(jax.random.key(2), (2, 5))

    @jax.jit
    def in_lax(parameters, z):
        x = (z @ parameters["dense"]["weight"] + parameters["dense"]["bias"]).reshape(2, 4, 1, 1).transpose(0, 2, 3, 1)
        for i, layer in enumerate(parameters["convolutions"]):
            x = lax.conv_transpose(
                leaky(x), layer["kernel"], (2, 2), "SAME", dimension_numbers=NUMBERS, transpose_kernel=True
            )
            x = x + layer["bias"]
            if i < 3:
                x = block_in_lax(parameters["blocks"][i], x, 0.1)
        return jnp.tanh(x)

    np.testing.assert_allclose(jax.jit(network.apply)(parameters, z), in_lax(parameters, z), atol=1e-10)


@pytest.mark.long
def test_discriminator_is_what_xla_computes(float64):
    network = ResNetDiscriminator(16, 3, 4, 0.5)
    parameters, x = shaken(network), jax.random.normal(jax.random.key(2), (2, 16, 16, 3))

    @jax.jit
    def in_lax(parameters, y):
        for i, (layer, block) in enumerate(zip(parameters["convolutions"], parameters["blocks"], strict=True)):
            y = block_in_lax(block, conv(layer, y if i == 0 else leaky(y), 2), 0.5)
        return (leaky(y.reshape(2, -1)) @ parameters["dense"]["weight"] + parameters["dense"]["bias"])[:, 0]

    scores, features = jax.jit(lambda *of: (network.apply(*of), network.features(*of)))(parameters, x)
    np.testing.assert_allclose(scores, in_lax(parameters, x), atol=1e-10)
    np.testing.assert_allclose((features @ parameters["dense"]["weight"])[:, 0] + parameters["dense"]["bias"], scores)


@pytest.mark.parametrize("make", [ResNetGenerator, ResNetDiscriminator])
def test_blocks_that_start_small_start_as_the_identity(float64, make):
    small, none = make(16, 1, 4, small=True), make(16, 1, 4, branch=0.0)
    parameters = small.init(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (2, 256) if make is ResNetGenerator else (2, 16, 16, 1))
    found, expected = jax.jit(lambda *of: (small.apply(*of), none.apply(*of)))(parameters, x)
    assert not np.array_equal(found, expected)
    np.testing.assert_allclose(found, expected, atol=1e-3)
