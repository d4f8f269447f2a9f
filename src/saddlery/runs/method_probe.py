"""Probes that are given the method and its state too: what the next step would do."""

import abc
from typing import Any

import equinox as eqx

from saddlery.analysis.measures import Measure
from saddlery.game import adopt
from saddlery.method import Method
from saddlery.types import Key, Memory, Players


class MethodProbe(eqx.Module):
    """A probe that is also given the method and its state: a compiled measurement of what the next step does.

    `probe(game, players, key, method, state) -> {variable: array}`; a new one implements `measure`, a pure function,
    and names the axes of variables that have any in `dims`. Of a generator with averaged weights it is not taken, as
    no step starts there.
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The names of the axes of each variable."""
        return {}

    @property
    def measures(self) -> dict[str, Measure]:
        """The measures of its variables, as of `saddlery.metrics.Probe`."""
        return {}

    @abc.abstractmethod
    def measure(self, game: Any, players: Players, key: Key, method: Method, state: Memory) -> dict[str, Any]:
        """The variables that the probe records, by name."""

    def __call__(self, game: Any, players: Players, key: Key, method: Method, state: Memory) -> dict[str, Any]:
        """The variables, by name, from a compiled program."""
        return _measure(self, adopt(game), players, key, method, state)


@eqx.filter_jit
def _measure(probe, game, players, key, method, state):
    return probe.measure(game, players, key, method, state)
