"""Contrastive features of images: of a small network that is trained on them, without labels, to tell them apart."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from saddlery.data.images import Images, in_range
from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.metrics.small_network import (
    FEATURES,
    Trained,
    affine,
    fitted,
    hidden,
    initial,
    kept,
    moved,
    penultimate_of,
)

CHANNELS, OUTPUTS = (32, 64), 64  # of the two convolutions, and of the layer in which images are told apart
BATCH, RATE, TEMPERATURE = 64, 3e-3, 0.2
PASSES = 16  # over the images: more, and few images are learned by heart
MOST, LEAST = 4000, 16  # images that are trained on
SIDE = 32  # larger images are shrunk to it
REACH = 8  # images are moved by up to an eighth of their side
RECIPE = (
    f"contrastive: two convolutions {CHANNELS}, {FEATURES} features, {OUTPUTS} outputs, Adam {RATE}, {PASSES} passes, "
    f"of at most {MOST}, by {BATCH}, temperature {TEMPERATURE}, side {SIDE}, reach {REACH}, 1"
)


class Contrastive(eqx.Module):
    """Contrastive features of images in [-1, 1] or uint8, of any size; see `contrastive`."""

    parameters: Any
    shape: tuple[int, ...] = eqx.field(static=True)

    def features(self, images: Float[Array, "n height width channels"]) -> Float[Array, "n features"]:
        """The features: the penultimate layer, after its relu, of the images at the size that the network sees.

        **Raises:** `ValueError` for images of another range or number of channels, or that are not finite.
        """
        images = entry.images("images", images)
        if images.shape[-1] != self.shape[-1]:
            raise InvalidValue(f"images: got {images.shape[-1]} channels, expected {self.shape[-1]}")
        return penultimate_of(self.parameters, _shrunk(jnp.asarray(images), self.shape))


def contrastive(data: Images, folder: Path | None = None) -> Contrastive:
    """Contrastive features of a data set's images, trained on them, or read back where they have been trained before.

    In each step two views of 64 images are made, each moved by up to an eighth of its side and with another brightness
    and contrast of each channel, and of all the others the network is to find an image's second view. With z_i of norm
    1 and j the other view of i, the loss is the mean of (Chen et al., 2020, equation 1, SimCLR)

        −log exp(⟨z_i, z_j⟩/τ) / Σ_{k ≠ i} exp(⟨z_i, z_k⟩/τ),   τ = 0.2.

    Two convolutions, a hidden layer and a linear one, trained by Adam (Kingma and Ba, 2015) in 16 passes over the
    images, of more than 4,000 over as many chosen at random: about half a minute on two cores. Longer training on few
    images makes those that it has seen different from new ones of the same distribution. Sides beyond 32 pixels are
    shrunk to 32: what is finer is not compared.

    **Arguments:**
    - `data`: images, of any number of channels; labels are not looked at.
    - `folder`: where they are kept, as of `classifier`.

    **Raises:** `ValueError` for fewer than 16 images.
    """
    if len(data.images) < LEAST:
        raise InvalidValue(f"data: got {len(data.images)} images, expected at least {LEAST} to train features on")
    images = np.asarray(data.images)
    if len(images) > MOST:
        images = images[np.sort(np.random.default_rng(0).permutation(len(images))[:MOST])]
    shape = (*(min(side, SIDE) for side in images.shape[1:3]), images.shape[3])
    found = kept(folder, RECIPE, (images,), lambda: Trained(_train(jax.random.key(0), _small(images, shape)), {}))
    return Contrastive(found.parameters, shape)


def _small(images: np.ndarray, shape: tuple[int, ...]) -> Array:
    """All images at the size that the network sees, as they are in memory."""
    parts = [_shrunk(in_range(jnp.asarray(images[i : i + 1024])), shape) for i in range(0, len(images), 1024)]
    return jnp.concatenate(parts)


@eqx.filter_jit
def _train(key, images):
    """The parameters, trained to find an image's second view among others."""
    steps = max(1, PASSES * len(images) // BATCH)
    partner = (jnp.arange(2 * BATCH) + BATCH) % (2 * BATCH)

    def loss(parameters, key):
        draw, first, second = jax.random.split(key, 3)
        chosen = images[jax.random.randint(draw, (BATCH,), 0, len(images))]
        views = jnp.concatenate([_view(first, chosen), _view(second, chosen)])
        z = affine(parameters[-1], hidden(parameters, views))
        z = z / jnp.sqrt((z**2).sum(1, keepdims=True) + 1e-12)
        scores = jnp.where(jnp.eye(2 * BATCH, dtype=bool), -jnp.inf, z @ z.T / TEMPERATURE)  # not with itself
        return optax.softmax_cross_entropy_with_integer_labels(scores, partner).mean()

    start = initial(jax.random.fold_in(key, steps), images.shape[1:], OUTPUTS, CHANNELS)
    return fitted(key, start, loss, steps, RATE)


def _view(key, images):
    """The images moved, and of another brightness and contrast."""
    move, contrast, brightness = jax.random.split(key, 3)
    shape = (len(images), 1, 1, images.shape[-1])
    scale = jax.random.uniform(contrast, shape, minval=0.7, maxval=1.3)
    shift = jax.random.uniform(brightness, shape, minval=-0.2, maxval=0.2)
    return scale * moved(move, images, max(1, images.shape[1] // REACH)) + shift


@eqx.filter_jit
def _shrunk(images, shape):
    """The images at a smaller size, averaged."""
    if images.shape[1:3] == shape[:2]:
        return images
    return jax.image.resize(images, (len(images), *shape), "linear", antialias=True)
