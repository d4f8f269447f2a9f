"""Points in memory: samples that are vectors."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from saddlery.data.arrays import as_array
from saddlery.data.images import Images
from saddlery.errors import InvalidValue
from saddlery.text.arguments import COUNT
from saddlery.types import Key


class Points(eqx.Module):
    """Points held in memory, vectors of numbers, drawn uniformly with replacement.

        >>> data = Points([[1.0, 2.0], [1.0, 2.0]])
        >>> data.draw(jax.random.key(0), 3).tolist()
        [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]

    **Arguments:**
    - `points`: `(n, dimension)`, at least two, an array of any library or lists of numbers. They are not scaled: those
      of about unit size train best.

    **Raises:** `ValueError` and `TypeError` for another shape or kind, and for a number that is not finite in float32.
    """

    points: Any = eqx.field(converter=lambda points: _checked(points))

    def __len__(self) -> int:
        return len(self.points)

    def draw(self, key: Key, n: int) -> Float[Array, "n dimension"]:
        """Draw `n` points."""
        return self.points[jax.random.randint(key, (n,), 0, len(self.points))]


def of_array(name: str, value: object) -> Points | Images:
    """An array as data: points where it has two axes, images where it has four.

        >>> type(of_array("data", np.zeros((5, 2)))).__name__, type(of_array("data", np.zeros((5, 8, 8, 1)))).__name__
        ('Points', 'Images')

    **Arguments:** `name`: of the argument, for the error.

    **Raises:** `ValueError` and `TypeError` for an array of other axes, and as `Points` and `Images`.
    """
    found = as_array(name, value)
    if found.ndim == 2:
        return Points(found)
    if found.ndim == 4:
        return Images(found)
    grey = "; grey images: x[..., None]" if found.ndim == 3 else ""
    raise InvalidValue(
        f"{name}: got an array of shape {found.shape}, expected points (n, dimension) or images "
        f"(n, height, width, channels){grey}"
    )


def _checked(points: Any) -> jax.Array:
    found = as_array("points", points)
    if found.ndim != 2 or not found.size or len(found) < 2 or max(found.shape) > COUNT:
        raise InvalidValue(f"points: got shape {found.shape}, expected (n, dimension), n of 2 or more")
    if isinstance(found, Tracer):
        return found
    if found.dtype == bool:
        raise InvalidValue("points: got truth values, expected numbers; points.astype(float) are such")
    with np.errstate(over="ignore"):
        kept = jnp.asarray(found, None if jnp.issubdtype(found.dtype, jnp.floating) else float)
    if kept.dtype.itemsize < 4:
        kept = kept.astype(jnp.float32)
    finite = np.asarray(jnp.isfinite(kept).all(axis=1))
    if not finite.all():
        row = int(finite.argmin())
        raise InvalidValue(
            f"points: {int((~finite).sum()):,} of {len(finite):,} hold a number that is not finite in float32, such as "
            f"row {row}: {np.asarray(found[row]).tolist()[:4]}"
        )
    return kept
