"""The records of a watched training, and the signals and alarms that each makes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from saddlery.analysis.alarms import ALARMS, RECENT, Alarm, Rung, ringing
from saddlery.analysis.rung import missing
from saddlery.analysis.signals import FIRST, SPACED, signals

KEPT = 40  # last records from which signals are made, beside the first
LOOKED = 2 * RECENT  # last records in which alarms are looked for


class Rows:
    """Records along a training: numbers as they were measured, and signals of motion, whose positions are not kept.

    **Attributes:** `steps`, `rows`, `signals`: of all records, what was measured without long arrays, and what signals
    were made of it; `rung`: the alarms that rang, by code.
    """

    def __init__(self, alarms: Mapping[str, Alarm] | None = None):
        self.alarms = ALARMS if alarms is None else alarms
        self.steps: list[int] = []
        self.rows: list[dict[str, float]] = []
        self.signals: list[dict[str, float]] = []
        self.rung: dict[str, Rung] = {}
        self._whole: list[dict[str, Any]] = []
        self._at: list[int] = []

    def add(self, step: int, values: Mapping[str, Any]) -> list[Rung]:
        """Add a record; the alarms that ring now and did not before."""
        self._whole.append(dict(values))
        self._at.append(step)
        if len(self._whole) > KEPT + FIRST:
            del self._whole[FIRST], self._at[FIRST]
        found = signals(self._arrays())
        last = {name: float(each[-1]) for name, each in found.items()}
        moved = {name: last[name] for name in SPACED if name in last}
        self.steps.append(step)
        self.signals.append(last)
        self.rows.append({name: float(each) for name, each in values.items() if np.ndim(each) == 0} | moved)
        looked = {name: each[-LOOKED:] for name, each in found.items()}
        rings = ringing(looked, np.array(self._at[-LOOKED:]), self.alarms)
        new = [each for each in rings if each.alarm.code not in self.rung]
        self.rung |= {each.alarm.code: each for each in new}
        return new

    def _arrays(self) -> dict[str, np.ndarray]:
        """What was measured along the kept records; NaN where it was not."""
        names = dict.fromkeys(name for row in self._whole for name in row)
        found = {}
        for name in names:
            shape = max((np.shape(row[name]) for row in self._whole if name in row), key=len)
            blank = np.full(shape, np.nan)
            found[name] = np.array([row.get(name, blank) for row in self._whole], float)
        return found

    def along(self) -> dict[str, np.ndarray]:
        """The signals along all records."""
        names = dict.fromkeys(name for each in self.signals for name in each)
        return {name: np.array([each.get(name, np.nan) for each in self.signals]) for name in names}

    def missing(self) -> list[Alarm]:
        """The alarms whose signals cannot be made of what is recorded."""
        return missing({name for row in self._whole for name in row}, self.alarms)
