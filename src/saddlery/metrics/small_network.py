"""A small convolutional network, trained on the data itself and kept: its penultimate layer compares images."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from saddlery._system.files import read_limited
from saddlery.networks.convolution import convolution
from saddlery.records import storage
from saddlery.types import Key, Parameters

FEATURES = 128  # of the penultimate layer
LARGE = 16  # images of larger sides are halved by the first convolution
AT_ONCE = 256  # images in memory together
LARGEST = 1 << 28  # bytes of a network's file


class Trained(NamedTuple):
    """A trained network: its parameters, and what was measured of it, by name."""

    parameters: Parameters
    facts: dict[str, float]


def initial(key: Key, shape: tuple[int, ...], outputs: int, channels: tuple[int, int] = (16, 32)) -> Parameters:
    """Parameters of two convolutions, a hidden layer and a linear one, drawn as by He et al. (2015), biases zero.

    **Arguments:**
    - `shape`: of an image, `(height, width, channels)`.
    - `outputs`: of the last layer.
    - `channels`: of the two convolutions.

    >>> [layer["weight"].shape for layer in initial(jax.random.key(0), (8, 8, 1), 10)]
    [(3, 3, 1, 16), (3, 3, 16, 32), (512, 128), (128, 10)]
    """
    height, width, inputs = shape
    size, stride = (5, 2) if height > LARGE else (3, 1)
    pixels = -(-height // (2 * stride)) * -(-width // (2 * stride))
    shapes = [
        (size, size, inputs, channels[0]),
        (size, size, *channels),
        (pixels * channels[1], FEATURES),
        (FEATURES, outputs),
    ]
    draw = jax.nn.initializers.he_normal()
    return tuple(
        {"weight": draw(key, shape), "bias": jnp.zeros(shape[-1])}
        for key, shape in zip(jax.random.split(key, 4), shapes, strict=True)
    )


def hidden(parameters: Parameters, images: Float[Array, "n height width channels"]) -> Float[Array, "n features"]:
    """The penultimate layer of a batch, after its relu.

    >>> hidden(initial(jax.random.key(0), (8, 8, 1), 10), jnp.zeros((2, 8, 8, 1))).shape
    (2, 128)
    """
    x = (images.transpose(3, 1, 2, 0) + 1) / 2  # ink on zero, with which the borders are filled up; the batch last
    for layer, stride in zip(parameters[:2], (2 if images.shape[1] > LARGE else 1, 2), strict=True):
        x = jax.nn.relu(convolution(x, layer["weight"], stride, layout="CHWN") + layer["bias"][:, None, None, None])
    return jax.nn.relu(affine(parameters[2], x.reshape(-1, len(images)).T))


@eqx.filter_jit
def penultimate_of(parameters: Parameters, images: Array) -> Array:
    """The penultimate layer of any number of images.

    >>> penultimate_of(initial(jax.random.key(0), (4, 4, 1), 10), jnp.zeros((300, 4, 4, 1))).shape
    (300, 128)
    """
    return jax.lax.map(lambda image: hidden(parameters, image[None])[0], images, batch_size=AT_ONCE)


def affine(layer: dict[str, Array], x: Array) -> Array:
    """A linear layer.

    >>> affine({"weight": jnp.array([[2.0]]), "bias": jnp.array([1.0])}, jnp.array([[3.0]])).tolist()
    [[7.0]]
    """
    return x @ layer["weight"] + layer["bias"]


def moved(key: Key, images: Array, reach: int, fill: float | None = None) -> Array:
    """Each image moved by up to `reach` pixels in either direction; beside it stands `fill`, or its border's pixels.

    >>> moved(jax.random.key(0), jnp.ones((1, 2, 2, 1)), 1).ravel().tolist()  # of one colour, its border too
    [1.0, 1.0, 1.0, 1.0]
    """
    pads = ((0, 0), (reach, reach), (reach, reach), (0, 0))
    padded = jnp.pad(images, pads, "edge") if fill is None else jnp.pad(images, pads, constant_values=fill)
    corners = jax.random.randint(key, (len(images), 2), 0, 2 * reach + 1)
    return jax.vmap(lambda image, corner: jax.lax.dynamic_slice(image, (*corner, 0), images.shape[1:]))(padded, corners)


def fitted(key: Key, parameters: Parameters, loss: Callable, steps: int, rate: float) -> Parameters:
    """The parameters after `steps` steps of Adam on `loss(parameters, key)`, its rate falling as a cosine.

    >>> found = fitted(jax.random.key(0), jnp.array(3.0), lambda x, key: (x - 1.0) ** 2, steps=200, rate=0.1)
    >>> round(float(found), 2)
    1.0
    """
    adam = optax.adam(optax.cosine_decay_schedule(rate, steps))

    def step(i, carry):
        parameters, state = carry
        gradient = jax.grad(loss)(parameters, jax.random.fold_in(key, i))
        updates, state = adam.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state

    return jax.lax.fori_loop(0, steps, step, (parameters, adam.init(parameters)))[0]


def kept(folder: Path | None, recipe: str, arrays: tuple[np.ndarray, ...], train: Callable[[], Trained]) -> Trained:
    """The network that was trained by a recipe on these arrays: read back where it was kept, trained where it was not.

    **Arguments:** `folder`: where it is kept, by a name that is the hash of data and recipe; `classifiers` in
    `SADDLERY_CACHE` or `~/.cache/saddlery` by default. Where that cannot be written it is trained anew each time.

        >>> import tempfile
        >>> def train():
        ...     print("training")
        ...     return Trained(initial(jax.random.key(0), (4, 4, 1), 2), {"accuracy": 0.5})
        >>> with tempfile.TemporaryDirectory() as place:
        ...     found = [kept(Path(place), "a recipe", (np.arange(3),), train).facts for _ in range(2)]
        training
        >>> found
        [{'accuracy': 0.5}, {'accuracy': 0.5}]
    """
    folder = storage.cache_folder() / "classifiers" if folder is None else Path(folder)
    paths = list(storage.alternatives(folder / f"{_digest(recipe, arrays)}.npz"))
    for path in filter(os.path.lexists, paths):
        if (held := _read(path)) is not None:
            return held
    new = train()
    _keep(next((path for path in paths if not os.path.lexists(path)), paths[-1]), new)
    return new


def _digest(recipe: str, arrays: tuple[np.ndarray, ...]) -> str:
    """A name for the data and the recipe."""
    digest = hashlib.sha256(recipe.encode())
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]


def _keep(path: Path, new: Trained) -> None:
    """Write a network as one .npz, if that can be done."""
    content = io.BytesIO()
    arrays = {f"{name}{i}": layer[name] for i, layer in enumerate(new.parameters) for name in ("weight", "bias")}
    np.savez(content, **new.facts, **arrays)
    try:
        storage.mark(path.parent)
        storage.write(path, content.getvalue())
    except OSError:  # such as a folder that is read only: the next call trains again
        return


def _read(path: Path) -> Trained | None:
    """The network kept at a path, or `None` when there is none, or none that is whole."""
    try:
        with np.load(io.BytesIO(read_limited(path, LARGEST)), allow_pickle=False) as held:
            layers = [{name: jnp.asarray(held[f"{name}{i}"]) for name in ("weight", "bias")} for i in range(4)]
            return Trained(tuple(layers), {name: float(held[name]) for name in held.files if held[name].ndim == 0})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
