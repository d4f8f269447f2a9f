"""Multilayer perceptrons, initialised as the papers do."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.errors import InvalidValue
from saddlery.networks.layers import Layer
from saddlery.networks.network import Network, widths_of
from saddlery.text.arguments import number, whole
from saddlery.text.names import nearest
from saddlery.types import Key

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
}
INITIALISATIONS: dict[str, Callable[..., Any]] = {
    "orthogonal": jax.nn.initializers.orthogonal,
    "glorot": lambda gain: jax.nn.initializers.variance_scaling(gain**2, "fan_avg", "uniform"),
    "he": lambda gain: jax.nn.initializers.variance_scaling(2.0 * gain**2, "fan_in", "normal"),
}


def _outputs(outputs):
    """A number of outputs, or their shape."""
    if not isinstance(outputs, tuple | list):
        return whole("outputs", outputs)
    shape = tuple(whole("outputs", each) for each in outputs)
    whole("outputs: all together", math.prod(shape))
    return shape


class MLP(Network):
    """A multilayer perceptron, y = W_n σ(… σ(W_1 s x + b_1) …) + b_n, biases zero at the start.

        >>> linear = MLP(inputs=2, outputs=1, widths=())
        >>> parameters = ({"weight": jnp.array([[3.0], [4.0]]), "bias": jnp.array([0.5])},)
        >>> linear.apply(parameters, jnp.array([[1.0, 1.0]])).tolist()  # 3 + 4 + ½
        [[7.5]]

    **Arguments:**
    - `inputs`, `outputs`: dimensions; `outputs` may be a shape, such as `(8, 8, 1)`, and inputs of any shape are
      flattened.
    - `widths`: the hidden layers'.
    - `activation`: `"relu"`, `"tanh"`, `"leaky_relu"`, `"elu"`; `final` the same for the output, `None` for none.
    - `initialisation`, `gain`: `"orthogonal"`, `"glorot"` (uniform) or `"he"` (normal), and its gain.
    - `scale`: s, a fixed factor on the input.

    Parameters: a tuple of `{"weight": (inputs, outputs), "bias": (outputs,)}`, a layer each.

    **Raises:** `ValueError` for an unknown name, naming the nearest, and for numbers out of range.
    """

    inputs: int = eqx.field(static=True, converter=partial(whole, "inputs"))
    outputs: int | tuple[int, ...] = eqx.field(static=True, converter=_outputs)
    widths: tuple[int, ...] = eqx.field(static=True, converter=widths_of("widths"), default=(128, 128))
    activation: str = eqx.field(static=True, default="relu")
    final: str | None = eqx.field(static=True, default=None)
    initialisation: str = eqx.field(static=True, default="orthogonal")
    gain: float = eqx.field(static=True, converter=partial(number, "gain", above=0.0), default=1.0)
    scale: float = eqx.field(static=True, converter=partial(number, "scale"), default=1.0)

    def __check_init__(self) -> None:
        for argument in ("activation", "final"):
            name = getattr(self, argument)
            if name not in ACTIVATIONS and not (argument == "final" and name is None):
                raise InvalidValue(nearest(argument, name, ACTIVATIONS))
        if self.initialisation not in INITIALISATIONS:
            raise InvalidValue(nearest("initialisation", self.initialisation, INITIALISATIONS))

    def init(self, key: Key) -> tuple[Layer, ...]:
        """New parameters: weights drawn, biases zero."""
        outputs = self.outputs if isinstance(self.outputs, int) else math.prod(self.outputs)
        sizes = (self.inputs, *self.widths, outputs)
        draw = INITIALISATIONS[self.initialisation](self.gain)
        keys = jax.random.split(key, len(sizes) - 1)
        return tuple(
            {"weight": draw(key, (rows, columns)), "bias": jnp.zeros(columns)}
            for key, rows, columns in zip(keys, sizes[:-1], sizes[1:], strict=True)
        )

    def apply(self, parameters: tuple[Layer, ...], x: Array) -> Array:
        """The values on a batch, `(batch, outputs)` or `(batch, *outputs)`."""
        batch = len(x)
        x = x.reshape(batch, -1)
        x = x if self.scale == 1.0 else x * self.scale
        narrow = max(self.widths, default=NARROW) <= NARROW
        affine = _features_first if narrow else _batch_first
        x = _turned(x) if narrow else x
        for layer in parameters[:-1]:
            x = ACTIVATIONS[self.activation](affine(layer, x))
        x = affine(parameters[-1], x)
        x = _turned(x) if narrow else x
        x = x if self.final is None else ACTIVATIONS[self.final](x)
        return x if isinstance(self.outputs, int) else x.reshape(batch, *self.outputs)


# Up to this width a layer is multiplied with the features first, `(features, batch)`: on CPUs such products are twice
# as fast so, while wider ones, above all their second derivatives, are faster with the batch first.
NARROW = 32


def _batch_first(layer, x):
    return x @ layer["weight"] + layer["bias"]


def _turned(x):
    return jax.lax.optimization_barrier(x.T)  # or XLA would take it into the product beside it, which slows that down


def _features_first(layer, x):
    return _product(layer["weight"], x) + layer["bias"][:, None]


@jax.custom_jvp
def _product(weight, x):
    """weightᵀ x, the small matrix transposed beforehand: XLA's products on CPUs are twice as fast on rows as they lie.

    Left alone, XLA would take the transposition into the product. Going back, weight is multiplied as it lies anyhow.
    """
    return jax.lax.optimization_barrier(weight.T) @ x


@_product.defjvp
def _(primals, tangents):
    (weight, x), (weight_dot, x_dot) = primals, tangents
    return _product(weight, x), weight.T @ x_dot + weight_dot.T @ x
