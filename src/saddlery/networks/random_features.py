"""Random Fourier features: scores linear in fixed features, so that the best of them solve a convex problem."""

import math
from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from saddlery.errors import InvalidValue
from saddlery.networks.network import Network
from saddlery.text import arguments
from saddlery.text.arguments import quoted, whole
from saddlery.types import Key, Parameters

SCALES = (0.1, 0.3, 1.0)


def _scales(values):
    try:
        given = tuple(values)
    except TypeError as error:
        raise InvalidValue(f"scales: got {quoted(values)}, expected positive numbers") from error
    whole("scales: how many", len(given))
    return tuple(arguments.number("scales", each, above=0.0) for each in given)


class RandomFeatures(Network):
    """Scores that are linear in random Fourier features, ⟨w, φ(x)⟩ + b (Rahimi, Recht, 2007).

        φ_j(x) = √(2/m) cos(⟨ω_j, x⟩ + c_j),   ω_j ~ N(0, I / σ_j²),   c_j uniform in [0, 2π)

    so that ⟨φ(x), φ(y)⟩ is, in the mean, the mean over σ of the kernels exp(−‖x − y‖² / 2σ²). A discriminator of them
    has a best response that a convex problem gives: see `saddlery.games.random_features`.

        >>> network = RandomFeatures(inputs=2, number=4096, scales=(1.0,))
        >>> x = jnp.array([[0.0, 0.0], [1.0, 0.0]])
        >>> first, second = network.features({}, x)
        >>> abs(float(first @ second) - math.exp(-0.5)) < 0.05
        True

    **Arguments:**
    - `inputs`: numbers of a sample, of any shape.
    - `number`: m, how many features.
    - `scales`: the σ, in the units of the samples, taken by the features in turn.
    - `seed`: of the frequencies ω and phases c, which are no parameters.

    Parameters: `{"weight": (number,), "bias": ()}`, zero at the start.

    **Raises:** `ValueError` for numbers out of range.
    """

    inputs: int = eqx.field(static=True, converter=partial(whole, "inputs"))
    number: int = eqx.field(static=True, converter=partial(whole, "number"), default=256)
    scales: tuple[float, ...] = eqx.field(static=True, converter=_scales, default=SCALES)
    seed: int = eqx.field(static=True, converter=partial(whole, "seed", least=0), default=0)

    def init(self, key: Key) -> Parameters:
        """New parameters: zero, a score of 0 everywhere."""
        return {"weight": jnp.zeros(self.number), "bias": jnp.zeros(())}

    def features(self, parameters: Parameters, x: Array) -> Float[Array, "batch number"]:
        """The features of samples `(batch, …)`, which do not depend on the parameters."""
        random = np.random.default_rng(self.seed)
        scales = np.resize(self.scales, self.number)
        frequencies = random.normal(size=(self.inputs, self.number)) / scales
        phases = random.uniform(0, 2 * math.pi, self.number)
        x = x.reshape(len(x), -1)
        angles = x @ jnp.asarray(frequencies, x.dtype) + jnp.asarray(phases, x.dtype)
        return math.sqrt(2 / self.number) * jnp.cos(angles)

    def apply(self, parameters: Parameters, x: Array) -> Float[Array, " batch"]:
        """Scores `(batch,)` of samples `(batch, …)`."""
        return self.features(parameters, x) @ parameters["weight"] + parameters["bias"]
