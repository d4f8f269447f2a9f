"""Array arguments: real numbers within ranges, as JAX arrays, in errors that name the argument."""

from numbers import Real
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from saddlery.text.arguments import Bounds, number, required
from saddlery.types import Numbers


def numbers(name: str, value: Numbers, **within: Unpack[Bounds]) -> jax.Array:
    """Check real numbers, each as of `number`, and return a floating-point JAX array of the same shape.

    So 10 makes the same program as 10.0. What JAX traces has no value yet and passes: modules are made anew under its
    transformations.

    **Arguments:** `value`: a number, an array or nested lists.

    **Raises:** `ValueError` as `number`, for shapes that are none as well.
    """
    if isinstance(value, Real):
        return jnp.asarray(number(name, value, **within))
    try:
        found = _held(value)
    except Exception:  # whatever a foreign object raises when it is read as an array
        found = None
    if isinstance(found, jax.Array):
        return found
    found = required(name, value, found, **within)
    return jnp.asarray(value if jnp.issubdtype(getattr(value, "dtype", int), jnp.floating) else found)


def _held(value: Any) -> Any:
    """The numbers of an array or of nested lists as NumPy's, a JAX array when they are traced, otherwise `None`."""
    leaves = jax.tree.leaves(value)
    if any(isinstance(leaf, Tracer) for leaf in leaves):
        return jnp.asarray(value) * 1.0
    held = np.asarray(value)
    real = jnp.issubdtype(held.dtype, jnp.floating) or jnp.issubdtype(held.dtype, jnp.integer)
    return held.astype(float) if real and not any(isinstance(leaf, bool) for leaf in leaves) else None
