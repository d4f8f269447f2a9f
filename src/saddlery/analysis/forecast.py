"""What the study `forecast` measured, as the package holds it: alarms, and what a short trial of advice is worth."""

import json
from importlib.resources import files
from typing import NamedTuple

HELD = files("saddlery.analysis") / "forecast.json"
MEASURED = json.loads(HELD.read_text())


class Share(NamedTuple):
    """A share: so many of so many."""

    number: int
    of: int


class TrialsMeasured(NamedTuple):
    """What a short trial of advice is worth.

    - `steps`: of a trial. `gain`: of shortfall in it from which advice counted as good; `worth`: in full training, from
      which it had helped.
    - `right`: of cases whose advice was good in the trial, those in which it had helped.
    """

    steps: int
    gain: float
    worth: float
    right: Share

    def __str__(self) -> str:
        """In words.

        >>> print(TrialsMeasured(1000, 0.1, 0.05, Share(30, 40)))
        of 40 pieces of advice that gained 0.1 of shortfall in one trial of 1,000 steps, 30 helped in full training
        """
        return (
            f"of {self.right.of} pieces of advice that gained {self.gain:g} of shortfall in one trial of "
            f"{self.steps:,} steps, {self.right.number} helped in full training"
        )


def trials(measured: dict = MEASURED) -> TrialsMeasured | None:
    """What short trials are worth; `None` where no advice was good in one."""
    held = measured.get("trials")
    if not held or not held["right"][1]:
        return None
    return TrialsMeasured(held["steps"], held["gain"], held["worth"], Share(*held["right"]))
