"""A small digit classifier, trained once for each data set: its labels count modes, its features compare images."""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from saddlery._system.files import read_limited
from saddlery.data.images import Images, in_range
from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.networks.convolution import convolution
from saddlery.records import storage

CHANNELS, FEATURES = (16, 32), 128  # of the two convolutions, and of the penultimate layer
STEPS, BATCH, RATE = 1500, 64, 3e-3
HELD = 1 / 6  # the share of the images on which the accuracy is measured
LARGE = 16  # images of larger sides are halved, and moved by two pixels, in place of none and one
AT_ONCE = 256  # images in memory together
LARGEST = 1 << 28  # bytes of a classifier's file
RECIPE = f"two convolutions {CHANNELS}, {FEATURES} features, Adam {RATE}, {STEPS} steps of {BATCH}, 2"


class Classifier(eqx.Module):
    """A convolutional classifier of grey images in [-1, 1] or uint8; see `classifier`.

    Its methods raise `ValueError` for images of another shape or range, or that are not finite.

    - `accuracy`: on images that it was not trained on, `held` of them.
    """

    parameters: Any
    shape: tuple[int, ...] = eqx.field(static=True)
    accuracy: float = eqx.field(static=True)
    held: int = eqx.field(static=True)

    def features(self, images: Float[Array, "n height width 1"]) -> Float[Array, "n features"]:
        """The features: the penultimate layer, after its relu."""
        images = entry.images("images", images)
        if images.shape[1:] != self.shape:
            raise InvalidValue(f"images: got shape {images.shape}, expected (n, {', '.join(map(str, self.shape))})")
        return _penultimate(self.parameters, jnp.asarray(images))

    def logits(self, images: Float[Array, "n height width 1"]) -> Float[Array, "n classes"]:
        """The logits: the scores of the classes, before the softmax."""
        return _affine(self.parameters[-1], self.features(images))

    def probabilities(self, images: Float[Array, "n height width 1"]) -> Float[Array, "n classes"]:
        """The probabilities of the classes."""
        return jax.nn.softmax(self.logits(images))

    def classify(self, images: Float[Array, "n height width channels"]) -> Int[Array, " n"]:
        """The class of each image; of several channels each is classified, as digits of one number: 100 a + 10 b + c.

        The numbers of `saddlery.data.Stacked`, for ten classes. In a compiled program, where values are not known
        beforehand, an image that is not finite is of the class −1.
        """
        images = entry.images("images", images)
        if images.shape[1:3] != self.shape[:2]:
            raise InvalidValue(f"images: got shape {images.shape}, expected (n, {self.shape[0]}, {self.shape[1]}, …)")
        n, *_, channels = images.shape
        alone = jnp.moveaxis(jnp.asarray(images), -1, 1).reshape(n * channels, *self.shape)
        logits = self.logits(alone).reshape(n, channels, -1)
        numbers = logits.argmax(-1) @ jnp.asarray([logits.shape[-1] ** i for i in reversed(range(channels))])
        return jnp.where(jnp.isnan(logits).any((1, 2)), -1, numbers)


def classifier(data: Images, folder: Path | None = None) -> Classifier:
    """A classifier of grey images, trained on five sixths of them, or read back where it has been trained before.

    Two convolutions, a hidden layer and a softmax, trained by Adam (Kingma and Ba, 2015) on images that are moved by up
    to two pixels; about ten seconds on two cores. Which images are held out is a fixed random choice.

    **Arguments:**
    - `data`: one-channel images with labels from 0, such as `saddlery.data.digits()` or `saddlery.data.mnist()`.
    - `folder`: where it is kept, by a name that is the hash of data and recipe; `classifiers` in `SADDLERY_CACHE` or
      `~/.cache/saddlery` by default. Where that cannot be written it is trained anew each time.

    **Raises:** `ValueError` for images of several channels, without labels, or fewer than 60.
    """
    _check_data(data)
    folder = storage.cache_folder() / "classifiers" if folder is None else Path(folder)
    images, labels = np.asarray(data.images), np.asarray(data.labels)
    digest = _digest(images, labels)
    paths = list(storage.alternatives(folder / f"{digest}.npz"))
    for path in filter(os.path.lexists, paths):
        if (kept := _read(path, images.shape[1:])) is not None:
            return kept
    trained = _trained(images, labels)
    _keep(next((path for path in paths if not os.path.lexists(path)), paths[-1]), trained)
    return trained


def _check_data(data):
    if data.labels is None or data.images.shape[-1] != 1 or len(data.images) < 60:
        labels = "no labels" if data.labels is None else "labels"
        raise InvalidValue(
            f"data: got images of shape {data.images.shape} with {labels}, expected at least 60 of one "
            "channel, with labels"
        )


