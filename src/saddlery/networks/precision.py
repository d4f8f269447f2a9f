"""Mixed precision: networks that compute in fewer bits than their parameters have."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.errors import InvalidValue
from saddlery.networks.batch_norm import Moments
from saddlery.networks.network import Network
from saddlery.text.names import nearest
from saddlery.types import Key, Parameters

PRECISIONS = ("bfloat16", "float16", "float32", "float64")


class Precision(Network):
    """Mixed precision: a network computed in another precision; parameters and optimisers' states keep theirs.

    Parameters and batch are rounded before, and the values are returned in the batch's own precision.

        >>> from saddlery.networks import MLP
        >>> network = Precision(MLP(1, 1, ()), "bfloat16")
        >>> one = ({"weight": jnp.ones((1, 1)), "bias": jnp.zeros(1)},)
        >>> network.apply(one, jnp.array([[1 + 2.0**-9]])).tolist()  # bfloat16 has eight bits
        [[1.0]]

    **Arguments:**
    - `network`: any network.
    - `compute`: `"bfloat16"`, which GPUs multiply several times faster, or another of `PRECISIONS`.
    """

    network: Network
    compute: str = eqx.field(static=True, default="bfloat16")

    def __check_init__(self) -> None:
        if self.compute not in PRECISIONS:
            raise InvalidValue(nearest("compute", self.compute, PRECISIONS))

    def init(self, key: Key) -> Parameters:
        """New parameters of the network, in full precision."""
        return self.network.init(key)

    def rounded(self, tree: Parameters) -> Parameters:
        """The arrays of a pytree in the precision to compute in."""
        return jax.tree.map(lambda leaf: leaf.astype(self.compute), tree)

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The network's values on a batch."""
        return self.network.apply(self.rounded(parameters), self.rounded(x)).astype(jnp.result_type(x))

    def evaluate(
        self, parameters: Parameters, x: Array, statistics: tuple[Moments, ...] = ()
    ) -> tuple[Array, tuple[Moments, ...]]:
        """The network's values by given statistics, which keep their precision, and all its statistics."""
        values, used = self.network.evaluate(self.rounded(parameters), self.rounded(x), statistics)
        return values.astype(jnp.result_type(x)), used

    def features(self, parameters: Parameters, x: Array) -> Array:
        """The network's features of a batch, where it has such."""
        found = self.network.features(self.rounded(parameters), self.rounded(x))  # pyright: ignore[reportAttributeAccessIssue]
        return found.astype(jnp.result_type(x))
