"""Features of images: what a network computes before its last layer."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import numpy as np

from saddlery.errors import InvalidType
from saddlery.metrics import entry
from saddlery.networks import MLP, Network
from saddlery.types import Parameters

AT_ONCE = 512  # images in memory together


def penultimate(network: Network, parameters: Parameters) -> Callable[[Any], np.ndarray]:
    """Penultimate features: the function from images to what enters a network's last layer, as `(n, features)`.

    A network says what its features are by a method `features(parameters, x)`; of an `MLP` they are its last hidden
    layer. Images are taken 512 at a time, of uint8 ones in [-1, 1].

        >>> import jax.numpy as jnp
        >>> hidden = {"weight": 2 * jnp.eye(2), "bias": jnp.zeros(2)}
        >>> last = {"weight": jnp.ones((2, 1)), "bias": jnp.zeros(1)}
        >>> penultimate(MLP(2, 1, (2,)), (hidden, last))(jnp.array([[3.0, -1.0]])).tolist()  # relu(2 x)
        [[6.0, 0.0]]

    **Raises:** `TypeError` for a network of which neither is known. The function raises `ValueError` for images that
    are not finite.
    """
    compute = getattr(network, "features", None)
    if not callable(compute) and not (isinstance(network, MLP) and network.widths):
        raise InvalidType(
            f"network: got a {type(network).__name__}, expected an MLP with hidden layers, or a network with a method "
            "features(parameters, x) that returns what enters its last layer"
        )

    def features(images: Any) -> np.ndarray:
        images = entry.samples("images", images)
        parts = [_features(network, parameters, images[i : i + AT_ONCE]) for i in range(0, len(images), AT_ONCE)]
        return np.concatenate([np.asarray(part).reshape(len(part), -1) for part in parts])

    return features


@eqx.filter_jit
def _features(network, parameters, x):
    if callable(getattr(network, "features", None)):
        return network.features(parameters, x)
    shorter = MLP(network.inputs, network.widths[-1], network.widths[:-1], network.activation, network.activation,
                  scale=network.scale)  # fmt: skip
    return shorter.apply(parameters[:-1], x)