def _trained(images, labels):
    """A new classifier and its accuracy on held-out images."""
    order = np.random.default_rng(0).permutation(len(images))
    held, seen = np.split(order, [round(HELD * len(images))])
    classes = int(labels.max()) + 1
    parameters = _train(jax.random.key(0), jnp.asarray(images[seen]), jnp.asarray(labels[seen]), classes)
    new = Classifier(parameters, images.shape[1:], 0.0, len(held))
    accuracy = float((np.asarray(new.classify(images[held])) == labels[held]).mean())
    return Classifier(parameters, images.shape[1:], accuracy, len(held))


@eqx.filter_jit
def _train(key, images, labels, classes):
    """The parameters after `STEPS` steps of Adam, its rate falling as a cosine."""
    parameters = _initial(jax.random.fold_in(key, STEPS), images.shape[1:], classes)
    adam = optax.adam(optax.cosine_decay_schedule(RATE, STEPS))
    reach = 2 if images.shape[1] > LARGE else 1

    def step(i, carry):
        parameters, state = carry
        draw, move = jax.random.split(jax.random.fold_in(key, i))
        chosen = jax.random.randint(draw, (BATCH,), 0, len(images))
        batch = _moved(move, in_range(images[chosen]), reach)

        def loss(parameters):
            logits = _affine(parameters[-1], _features(parameters, batch))
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels[chosen]).mean()

        updates, state = adam.update(jax.grad(loss)(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    return jax.lax.fori_loop(0, STEPS, step, (parameters, adam.init(parameters)))[0]


def _initial(key, shape, classes):
    """Parameters drawn as by He et al. (2015), biases zero."""
    height, width, _ = shape
    size, stride = (5, 2) if height > LARGE else (3, 1)
    pixels = -(-height // (2 * stride)) * -(-width // (2 * stride))
    shapes = [
        (size, size, 1, CHANNELS[0]),
        (size, size, *CHANNELS),
        (pixels * CHANNELS[1], FEATURES),
        (FEATURES, classes),
    ]
    draw = jax.nn.initializers.he_normal()
    return tuple(
        {"weight": draw(key, shape), "bias": jnp.zeros(shape[-1])}
        for key, shape in zip(jax.random.split(key, 4), shapes, strict=True)
    )


@eqx.filter_jit
def _penultimate(parameters, images):
    """The penultimate layer of any number of images."""
    return jax.lax.map(lambda image: _features(parameters, image[None])[0], images, batch_size=AT_ONCE)


def _features(parameters, images):
    """The penultimate layer of a batch."""
    x = (images.transpose(3, 1, 2, 0) + 1) / 2  # ink on zero, with which the borders are filled up; the batch last
    for layer, stride in zip(parameters[:2], (2 if images.shape[1] > LARGE else 1, 2), strict=True):
        x = jax.nn.relu(convolution(x, layer["weight"], stride, layout="CHWN") + layer["bias"][:, None, None, None])
    return jax.nn.relu(_affine(parameters[2], x.reshape(-1, len(images)).T))


def _affine(layer, x):
    return x @ layer["weight"] + layer["bias"]


def _moved(key, images, reach):
    """Each image moved by up to `reach` pixels in either direction, the rest blank."""
    padded = jnp.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), constant_values=-1)
    corners = jax.random.randint(key, (len(images), 2), 0, 2 * reach + 1)
    return jax.vmap(lambda image, corner: jax.lax.dynamic_slice(image, (*corner, 0), images.shape[1:]))(padded, corners)


def _digest(images, labels):
    """A name for the data and the recipe."""
    digest = hashlib.sha256(RECIPE.encode())
    for array in (images, labels.astype(np.int64)):
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]


def _keep(path, trained):
    """Write a classifier as one .npz, if that can be done."""
    content = io.BytesIO()
    arrays = {f"{name}{i}": layer[name] for i, layer in enumerate(trained.parameters) for name in ("weight", "bias")}
    np.savez(content, accuracy=trained.accuracy, held=trained.held, **arrays)
    try:
        storage.mark(path.parent)
        storage.write(path, content.getvalue())
    except OSError:  # such as a folder that is read only: the next call trains again
        return


def _read(path, shape):
    """The classifier kept at a path, or `None` when there is none, or none that is whole."""
    try:
        with np.load(io.BytesIO(read_limited(path, LARGEST)), allow_pickle=False) as kept:
            layers = [{name: jnp.asarray(kept[f"{name}{i}"]) for name in ("weight", "bias")} for i in range(4)]
            return Classifier(tuple(layers), shape, float(kept["accuracy"]), int(kept["held"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
