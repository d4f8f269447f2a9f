"""Spectral normalisation: every matrix of a network divided by its largest singular value."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from saddlery.networks.network import Network

ZERO = 1e-12  # in the place of smaller norms, so that a layer of zeros stays one


class SpectralNorm(Network):
    """A network each of whose layers has spectral norm 1 (Miyato, Kataoka, Koyama, Yoshida, 2018).

    Matrices are divided by σ of `largest_singular_value`, kernels as matrices of (rows · columns · inputs) × outputs;
    biases are left as they are. Layers that follow one another with relu or leaky relu between make the score
    1-Lipschitz in the sample, up to how far a kernel's norm as a matrix is below that of the convolution.

    **Arguments:**
    - `network`: any network whose parameters of more than one axis are matrices and kernels, outputs last.
    - `iterations`: of the power method.
    """

    network: Network
    iterations: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        if isinstance(self.iterations, bool) or not isinstance(self.iterations, int) or self.iterations < 1:
            raise ValueError(f"iterations: got {self.iterations!r}, expected a whole number, 1 or more")

    def init(self, key):
        """New parameters of the network, not yet normalised."""
        return self.network.init(key)

    def normalised(self, parameters):
        """The parameters that the network computes with."""

        def normalise(weight):
            if weight.ndim < 2:
                return weight
            sigma = largest_singular_value(weight.reshape(-1, weight.shape[-1]), self.iterations)
            return weight / jnp.maximum(sigma, ZERO)

        return jax.tree.map(normalise, parameters)

    def apply(self, parameters, x):
        """The network's values on a batch."""
        return self.network.apply(self.normalised(parameters), x)

    def features(self, parameters, x):
        """The network's features of a batch, where it has such."""
        return self.network.features(self.normalised(parameters), x)  # pyright: ignore[reportAttributeAccessIssue]


def largest_singular_value(matrix: Any, iterations: int) -> Any:
    """σ = uᵀ W v, with u and v from `iterations` of the power method.

        u ← W v / ‖W v‖,   v ← Wᵀ u / ‖Wᵀ u‖

    The start is the same each time, so that a network remembers nothing from step to step; σ is at most the largest
    singular value. No derivative is taken of u and v: that of σ is u vᵀ, which is exact where they have converged.
    """
    fixed = lax.stop_gradient(matrix)
    u, v = None, _unit(jnp.asarray(np.random.default_rng(0).normal(size=matrix.shape[1]), matrix.dtype))
    for _ in range(iterations):
        u = _unit(fixed @ v)
        v = _unit(u @ fixed)
    return u @ matrix @ v


def _unit(vector):
    return vector / jnp.maximum(jnp.linalg.norm(vector), ZERO)
