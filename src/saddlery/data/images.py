"""The protocol of a data set, and images in memory."""

from typing import Any, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from saddlery.data.arrays import as_array, as_labels
from saddlery.data.origin import passed_on
from saddlery.errors import InvalidValue
from saddlery.text.arguments import COUNT, whole
from saddlery.types import Key, Numbers

A = TypeVar("A", Array, np.ndarray)

CHANNELS = 4  # of an image at most where the axes are in doubt: grey, colours, and alpha with either


@runtime_checkable
class Data(Protocol):
    """A data set, from which a GAN learns: anything that draws samples. Nothing need be inherited."""

    def draw(self, key: Key, n: int) -> Array:
        """Draw `n` samples `(n, …)` from a `jax.random.key`."""
        ...


def shape_of(data: Data) -> tuple[int, ...]:
    """The shape of a sample of a data set; none is drawn for that.

    >>> shape_of(Images(np.zeros((5, 2, 3, 1), np.uint8)))
    (2, 3, 1)
    """
    return jax.eval_shape(lambda key: data.draw(key, 1), jax.random.key(0)).shape[1:]


class Images(eqx.Module):
    """Images held in memory, drawn uniformly with replacement; `distinct` draws without.

        >>> data = Images(np.full((5, 2, 2, 1), 255, np.uint8))
        >>> data.draw(jax.random.key(0), 1).ravel().tolist()  # 255 becomes 1
        [1.0, 1.0, 1.0, 1.0]

    **Arguments:**
    - `images`: `(n, height, width, channels)`, either uint8, 0 to 255, which stays so in memory, or floating-point
      in [-1, 1].
    - `labels`: `(n,)`, whole numbers, or `None`.

    **Raises:** `ValueError` and `TypeError` for another shape, such as that of channels first, type or range, labels
    that are no whole numbers, or an axis of 2³¹ or more.
    """

    images: Any
    labels: Any = None

    def __init__(self, images: Numbers, labels: Numbers | None = None):
        self.images = jnp.asarray(as_array("images", images))
        self._check()
        self.labels = as_labels(labels, len(self.images))

    def _check(self) -> None:
        if self.images.ndim != 4 or not 0 < min(self.images.shape) <= max(self.images.shape) <= COUNT:
            grey = "; grey images: x[..., None]" if self.images.ndim == 3 else ""
            raise InvalidValue(f"images: got shape {self.images.shape}, expected (n, height, width, channels){grey}")
        if self.images.shape[3] > CHANNELS >= self.images.shape[1]:
            raise InvalidValue(
                f"images: got shape {self.images.shape}, which looks like channels first, expected (n, height, width, "
                "channels): move the axis, x.transpose(0, 2, 3, 1)"
            )
        if jnp.issubdtype(self.images.dtype, jnp.floating):
            low, high = float(self.images.min()), float(self.images.max())
            if not (low >= -1 and high <= 1):
                raise InvalidValue(
                    f"images: got values from {low:g} to {high:g}, expected [-1, 1] for floating-point images; "
                    "values from 0 to 255 go in as uint8"
                )
        elif self.images.dtype != jnp.uint8:
            raise InvalidValue(f"images: got {self.images.dtype}, expected uint8 or a floating-point type")

    def __len__(self) -> int:
        return len(self.images)

    def draw(self, key: Key, n: int) -> Float[Array, "n height width channels"]:
        """Draw `n` images in [-1, 1]; of uint8 ones, 0 becomes −1 and 255 becomes 1."""
        return in_range(self.images[jax.random.randint(key, (n,), 0, len(self.images))])

    def distinct(self, key: Key, n: int) -> Float[Array, "n height width channels"]:
        """Draw `n` different images in [-1, 1], without replacement; of uint8 ones, 0 becomes −1 and 255 becomes 1.

        **Raises:** `ValueError` for more than there are.
        """
        if n > len(self):
            raise InvalidValue(f"n: got {n}, expected at most {len(self)}, the number of images")
        return in_range(self.images[jax.random.permutation(key, len(self))[:n]])

    def resized(self, size: int) -> "Images":
        """Resize the images by Lanczos' filter to `size` by `size` pixels, of the same type and labels.

        **Raises:** `ValueError` for a size that is no whole number from 1.
        """
        size = whole("size", size)
        shape = (len(self), size, size, self.images.shape[-1])
        if shape == self.images.shape:
            return self
        resized = jax.image.resize(in_range(self.images), shape, "lanczos3").clip(-1, 1)
        if self.images.dtype == jnp.uint8:
            resized = jnp.round((resized + 1) * 127.5).astype(jnp.uint8)
        return passed_on(self, Images(resized, self.labels))


def in_range(images: A) -> A:
    """Images scaled to [-1, 1]; of uint8 ones, 0 becomes −1 and 255 becomes 1.

    >>> in_range(np.array([0, 255], np.uint8)).tolist()
    [-1.0, 1.0]
    """
    return images.astype(float) / 127.5 - 1 if images.dtype == jnp.uint8 else images
