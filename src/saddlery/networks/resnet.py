"""Residual networks on images, as in the Numerics of GANs."""

import itertools
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.networks.convolution import convolution, transposed_convolution
from saddlery.networks.layers import Layer, affine, dense, kernel, leaky_relu, shifted, sides
from saddlery.networks.network import Network, width_of
from saddlery.text.arguments import number, whole
from saddlery.types import Key

SLOPE = 0.2
DOUBLINGS = 4


class ResNet(Network):
    """A residual network, what both networks of Mescheder, Nowozin and Geiger (2017, released code) have in common.

    Maps of a constant number of `filters`, their sides doubled or halved four times by 5×5 convolutions of stride 2,
    with a residual block after each:

        x + branch · K₂ ∗ σ(K₁ ∗ σ(x)),   σ leaky relu of slope 0.2, K₁ and K₂ 3×3, half as many filters between

    **Arguments:**
    - `size`, `channels`: of the images.
    - `filters`: of every map.
    - `branch`: the factor of the residual branches.
    - `small`: with `True` their last kernels start as normal numbers of standard deviation 10⁻⁵.

    **Raises:** `ValueError` for numbers out of range.
    """

    size: int = eqx.field(static=True, converter=partial(whole, "size"))
    channels: int = eqx.field(static=True, converter=partial(whole, "channels"))
    filters: int = eqx.field(static=True, converter=width_of("filters"), default=64)
    branch: float = eqx.field(static=True, converter=partial(number, "branch"), default=1.0)
    small: bool = eqx.field(static=True, default=False)

    def block(self, key: Key) -> dict[str, Layer]:
        """New parameters of a residual block."""
        inner = max(1, self.filters // 2)
        first, second = jax.random.split(key)
        block = {"first": kernel(first, 3, self.filters, inner), "second": kernel(second, 3, inner, self.filters)}
        if self.small:
            block["second"]["kernel"] = 1e-5 * jax.random.normal(second, block["second"]["kernel"].shape)
        return block

    def through(self, block: dict[str, Layer], x: Array) -> Array:
        """The output of a residual block: a map and its residual branch."""
        change = x
        for layer in (block["first"], block["second"]):
            change = shifted(layer, convolution(leaky_relu(change, SLOPE), layer["kernel"], layout="CHWN"))
        return x + self.branch * change


class ResNetGenerator(ResNet):
    """A residual generator, images in [-1, 1]: see `ResNet`; no block follows the convolution that leads to the image.

        >>> parameters = ResNetGenerator(size=16, channels=1, filters=4, noise=8).init(jax.random.key(0))
        >>> parameters["dense"]["weight"].shape  # from the noise to 4 maps of 1×1, whose sides are doubled four times
        (8, 4)

    **Arguments:** beside those of `ResNet`, `noise`: its dimension.
    """

    noise: int = eqx.field(static=True, converter=partial(whole, "noise"), default=256)

    def init(self, key: Key) -> dict[str, Any]:
        """New parameters: `"dense"`, `"convolutions"` and `"blocks"`."""
        keys = jax.random.split(key, 2 * DOUBLINGS)
        maps = itertools.pairwise((*[self.filters] * DOUBLINGS, self.channels))
        return {
            "dense": dense(keys[0], self.noise, self.filters * sides(self.size, DOUBLINGS)[0] ** 2),
            "convolutions": tuple(
                kernel(key, 5, *io, transposed=True) for key, io in zip(keys[1::2], maps, strict=True)
            ),
            "blocks": tuple(self.block(key) for key in keys[2::2]),
        }

    def apply(self, parameters: dict[str, Any], x: Array) -> Array:
        """Images `(batch, size, size, channels)` out of noise `(batch, noise)`."""
        smallest, *larger = sides(self.size, DOUBLINGS)
        x = affine(parameters["dense"], x.T).reshape(self.filters, smallest, smallest, -1)
        for i, (layer, side) in enumerate(zip(parameters["convolutions"], larger, strict=True)):
            x = leaky_relu(x, SLOPE)
            x = shifted(layer, transposed_convolution(x, layer["kernel"], 2, (side, side), layout="CHWN"))
            if i < len(parameters["blocks"]):
                x = self.through(parameters["blocks"][i], x)
        return jnp.tanh(x).transpose(3, 1, 2, 0)


class ResNetDiscriminator(ResNet):
    """A residual discriminator, scores of images: see `ResNet`.

    In the released code the first block alone has all its filters between.

        >>> discriminator = ResNetDiscriminator(size=16, channels=1, filters=4)
        >>> discriminator.init(jax.random.key(0))["dense"]["weight"].shape  # of 4 maps, 1×1 each
        (4, 1)
    """

    def init(self, key: Key) -> dict[str, Any]:
        """New parameters: `"convolutions"`, `"blocks"` and `"dense"`."""
        keys = jax.random.split(key, 2 * DOUBLINGS + 1)
        maps = itertools.pairwise((self.channels, *[self.filters] * DOUBLINGS))
        return {
            "convolutions": tuple(kernel(key, 5, *io) for key, io in zip(keys[1::2], maps, strict=True)),
            "blocks": tuple(self.block(key) for key in keys[2::2]),
            "dense": dense(keys[0], self.filters * sides(self.size, DOUBLINGS)[0] ** 2, 1),
        }

    def features(self, parameters: dict[str, Any], x: Array) -> Array:
        """The features, of which the score is a linear function, `(batch, features)`."""
        return self._features(parameters, x).T

    def apply(self, parameters: dict[str, Any], x: Array) -> Array:
        """Scores `(batch,)` of images `(batch, size, size, channels)`."""
        return affine(parameters["dense"], self._features(parameters, x))[0]

    def _features(self, parameters, x):
        x = x.transpose(3, 1, 2, 0)
        for i, (layer, block) in enumerate(zip(parameters["convolutions"], parameters["blocks"], strict=True)):
            x = x if i == 0 else leaky_relu(x, SLOPE)
            x = self.through(block, shifted(layer, convolution(x, layer["kernel"], 2, layout="CHWN")))
        return leaky_relu(x.reshape(-1, x.shape[-1]), SLOPE)
