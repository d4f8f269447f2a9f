"""A healthy run of one's own, with which a watched training is compared signal by signal."""

import os
from typing import NamedTuple

import numpy as np

from saddlery.analysis.alarms import recent
from saddlery.analysis.numbers import number
from saddlery.analysis.signals import SIGNALS, signals
from saddlery.errors import NotFound
from saddlery.records.claims import local_folder
from saddlery.records.live import read_live
from saddlery.records.watched import RECORDS
from saddlery.text.arguments import plain

NEAR = 1.5  # by which factor steps of the reference may differ from the step looked at
BEYOND = 0.5  # of the width of its range there, by which a signal must leave it


class Departure(NamedTuple):
    """A signal that has left the range of the reference at the same steps."""

    signal: str
    since: int
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In words."""
        within = f"{number(self.low)} to {number(self.high)}"
        return f"{self.signal} is {number(self.value)} since step {self.since:,}, {within} in the reference by then"


class Reference:
    """The records of a healthy run.

    **Raises:** `FileNotFoundError` when a folder holds no records of a watched training.
    """

    def __init__(self, folder: str | os.PathLike):
        path = local_folder("reference", folder) / RECORDS
        if not path.is_file():
            raise NotFound(f"reference: {plain(path.parents[1])} holds no records of a watched training")
        held = read_live(path)
        self.steps = held.steps
        self.signals = {name: recent(each) for name, each in signals(held.values).items()}

    def departures(self, steps: np.ndarray, found: dict[str, np.ndarray]) -> list[Departure]:
        """The signals that are beyond the reference's range at the last step, and since when they are.

        **Arguments:** `steps`, `found`: of all records so far, and the signals along them.
        """
        both = [name for name in SIGNALS if name in found and name in self.signals]
        return [each for name in both if (each := self._of(name, steps, found[name]))]

    def _of(self, name: str, steps: np.ndarray, values: np.ndarray) -> Departure | None:
        mine, since = recent(values), len(steps)
        while since and self._is_beyond(name, steps[since - 1], mine[since - 1]):
            since -= 1
        if since == len(steps):
            return None
        return Departure(name, int(steps[since]), float(mine[-1]), *self._range(name, steps[-1]))

    def _is_beyond(self, name: str, step: int, value: float) -> bool:
        low, high = self._range(name, step)
        slack = BEYOND * max(high - low, 0.1)
        return bool(value < low - slack or value > high + slack)

    def _range(self, name: str, step: int) -> tuple[float, float]:
        """The range of a signal at about a step."""
        near = (self.steps >= step / NEAR) & (self.steps <= step * NEAR) & np.isfinite(self.signals[name])
        held = self.signals[name][near]
        return (float(held.min()), float(held.max())) if len(held) else (np.nan, np.nan)
