"""What a network is to a game."""

import abc
from typing import Any

import equinox as eqx


class Network(eqx.Module):
    """A function with parameters: `init(key)` makes them, `apply(parameters, x)` computes with them.

    Parameters are pytrees of inexact arrays; whatever else a network holds is static or an array of the game.
    `x` has a leading batch axis. `independent` says that samples of a batch do not see each other, as they do
    under batch normalisation: independent discriminators may see real and generated samples in one pass.
    """

    independent: bool = eqx.field(static=True, default=True, kw_only=True)

    @abc.abstractmethod
    def init(self, key: Any) -> Any:
        """New parameters from a `jax.random.key`."""

    @abc.abstractmethod
    def apply(self, parameters: Any, x: Any) -> Any:
        """The network's values on a batch."""
