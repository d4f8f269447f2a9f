"""A stand-in for images that are not at hand, where their shape is enough: to sample a trained generator."""

import equinox as eqx
import numpy as np

from saddlery.data.images import Images

LABELS = 10  # white images, of the labels 0 to 9 where the data have labels


class StandIn(Images):
    """A stand-in for images: white ones of the same shape, as many by `len` as there were.

        >>> data = StandIn(count=5000, shape=(8, 8, 3))
        >>> len(data), data.images.shape[1:]
        (5000, (8, 8, 3))

    **Arguments:**
    - `count`: the number of images; `shape`: of one, `(height, width, channels)`.
    - `labelled`: whether they have labels.
    """

    count: int = eqx.field(static=True, default=0)

    def __init__(self, count: int, shape: tuple[int, int, int], labelled: bool = False):
        white = Images(np.full((LABELS, *shape), 255, np.uint8), np.arange(LABELS) if labelled else None)
        self.images, self.labels, self.count = white.images, white.labels, count

    def __len__(self) -> int:
        return self.count

    def resized(self, size: int) -> "StandIn":
        """The stand-in for images of `size` by `size` pixels."""
        return StandIn(self.count, (size, size, self.images.shape[-1]), self.labels is not None)
