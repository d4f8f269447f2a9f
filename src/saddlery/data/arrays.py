"""Arrays of any library as data: what is an array, and what is said of what is none."""

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.types import Numbers

WANTED = "numbers of one shape, such as a NumPy or JAX array"


def is_array(value: object) -> bool:
    """Whether something is an array, of whatever library, or a list of numbers; PyTorch is not imported for that.

    >>> is_array(np.zeros(3)), is_array([[1.0, 2.0]]), is_array("digits"), is_array(3)
    (True, True, False, False)
    """
    if isinstance(value, str | bytes) or np.isscalar(value):
        return False
    told = any(hasattr(value, name) for name in ("__array__", "__dlpack__", "__array_interface__", "toarray"))
    return told or isinstance(value, list | tuple)


def as_array(name: str, value: object) -> np.ndarray | jax.Array:
    """An array of numbers, NumPy's or JAX's, from one of any library: by `__array__`, or by DLPack.

        >>> as_array("data", [[1, 2], [3, 4]]).shape
        (2, 2)

    **Arguments:** `name`: of the argument, for the error.

    **Raises:** `TypeError` for what is no array of numbers, such as texts, objects, sparse matrices and lists of
    different lengths, and for one that is on a device that it cannot be read from.
    """
    if isinstance(value, jax.Array):
        return value
    kind = f"{type(value).__module__.partition('.')[0]} {type(value).__name__}".removeprefix("builtins ")
    if hasattr(value, "toarray"):
        raise InvalidType(f"{name}: got a sparse array ({kind}), expected {WANTED}; {name}.toarray() is one")
    try:
        found = np.asarray(value) if hasattr(value, "__array__") or not hasattr(value, "__dlpack__") else None
        found = np.from_dlpack(cast(Any, value)) if found is None else found
    except Exception as error:  # each library has its own for what it does not hand over
        said = " ".join(str(error).split())
        raise InvalidType(f"{name}: got a {kind} that is no {WANTED}: {said[:200]}") from error
    if np.ma.isMaskedArray(value):
        raise InvalidType(f"{name}: got a masked array, expected {WANTED}; fill in what is masked, or leave it out")
    if found.dtype.kind not in "biuf" and not jnp.issubdtype(found.dtype, jnp.floating):
        held = {"O": "objects", "U": "texts", "S": "texts", "c": "complex numbers", "M": "dates"}.get(found.dtype.kind)
        raise InvalidType(f"{name}: got an array of {held or found.dtype}, expected {WANTED}")
    return found


def as_labels(value: Numbers | None, images: int) -> jax.Array | None:
    """Labels as whole numbers in a JAX array; `None` where there are none.

        >>> as_labels([0, 1, 1], 3).tolist()
        [0, 1, 1]

    **Arguments:** `images`: how many there must be.

    **Raises:** `ValueError` and `TypeError`, saying how to convert them, for what is no whole number.
    """
    if value is None or isinstance(value, Tracer):
        return value
    if not is_array(value):
        raise InvalidType(f"labels: got {quoted(value)}, expected {images} whole numbers, one an image")
    held = np.asarray(value)
    if held.dtype.kind in "US" or (held.dtype == object and all(isinstance(each, str) for each in held.flat)):
        raise InvalidType("labels: got texts, expected whole numbers: np.unique(labels, return_inverse=True)[1]")
    found = as_array("labels", value)
    if not jnp.issubdtype(found.dtype, jnp.integer):
        how = "labels.argmax(1) are such" if found.ndim == 2 else "labels.astype(int) are, if none is lost by that"
        raise InvalidValue(f"labels: got {found.dtype}, expected whole numbers: {how}")
    if found.shape != (images,):
        raise InvalidValue(f"labels: got shape {found.shape}, expected ({images},), one an image")
    if isinstance(found, np.ndarray) and not -(2**31) <= int(found.min()) <= int(found.max()) < 2**31:
        raise InvalidValue(f"labels: got numbers from {found.min()} to {found.max()}, expected at most 31 bits")
    return jnp.asarray(found)
