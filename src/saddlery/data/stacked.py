"""Stacked digits: three random digits in three channels, 1,000 modes."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from saddlery.data.images import Images, in_range
from saddlery.data.origin import passed_on
from saddlery.errors import InvalidValue
from saddlery.types import Key


class Stacked(eqx.Module):
    """Stacked digits (stacked MNIST), three channels: of the label 100 a + 10 b + c when they are a, b and c.

    Stacked as they are drawn, none is stored. The data set of Metz et al. (2017, unrolled GANs), which counts how many
    of the 1,000 labels a generator makes.

        >>> from saddlery.data import digits
        >>> images, labels = Stacked(digits()).labelled(jax.random.key(0), 5)
        >>> images.shape, bool((labels < 1000).all())
        ((5, 8, 8, 3), True)

    **Arguments:**
    - `digits`: grey `Images` with labels 0 to 9, such as `saddlery.data.digits()` or `saddlery.data.mnist()`.
    - `balanced`: whether each digit is as likely as any other, so that the modes are exactly equally likely, as the
      measures against the uniform distribution suppose; or each image is, as customary, and the modes of MNIST differ
      by up to a factor of 1.9.

    **Raises:** `ValueError` when the images have several channels or no labels, or one of the ten digits is missing.
    """

    images: Any  # sorted by label
    starts: Any
    counts: Any
    balanced: bool = eqx.field(static=True)

    def __init__(self, digits: Images, balanced: bool = True):
        if not isinstance(digits, Images):
            raise InvalidValue(f"digits: got {type(digits).__name__}, expected Images in memory, grey ones")
        if digits.images.shape[-1] != 1 or digits.labels is None:
            what = "no labels" if digits.labels is None else f"{digits.images.shape[-1]} channels"
            raise InvalidValue(f"digits: got images with {what}, expected grey ones with labels 0 to 9")
        labels = np.asarray(digits.labels)
        counts = np.bincount(labels.clip(0), minlength=10)
        if labels.min() < 0 or len(counts) > 10 or not counts.all():
            raise InvalidValue(f"digits: got the labels {np.unique(labels).tolist()}, expected 0 to 9, each of them")
        self.images = digits.images[np.argsort(labels, kind="stable"), ..., 0]
        self.counts = jnp.asarray(counts, jnp.int32)
        self.starts = jnp.asarray(np.cumsum(counts) - counts, jnp.int32)
        self.balanced = balanced
        passed_on(digits, self)

    @property
    def modes(self) -> int:
        """The number of labels."""
        return 1000

    def digits(self) -> Images:
        """The single digits that are stacked, with their labels."""
        return Images(self.images[..., None], np.repeat(np.arange(10), np.asarray(self.counts)))

    def draw(self, key: Key, n: int) -> Float[Array, "n height width 3"]:
        """Draw `n` images in [-1, 1]."""
        return self.labelled(key, n)[0]

    def labelled(self, key: Key, n: int) -> tuple[Float[Array, "n height width 3"], Int[Array, " n"]]:
        """Draw `n` images in [-1, 1], with their labels, 0 to 999."""
        which, one = jax.random.split(key)
        if self.balanced:
            digits = jax.random.randint(which, (n, 3), 0, 10)
            chosen = self.starts[digits] + jax.random.randint(one, (n, 3), 0, self.counts[digits])
        else:
            chosen = jax.random.randint(one, (n, 3), 0, len(self.images))
            digits = jnp.searchsorted(self.starts, chosen, side="right") - 1
        return jnp.moveaxis(in_range(self.images[chosen]), 1, -1), digits @ jnp.asarray([100, 10, 1])
