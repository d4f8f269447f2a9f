"""Coloured digits: each in a random colour, which can be read off the image again."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from saddlery.data.images import Images, in_range
from saddlery.data.origin import passed_on
from saddlery.errors import InvalidValue
from saddlery.types import Key


class Coloured(eqx.Module):
    """Coloured digits on black, each in a colour of its own, uniform in the cube of red, green and blue.

        x = 2 colour · ink − 1,  colour ~ U[0, 1]³,  0 ≤ ink ≤ 1 = the ink of the digit's darkest stroke

    Coloured as they are drawn, none is stored. The data set of Metz et al. (2017, unrolled GANs) for collapse onto a
    part of a continuum; `colours` reads the colours of any images.

        >>> from saddlery.data import digits
        >>> images, drawn = Coloured(digits()).labelled(jax.random.key(0), 5)
        >>> bool(jnp.allclose(colours(images), drawn, atol=1e-6))
        True

    **Arguments:**
    - `digits`: grey `Images`, such as `saddlery.data.digits()` or `saddlery.data.mnist()`.

    **Raises:** `ValueError` when the images have several channels, or one is blank.
    """

    images: Any  # uint8 or floating-point, the brightest pixel of each as bright as can be

    def __init__(self, digits: Images):
        if not isinstance(digits, Images):
            raise InvalidValue(f"digits: got {type(digits).__name__}, expected Images in memory, grey ones")
        if digits.images.shape[-1] != 1:
            raise InvalidValue(f"digits: got images of {digits.images.shape[-1]} channels, expected grey ones")
        ink = np.asarray(digits.images, np.float32)
        low, high = (0, 255) if digits.images.dtype == jnp.uint8 else (-1, 1)
        brightest = ink.max(axis=(1, 2, 3), keepdims=True)
        if (brightest <= low).any():
            raise InvalidValue(f"digits: image {int(brightest.argmin())} is blank")
        scaled = low + (ink - low) * (high - low) / (brightest - low)
        self.images = jnp.asarray(scaled.round() if high == 255 else scaled, digits.images.dtype)
        passed_on(digits, self)

    def draw(self, key: Key, n: int) -> Float[Array, "n height width 3"]:
        """Draw `n` images in [-1, 1]."""
        return self.labelled(key, n)[0]

    def labelled(self, key: Key, n: int) -> tuple[Float[Array, "n height width 3"], Float[Array, "n 3"]]:
        """Draw `n` images in [-1, 1], with their colours in [0, 1]."""
        which, colour = jax.random.split(key)
        chosen = self.images[jax.random.randint(which, (n,), 0, len(self.images))]
        drawn = jax.random.uniform(colour, (n, 3))
        return (in_range(chosen) + 1) * drawn[:, None, None, :] - 1, drawn


def colours(images: Float[Array, "n height width 3"]) -> Float[Array, "n 3"]:
    """The colour of each image in [-1, 1], or uint8: that of its brightest pixel (the largest sum), in [0, 1].

    Of what `Coloured` draws, exactly the colour that it was drawn in. Of an image with a NaN it has a NaN.

        >>> image = jnp.full((1, 2, 2, 3), -1.0).at[0, 1, 1].set(jnp.array([1.0, 0.0, -1.0]))
        >>> colours(image).tolist()  # of the one bright pixel
        [[1.0, 0.5, 0.0]]

    **Raises:** `ValueError` for images of another shape.
    """
    if images.ndim != 4 or images.shape[-1] != 3:
        raise InvalidValue(f"images: got shape {images.shape}, expected (n, height, width, 3)")
    pixels = in_range(images).reshape(len(images), -1, 3)
    brightest = jnp.argmax(pixels.sum(axis=-1), axis=1)
    return (jnp.take_along_axis(pixels, brightest[:, None, None], axis=1)[:, 0] + 1) / 2
