"""Layers of networks on images, channels first and the batch last; see `convolution`."""

from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.types import Key

Layer: TypeAlias = dict[str, Array]

GLOROT = jax.nn.initializers.glorot_uniform()  # as the released codes of the papers do


def dense(key: Key, inputs: int, outputs: int) -> Layer:
    """Parameters of a dense layer, `{"weight": (inputs, outputs), "bias": (outputs,)}`.

    >>> {name: array.shape for name, array in dense(jax.random.key(0), 3, 2).items()}
    {'weight': (3, 2), 'bias': (2,)}
    """
    return {"weight": GLOROT(key, (inputs, outputs)), "bias": jnp.zeros(outputs)}


def kernel(key: Key, taps: int, inputs: int, outputs: int, *, transposed: bool = False) -> Layer:
    """Parameters of a convolution, `{"kernel": (taps, taps, inputs, outputs), "bias": (outputs,)}`.

    A transposed convolution's kernel is that of the convolution it transposes, outputs before inputs.

        >>> kernel(jax.random.key(0), 5, 3, 8, transposed=True)["kernel"].shape
        (5, 5, 8, 3)
    """
    channels = (outputs, inputs) if transposed else (inputs, outputs)
    return {"kernel": GLOROT(key, (taps, taps, *channels)), "bias": jnp.zeros(outputs)}


def affine(layer: Layer, x: Array) -> Array:
    """The output of a dense layer on `(inputs, batch)`.

    >>> affine({"weight": jnp.array([[3.0], [4.0]]), "bias": jnp.array([0.5])}, jnp.array([[1.0], [1.0]])).tolist()
    [[7.5]]
    """
    return layer["weight"].T @ x + layer["bias"][:, None]


def shifted(layer: Layer, x: Array) -> Array:
    """A layer's bias added to `(channels, height, width, batch)`: one for each channel, or for each place.

    >>> shifted({"bias": jnp.array([2.0])}, jnp.ones((1, 1, 1, 2))).ravel().tolist()
    [3.0, 3.0]
    """
    return x + layer["bias"].reshape(*(x.shape[:3] if layer["bias"].size > len(x) else (-1, 1, 1)), 1)


def leaky_relu(x: Array, slope: float) -> Array:
    """Leaky ReLU: x where it is positive, elsewhere `slope` times x.

    >>> leaky_relu(jnp.array([-2.0, 3.0]), 0.5).tolist()
    [-1.0, 3.0]
    """
    return jnp.where(x >= 0, x, slope * x)


def sides(size: int, halvings: int) -> list[int]:
    """The sides of an image and of its halves, rounded up, the smallest first: 28 makes 4, 7, 14, 28.

    >>> sides(28, 3)
    [4, 7, 14, 28]
    """
    found = [size]
    for _ in range(halvings):
        found.insert(0, -(-found[0] // 2))
    return found
