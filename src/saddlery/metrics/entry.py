"""Input checks of measures: samples and images, before they are measured.

A measure of numbers that are none, or of pixels in another range, is a number too, and often a good one. So every
public measure lets arrays in through here. Where values are known they are looked at, and refused. Inside of compiled
programs, as in the probes of a training, only their shapes and types are known: there, what is not finite makes the
measure NaN.
"""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool

from saddlery.data.images import in_range
from saddlery.errors import InvalidValue
from saddlery.text.arguments import number
from saddlery.types import Numbers

N = TypeVar("N", bound=ArrayLike)
ROUNDING = 1e-3  # how far images may lie outside [−1, 1]
BLACK, BRIGHT = 1 / 256, 0.5  # of images in [0, 1]: the darkest pixel is at most so bright, the brightest at least


def numbers(name: str, x: Numbers, least: int = 1, axes: int | None = None) -> Any:
    """Check an array of numbers, `(n, …)`, NumPy's or JAX's, and return it as it is.

        >>> numbers("x", [[1, 2], [3, 4]]).shape
        (2, 2)

    **Arguments:**
    - `name`: of the argument, for the error.
    - `least`: of n.
    - `axes`: how many there must be, if not any number.

    **Raises:** `ValueError` naming the argument for another shape, fewer samples, what are no real numbers, and, where
    values are known, numbers that are not finite.
    """
    x = x if isinstance(x, jax.Array | np.ndarray) else np.asarray(x)
    if not any(jnp.issubdtype(x.dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
        raise InvalidValue(f"{name}: got an array of {x.dtype}, expected real numbers")
    if x.ndim < 1 or 0 in x.shape[1:] or x.ndim != (axes or x.ndim):
        expected = "(n, …)" if axes is None else f"(n, …) of {axes} axes"
        raise InvalidValue(f"{name}: got shape {x.shape}, expected {expected}")
    if len(x) < least:
        raise InvalidValue(f"{name}: got {len(x)} samples, expected at least {least}")
    if known(x) and (bad := int((~np.isfinite(np.asarray(x))).reshape(len(x), -1).any(1).sum())):
        raise InvalidValue(f"{name}: {bad} of {len(x)} hold numbers that are not finite")
    return x


def samples(name: str, x: Numbers, least: int = 1) -> Any:
    """Check samples of any shape, as `numbers`; of uint8 ones, 0 becomes −1 and 255 becomes 1.

    >>> samples("images", np.array([[0], [255]], np.uint8)).tolist()
    [[-1.0], [1.0]]
    """
    return in_range(numbers(name, x, least))


def images(name: str, x: Numbers) -> Any:
    """Check images `(n, height, width, channels)` in [−1, 1], of uint8 or floating point; otherwise as `samples`.

    Images in [0, 1] lie within [−1, 1] as well. They are told by their black: the darkest pixel of all is 0, to half a
    grey level, where in [−1, 1] it would be −1, and others are bright. So what a generator makes that has collapsed
    onto bright or grey images is let in: its darkest pixel lies there by chance only.

        >>> images("images", np.full((1, 1, 1, 1), 255, np.uint8)).tolist()
        [[[[1.0]]]]

    **Raises:** `ValueError` also for integers of another type, and for another range, with what to do.
    """
    x = in_range(numbers(name, x, axes=4))
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise InvalidValue(f"{name}: got {x.dtype}, expected images in uint8 or floating-point numbers in [-1, 1]")
    if known(x):
        low, high = float(x.min()), float(x.max())
        if low < -1 - ROUNDING or high > 1 + ROUNDING:
            how = ", x / 127.5 - 1, or give uint8" if low >= 0 and high <= 255 else ""
            raise InvalidValue(f"{name}: got values from {low:g} to {high:g}, expected [-1, 1]: scale them{how}")
        if 0 <= low <= BLACK and high >= BRIGHT:
            raise InvalidValue(f"{name}: got values from {low:g} to {high:g}, expected [-1, 1]: scale them, 2x - 1")
    return x


def positive(name: str, value: N) -> N:
    """Check a positive number, or an array of them, and return it as it is.

        >>> positive("std", 0.5)
        0.5

    **Raises:** `ValueError` naming the argument for another value, where it is known.
    """
    if known(value):
        for each in np.ravel(np.asarray(value)).tolist():
            number(name, each, above=0)
    return value


def known(x: object) -> bool:
    """Whether the values of an array are known: they are not while a program is compiled.

    >>> known(jnp.ones(2)), jax.jit(lambda x: jnp.array(known(x)))(jnp.ones(2)).item()
    (True, False)
    """
    return not isinstance(x, Tracer)


def finite(*arrays: ArrayLike) -> Bool[Array, ""]:
    """Whether all numbers of these arrays are finite, inside of compiled programs too.

    >>> bool(finite(jnp.ones(2), jnp.array([jnp.nan])))
    False
    """
    return jnp.stack([jnp.isfinite(each).all() for each in arrays]).all()
