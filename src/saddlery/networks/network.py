"""The protocol of a neural network, as games use it."""

import abc
from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
from jaxtyping import Array

from saddlery.errors import InvalidValue
from saddlery.networks.batch_norm import Moments
from saddlery.text.arguments import quoted, whole
from saddlery.types import Key, Parameters

WIDTH = 65_536  # of a layer: two that wide have four billion weights between them
LAYERS = 100


def width_of(argument: str, least: int = 1) -> Callable[[Any], int]:
    """The check of a layer's width.

    >>> width_of("width")(128)
    128
    """
    return partial(whole, argument, least=least, most=WIDTH, why="a layer's weights are the product of two widths")


def widths_of(argument: str, least: int = 0) -> Callable[[Any], tuple[int, ...]]:
    """The check of the widths of some layers, at least so many.

    >>> widths_of("widths")([128, 64])
    (128, 64)
    """

    def check(values):
        try:
            given = tuple(values)
        except TypeError as error:
            raise InvalidValue(f"{argument}: got {quoted(values)}, expected a width for each layer") from error
        whole(f"{argument}: how many", len(given), least, LAYERS, why="each layer is compiled by itself")
        return tuple(map(width_of(argument), given))

    return check


class Network(eqx.Module):
    """A neural network, a function with parameters: `init(key)` makes them, `apply(parameters, x)` computes with them.

    Parameters are pytrees of inexact arrays; whatever else a network holds is static or an array of the game.
    `x` has a leading batch axis. `independent` says that samples of a batch do not see each other, as they do
    under batch normalisation: those of an independent generator may be made in parts.
    """

    independent: bool = eqx.field(static=True, default=True, kw_only=True)

    @abc.abstractmethod
    def init(self, key: Key) -> Parameters:
        """New parameters from a `jax.random.key`."""

    @abc.abstractmethod
    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The network's values on a batch."""

    def evaluate(
        self, parameters: Parameters, x: Array, statistics: tuple[Moments, ...] = ()
    ) -> tuple[Any, tuple[Moments, ...]]:
        """The values with the first normalised maps normalised by given statistics, the others by the batch's own.

        **Returns:** the values, and the statistics of every normalised map, in the order of evaluation. A network
        without batch normalisation, as which a network counts unless it has an `evaluate` of its own, has none.
        """
        return self.apply(parameters, x), ()
