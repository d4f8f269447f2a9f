"""DCGANs: generators by transposed convolutions, and discriminators by strided ones."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.errors import InvalidValue
from saddlery.networks.batch_norm import Moments, batch_norm, normalised
from saddlery.networks.convolution import convolution, transposed_convolution
from saddlery.networks.layers import Layer, affine, dense, kernel, leaky_relu, shifted, sides
from saddlery.networks.network import Network, widths_of
from saddlery.text.arguments import number, whole
from saddlery.types import Key

Layers: TypeAlias = dict[str, tuple[Layer, ...]]

taps_of: Callable[[Any], int] = partial(whole, "taps", most=32, why="each tap of a kernel is compiled by itself")


class DCGANGenerator(Network):
    """A DCGAN's generator: images in [-1, 1] out of noise (Radford, Metz, Chintala, 2016).

    Dense layers up to a small map of features, then transposed convolutions that double its sides, and tanh.

        >>> generator = DCGANGenerator(noise=16, size=28, channels=1, filters=(8, 4))
        >>> generator.sides
        [7, 14, 28]
        >>> [layer["kernel"].shape for layer in generator.init(jax.random.key(0))["convolutions"]]
        [(5, 5, 4, 8), (5, 5, 1, 4)]

    **Arguments:**
    - `noise`: its dimension.
    - `size`, `channels`: of the images returned, `(batch, size, size, channels)`. Any size will do: sides that are no
      multiple of two are cropped, so that 28 is reached by 4, 7, 14, 28.
    - `filters`: the channels of the first map and of those that follow; another convolution leads to the image.
    - `hidden`: the widths of dense layers before the first map.
    - `taps`: the sides of the kernels.
    - `slope`: of the leaky relu after each layer; 0 is relu.
    - `normalised`: whether maps are batch normalised, the image excepted; then `independent` must be `False`.
    - `last`: stride of the convolution that leads to the image, 2 or 1.

    **Raises:** `ValueError` for numbers out of range, and when `independent` is not what it must be.
    """

    noise: int = eqx.field(static=True, converter=partial(whole, "noise"))
    size: int = eqx.field(static=True, converter=partial(whole, "size"))
    channels: int = eqx.field(static=True, converter=partial(whole, "channels"))
    filters: tuple[int, ...] = eqx.field(static=True, converter=widths_of("filters", 1), default=(512, 256, 128, 64))
    hidden: tuple[int, ...] = eqx.field(static=True, converter=widths_of("hidden"), default=())
    taps: int = eqx.field(static=True, converter=taps_of, default=5)
    slope: float = eqx.field(static=True, converter=partial(number, "slope"), default=0.2)
    normalised: bool = eqx.field(static=True, default=False)
    last: int = eqx.field(static=True, converter=partial(whole, "last", most=2), default=2)

    def __check_init__(self) -> None:
        _require_independence(self, self.normalised)

    @property
    def sides(self) -> list[int]:
        """The sides of the first map, and of the map after each convolution."""
        return [*sides(self.size, len(self.filters) - 1 + (self.last == 2)), *[self.size] * (self.last == 1)]

    def init(self, key: Key) -> Layers:
        """New parameters: `"dense"` and `"convolutions"`, a tuple of layers each."""
        widths = (self.noise, *self.hidden, self.filters[0] * self.sides[0] ** 2)
        maps = (*self.filters, self.channels)
        first, second = jax.random.split(key)
        return {
            "dense": _each(dense, first, widths),
            "convolutions": _each(lambda key, *io: kernel(key, self.taps, *io, transposed=True), second, maps),
        }

    def apply(self, parameters: Layers, x: Array) -> Array:
        """Images `(batch, size, size, channels)` out of noise `(batch, noise)`."""
        return self.evaluate(parameters, x)[0]

    def evaluate(
        self, parameters: Layers, x: Array, statistics: tuple[Moments, ...] = ()
    ) -> tuple[Array, tuple[Moments, ...]]:
        """Images as of `apply`, the first maps normalised by given statistics; and the statistics of all maps."""
        used = []

        def activated(layer, x):
            if self.normalised:
                x, moments = normalised(x, statistics[len(used)] if len(used) < len(statistics) else None)
                used.append(moments)
            return leaky_relu(shifted(layer, x), self.slope)

        (*hidden, projection), (*convolutions, to_image) = parameters["dense"], parameters["convolutions"]
        side, *larger = self.sides
        x = x.T
        for layer in hidden:
            x = leaky_relu(affine(layer, x), self.slope)
        x = activated(projection, (projection["weight"].T @ x).reshape(self.filters[0], side, side, -1))
        for layer, side in zip(convolutions, larger[:-1], strict=True):
            x = activated(layer, transposed_convolution(x, layer["kernel"], 2, (side, side), layout="CHWN"))
        size = (self.size, self.size)
        x = shifted(to_image, transposed_convolution(x, to_image["kernel"], self.last, size, layout="CHWN"))
        return jnp.tanh(x).transpose(3, 1, 2, 0), tuple(used)


class DCGANDiscriminator(Network):
    """A DCGAN's discriminator: strided convolutions, then dense layers (Radford, Metz, Chintala, 2016).

        >>> discriminator = DCGANDiscriminator(size=8, channels=1, filters=(4,))
        >>> zero = jax.tree.map(jnp.zeros_like, discriminator.init(jax.random.key(0)))
        >>> discriminator.apply(zero, jnp.ones((2, 8, 8, 1))).tolist()
        [0.0, 0.0]

    **Arguments:**
    - `size`, `channels`: of the images.
    - `filters`: the channels after each convolution.
    - `hidden`: the widths of dense layers before the score.
    - `taps`: the sides of the kernels.
    - `slope`: of the leaky relu after each layer.
    - `unnormalised`: after how many convolutions batch normalisation begins; `independent` must then be `False`. With
      `None` nothing is normalised.

    **Raises:** as `DCGANGenerator`.
    """

    size: int = eqx.field(static=True, converter=partial(whole, "size"))
    channels: int = eqx.field(static=True, converter=partial(whole, "channels"))
    filters: tuple[int, ...] = eqx.field(static=True, converter=widths_of("filters", 1), default=(64, 128, 256, 512))
    hidden: tuple[int, ...] = eqx.field(static=True, converter=widths_of("hidden"), default=())
    taps: int = eqx.field(static=True, converter=taps_of, default=5)
    slope: float = eqx.field(static=True, converter=partial(number, "slope"), default=0.2)
    unnormalised: int | None = eqx.field(
        static=True, converter=lambda after: None if after is None else whole("unnormalised", after, 0), default=None
    )

    def __check_init__(self) -> None:
        _require_independence(self, self.unnormalised is not None)

    def init(self, key: Key) -> Layers:
        """New parameters: `"convolutions"` and `"dense"`, a tuple of layers each."""
        widths = (self.filters[-1] * sides(self.size, len(self.filters))[0] ** 2, *self.hidden, 1)
        first, second = jax.random.split(key)
        return {
            "convolutions": _each(lambda key, *io: kernel(key, self.taps, *io), first, (self.channels, *self.filters)),
            "dense": _each(dense, second, widths),
        }

    def features(self, parameters: Layers, x: Array) -> Array:
        """The features, of which the score is a linear function, `(batch, features)`."""
        return self._features(parameters, x).T

    def apply(self, parameters: Layers, x: Array) -> Array:
        """Scores `(batch,)` of images `(batch, size, size, channels)`."""
        return affine(parameters["dense"][-1], self._features(parameters, x))[0]

    def _features(self, parameters, x):
        x = x.transpose(3, 1, 2, 0)
        for i, layer in enumerate(parameters["convolutions"]):
            x = convolution(x, layer["kernel"], 2, layout="CHWN")
            normalised = self.unnormalised is not None and i >= self.unnormalised
            x = leaky_relu(shifted(layer, batch_norm(x) if normalised else x), self.slope)
        x = x.reshape(-1, x.shape[-1])
        for layer in parameters["dense"][:-1]:
            x = leaky_relu(affine(layer, x), self.slope)
        return x


def _each(make, key, widths):
    """A layer from each width to the next."""
    keys = jax.random.split(key, len(widths) - 1)
    return tuple(make(key, *pair) for key, pair in zip(keys, itertools.pairwise(widths), strict=True))


def _require_independence(network, normalised):
    if normalised and network.independent:
        raise InvalidValue("independent: got True, expected False: under batch normalisation samples see each other")
