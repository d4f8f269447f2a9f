"""A recurrent generator: an LSTM that writes an image row by row."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from saddlery.networks.layers import GLOROT, affine, dense
from saddlery.networks.network import Network, width_of
from saddlery.text.arguments import whole
from saddlery.types import Key


class LSTMGenerator(Network):
    """A recurrent generator: images in [-1, 1], a row at each step of an LSTM, as in Metz et al. (2017).

        i, f, g, o = W z + U h + b
        c ← sigmoid(f) c + sigmoid(i) tanh(g),   h ← sigmoid(o) tanh(c),   row = tanh(V h + d)

    The noise z is what the LSTM sees at every step; h and c start at zero, and the bias of f at 1.

        >>> generator = LSTMGenerator(noise=2, size=3, channels=1, width=4)
        >>> zero = jax.tree.map(jnp.zeros_like, generator.init(jax.random.key(0)))
        >>> zero["row"]["bias"] = jnp.array([-99.0, 0.0, 99.0])  # d, the same in every row
        >>> generator.apply(zero, jnp.zeros((1, 2)))[0, :, :, 0].tolist()  # tanh d
        [[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]

    **Arguments:**
    - `noise`: its dimension.
    - `size`, `channels`: of the images.
    - `width`: of h and c.

    **Raises:** `ValueError` for numbers out of range.
    """

    noise: int = eqx.field(static=True, converter=partial(whole, "noise"))
    size: int = eqx.field(static=True, converter=partial(whole, "size"))
    channels: int = eqx.field(static=True, converter=partial(whole, "channels"))
    width: int = eqx.field(static=True, converter=width_of("width"), default=128)

    def init(self, key: Key) -> dict[str, Any]:
        """New parameters: `"input"` (W, b), `"recurrent"` (U) and `"row"` (V, d)."""
        first, second, third = jax.random.split(key, 3)
        entry = dense(first, self.noise, 4 * self.width)
        entry["bias"] = entry["bias"].at[self.width : 2 * self.width].set(1.0)
        return {
            "input": entry,
            "recurrent": GLOROT(second, (self.width, 4 * self.width)),
            "row": dense(third, self.width, self.size * self.channels),
        }

    def apply(self, parameters: dict[str, Any], x: Array) -> Array:
        """Images `(batch, size, size, channels)` out of noise `(batch, noise)`."""
        seen = affine(parameters["input"], x.T)

        def step(state, _):
            h, c = state
            i, f, g, o = jnp.split(seen + parameters["recurrent"].T @ h, 4)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        start = jnp.zeros((self.width, len(x)), seen.dtype)
        _, states = lax.scan(step, (start, start), length=self.size)
        width = states.transpose(1, 0, 2).reshape(self.width, -1)  # all rows of all images in one product
        rows = jnp.tanh(affine(parameters["row"], width)).reshape(self.size, self.channels, self.size, len(x))
        return rows.transpose(3, 2, 0, 1)
