"""Rows of the table of what was measured: a name, a value, and what that means."""

from typing import NamedTuple

from saddlery.analysis.alarms import Alarm, Rung


class Row(NamedTuple):
    """A row of the table: what was measured, its value, and what that means."""

    name: str
    value: str
    meaning: str


class AlarmRows(NamedTuple):
    """The rows of alarms: those that rang, those that did not, and those that were not looked at."""

    rang: list[Row]
    silent: list[Row]
    unseen: list[Row]

    @property
    def looked(self) -> bool:
        """Whether any was looked at."""
        return bool(self.rang or self.silent)


def alarm_row(rung: Rung) -> Row:
    """The row of an alarm that rang, with how often it is false."""
    return Row(f"alarm {rung.alarm.code}", f"since step {rung.since:,}", f"{rung.alarm.words}; it {rung.alarm.rate}")


def silent_row(alarm: Alarm) -> Row:
    """The row of an alarm that was looked at and did not ring, with how much that tells."""
    caught = f"in {alarm.caught.number} of {alarm.caught.of} that failed"
    return Row(f"alarm {alarm.code}", "did not ring", f"{alarm.words}; it {alarm.rate}, and {caught}")
