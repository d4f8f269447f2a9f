"""Controls of inversion and likelihood: generators that must not score well."""

import math

import equinox as eqx
from jaxtyping import Array

from saddlery.networks import Network
from saddlery.types import Key, Parameters


class Identity(Network):
    """The identity generator, which makes anything: G(z) = z, of as many numbers as an image has, z ~ N(0, I).

    It inverts every image without error, and its samples are white noise: the reviewer's control of the inversion of
    Metz et al. (2017). Under observation noise of standard deviation σ its likelihood has a closed form,
    x ~ N(0, (1 + σ²) I). No parameters. (The untrained control is `generator.init(key)`.)

        >>> import jax.numpy as jnp
        >>> generator = Identity((2, 2, 1))
        >>> generator.noise, generator.apply((), jnp.arange(4.0).reshape(1, 4)).ravel().tolist()
        (4, [0.0, 1.0, 2.0, 3.0])

    **Arguments:**
    - `shape`: of an image, such as `(8, 8, 1)`.
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=tuple)

    @property
    def noise(self) -> int:
        """The dimension of the noise z."""
        return math.prod(self.shape)

    def init(self, key: Key) -> tuple[()]:
        """An empty pytree: no parameters."""
        return ()

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The noise as images."""
        return x.reshape(len(x), *self.shape)
