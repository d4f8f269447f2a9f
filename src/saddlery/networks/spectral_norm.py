"""Spectral normalisation: every matrix of a network divided by its largest singular value."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from saddlery.networks.batch_norm import Moments
from saddlery.networks.network import Network
from saddlery.text.arguments import whole
from saddlery.types import Key, Parameters, Scalar

ZERO = 1e-12  # in the place of smaller norms, so that a layer of zeros stays one


ITERATIONS = 1_000  # taken again at every evaluation


class SpectralNorm(Network):
    """Spectral normalisation: each layer of a network has spectral norm 1 (Miyato, Kataoka, Koyama, Yoshida, 2018).

    Matrices are divided by σ of `largest_singular_value`, kernels as matrices of (rows · columns · inputs) × outputs;
    biases are left as they are. Layers that follow one another with relu or leaky relu between make the score
    1-Lipschitz in the sample, up to how far a kernel's norm as a matrix is below that of the convolution.

        >>> from saddlery.networks import MLP
        >>> network = SpectralNorm(MLP(2, 1, ()))
        >>> parameters = ({"weight": jnp.array([[3.0], [4.0]]), "bias": jnp.zeros(1)},)  # σ = 5
        >>> network.apply(parameters, jnp.array([[1.0, 0.5]])).round(4).tolist()  # (3 + 2) / 5
        [[1.0]]

    **Arguments:**
    - `network`: any network whose parameters of more than one axis are matrices and kernels, outputs last.
    - `iterations`: of the power method.
    """

    network: Network
    iterations: int = eqx.field(static=True, converter=partial(whole, "iterations", most=ITERATIONS), default=10)

    def init(self, key: Key) -> Parameters:
        """New parameters of the network, not yet normalised."""
        return self.network.init(key)

    def normalised(self, parameters: Parameters) -> Parameters:
        """The normalised parameters, with which the network computes."""

        def normalise(weight):
            if weight.ndim < 2:
                return weight
            sigma = largest_singular_value(weight.reshape(-1, weight.shape[-1]), self.iterations)
            return weight / jnp.maximum(sigma, ZERO)

        return jax.tree.map(normalise, parameters)

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The network's values on a batch."""
        return self.network.apply(self.normalised(parameters), x)

    def evaluate(
        self, parameters: Parameters, x: Array, statistics: tuple[Moments, ...] = ()
    ) -> tuple[Array, tuple[Moments, ...]]:
        """The network's values by given statistics, and all its statistics."""
        return self.network.evaluate(self.normalised(parameters), x, statistics)

    def features(self, parameters: Parameters, x: Array) -> Array:
        """The network's features of a batch, where it has such."""
        return self.network.features(self.normalised(parameters), x)  # pyright: ignore[reportAttributeAccessIssue]


def spectrally_normalised(network: Network, spectral: int) -> Network:
    """A network under `SpectralNorm` with so many iterations; 0 leaves it as it is.

        >>> from saddlery.networks import MLP
        >>> [type(spectrally_normalised(MLP(2, 1, ()), iterations)).__name__ for iterations in (0, 5)]
        ['MLP', 'SpectralNorm']

    **Raises:** `ValueError` when `spectral` is no whole number from 0 to 1,000.
    """
    if not whole("spectral", spectral, 0, ITERATIONS):
        return network
    return SpectralNorm(network, spectral, independent=network.independent)


def largest_singular_value(matrix: Float[Array, "rows columns"], iterations: int) -> Scalar:
    """The largest singular value σ = uᵀ W v, with u and v from `iterations` of the power method.

        u ← W v / ‖W v‖,   v ← Wᵀ u / ‖Wᵀ u‖

    The start is the same each time, so that a network remembers nothing from step to step; σ is at most the largest
    singular value. No derivative is taken of u and v: that of σ is u vᵀ, which is exact where they have converged.

        >>> round(float(largest_singular_value(jnp.diag(jnp.array([3.0, 1.0])), 20)), 4)
        3.0
    """
    fixed = lax.stop_gradient(matrix)
    start = _unit(jnp.asarray(np.random.default_rng(0).normal(size=matrix.shape[1]), matrix.dtype))

    def again(_, vectors):
        u = _unit(fixed @ vectors[1])
        return u, _unit(u @ fixed)

    u, v = lax.fori_loop(0, iterations, again, (jnp.zeros(len(matrix), matrix.dtype), start))
    return u @ matrix @ v


def _unit(vector):
    return vector / jnp.maximum(jnp.linalg.norm(vector), ZERO)
