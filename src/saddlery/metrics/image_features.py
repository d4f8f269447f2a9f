"""Features by which images are compared, with their names: of a network trained on the data, Inception's, or pixels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saddlery.data import Images, Shards, Stacked
from saddlery.data.distinct import distinct
from saddlery.data.images import Data, shape_of
from saddlery.errors import InvalidType, InvalidValue
from saddlery.metrics.classifier import classifier
from saddlery.metrics.contrastive import MOST, contrastive
from saddlery.metrics.inception import inception
from saddlery.metrics.probes import as_seen
from saddlery.metrics.scores import DIMENSIONS
from saddlery.text.arguments import quoted
from saddlery.text.names import nearest

KINDS = ("trained", "pixels", "inception")
SURE = 0.9  # of held-out images a classifier tells so many right, or its features are not used


class Features(NamedTuple):
    """The features by which images are compared, and the probabilities of their classes where there are any.

    Networks see images as they would be shown: what lies outside [-1, 1] is clipped.

    - `name`: a word that goes before "features", such as `"contrastive"`; `meaning`: what they are.
    """

    name: str
    meaning: str
    features: Callable[[Any], np.ndarray]
    probabilities: Callable[[Any], np.ndarray] | None = None


def features_of(data: Data, kind: "str | Features", suited: Callable[[Data], Features]) -> Features:
    """The features of a kind.

    **Arguments:**
    - `kind`: `"trained"`, those that suit the data; `"pixels"`; `"inception"`; or `Features` of one's own.
    - `suited`: from the data to those that suit it.

    **Raises:** `ValueError` for another kind, or when Inception's weights are not to be had.
    """
    if isinstance(kind, Features):
        return kind
    if not isinstance(kind, str):
        raise InvalidType(f"features: got {quoted(kind)}, expected one of {', '.join(KINDS)}, or Features")
    if kind not in KINDS:
        raise InvalidValue(nearest("features", kind, KINDS))
    return {"trained": suited, "pixels": pixel_features, "inception": lambda data: inception_features()}[kind](data)


def trained_features(data: Data) -> Features:
    """The features of a network trained on the data: to tell its classes where it does so well, else contrastive.

    Of grey images with labels those of `saddlery.metrics.classifier`, where it is right on at least 90% of the images
    held out; of others those of `saddlery.metrics.contrastive`, of at most 4,000 images.
    """
    if isinstance(data, Images) and data.labels is not None and data.images.shape[-1] == 1 and len(data) >= 60:
        judge = classifier(data)
        if judge.accuracy >= SURE:
            return Features(
                "classifier",
                f"of a classifier of the data's classes, right on {judge.accuracy:.1%} of {judge.held:,} held out",
                lambda images: np.asarray(judge.features(as_seen(images))),
                lambda images: np.asarray(judge.probabilities(as_seen(images))),
            )
    held = data.shard if isinstance(data, Shards) else data
    known = held if isinstance(held, Images) else Images(jnp.clip(distinct(data, jax.random.key(0), MOST)[0], -1, 1))
    network = contrastive(known)
    side = "×".join(map(str, network.shape[:2]))
    return Features(
        "contrastive",
        f"of a small network trained on the data, without labels, to tell images apart (seen at {side})",
        lambda images: np.asarray(network.features(as_seen(images))),
    )


def channel_features(data: Stacked) -> Features:
    """Those of a classifier of the digits in each channel, side by side.

    >>> from saddlery.data import digits
    >>> data = Stacked(digits())
    >>> channel_features(data).features(data.draw(jax.random.key(0), 2)).shape  # 128 of each channel
    (2, 384)
    """
    judge = classifier(data.digits())

    def features(images):
        parts = [as_seen(images[..., i : i + 1]) for i in range(images.shape[-1])]
        return np.concatenate([np.asarray(judge.features(part)) for part in parts], 1)

    return Features(
        "classifier",
        f"of a classifier of the digit in each channel, right on {judge.accuracy:.1%} of {judge.held:,} held out",
        features,
    )


def inception_features() -> Features:
    """Those of the Inception network that papers use.

    **Raises:** `ValueError` when it is not installed, or its weights cannot be had.
    """
    try:
        network = inception()
    except (ImportError, RuntimeError) as error:
        raise InvalidValue(str(error)) from error
    return Features(
        "Inception",
        "of Inception-v3, 2,048 numbers, as in published FID",
        lambda images: network(as_seen(images)).features,
        lambda images: network(as_seen(images)).probabilities,
    )


def pixel_features(data: Data) -> Features:
    """The pixels of images, averaged to a size at which they are at most 2,048 numbers.

    >>> pixel_features(Images(np.zeros((2, 32, 32, 3), np.uint8))).meaning
    'the pixels themselves, at 26×26×3'
    """
    height, width, channels = shape_of(data)
    side = 1.0
    while round(side * height) * round(side * width) * channels > DIMENSIONS:
        side *= 0.99
    shape = (max(1, round(side * height)), max(1, round(side * width)), channels)

    def features(images):
        images = as_seen(images)
        if shape[:2] != (height, width):
            images = jax.image.resize(images, (len(images), *shape), "linear", antialias=True)
        return np.asarray(images).reshape(len(images), -1)

    return Features("pixel", f"the pixels themselves, at {shape[0]}×{shape[1]}×{channels}", features)
