"""A small digit classifier, trained once for each data set: its labels count modes, its features compare images."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from saddlery.data.images import Images, in_range
from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.metrics.small_network import (
    FEATURES,
    LARGE,
    Trained,
    affine,
    fitted,
    hidden,
    initial,
    kept,
    moved,
    penultimate_of,
)

CHANNELS = (16, 32)  # of the two convolutions
STEPS, BATCH, RATE = 1500, 64, 3e-3
HELD = 1 / 6  # the share of the images on which the accuracy is measured
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
        return penultimate_of(self.parameters, jnp.asarray(images))

    def logits(self, images: Float[Array, "n height width 1"]) -> Float[Array, "n classes"]:
        """The logits: the scores of the classes, before the softmax."""
        return affine(self.parameters[-1], self.features(images))

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
    images, labels = np.asarray(data.images), np.asarray(data.labels)
    found = kept(folder, RECIPE, (images, labels.astype(np.int64)), lambda: _trained(images, labels))
    return Classifier(found.parameters, images.shape[1:], found.facts["accuracy"], int(found.facts["held"]))


def _check_data(data):
    if data.labels is None or data.images.shape[-1] != 1 or len(data.images) < 60:
        labels = "no labels" if data.labels is None else "labels"
        raise InvalidValue(
            f"data: got images of shape {data.images.shape} with {labels}, expected at least 60 of one "
            "channel, with labels"
        )


def _trained(images, labels):
    """A new classifier's parameters, and its accuracy on held-out images."""
    order = np.random.default_rng(0).permutation(len(images))
    held, seen = np.split(order, [round(HELD * len(images))])
    classes = int(labels.max()) + 1
    parameters = _train(jax.random.key(0), jnp.asarray(images[seen]), jnp.asarray(labels[seen]), classes)
    new = Classifier(parameters, images.shape[1:], 0.0, len(held))
    accuracy = float((np.asarray(new.classify(images[held])) == labels[held]).mean())
    return Trained(parameters, {"accuracy": accuracy, "held": len(held)})


@eqx.filter_jit
def _train(key, images, labels, classes):
    """The parameters, trained to tell the classes of images that are moved by a few pixels."""
    reach = 2 if images.shape[1] > LARGE else 1

    def loss(parameters, key):
        draw, move = jax.random.split(key)
        chosen = jax.random.randint(draw, (BATCH,), 0, len(images))
        batch = moved(move, in_range(images[chosen]), reach, fill=-1)
        logits = affine(parameters[-1], hidden(parameters, batch))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels[chosen]).mean()

    start = initial(jax.random.fold_in(key, STEPS), images.shape[1:], classes, CHANNELS)
    return fitted(key, start, loss, STEPS, RATE)
