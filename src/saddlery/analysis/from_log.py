"""What a log of losses and gradient norms says of a training, and what it cannot say."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from saddlery.analysis.alarms import ALARMS, EVERY, FROM, SPACING, Alarm, apart, ringing
from saddlery.analysis.from_records import (
    ELSEWHERE,
    FromRecords,
    cannot_say,
    counted,
    dataset,
    facts_of,
    fading,
    growth,
    reasons,
    verdict_of_series,
)
from saddlery.analysis.numbers import number
from saddlery.analysis.row import AlarmRows, Row, alarm_row, silent_row
from saddlery.analysis.series_rows import plural, rows_of
from saddlery.analysis.signals import FIRST, SIGNALS, signals
from saddlery.records.logs.columns import LONGEST, listed
from saddlery.records.logs.series import Log, Series
from saddlery.text.arguments import plain

BEGUN = 3.0  # losses that are larger at their first records are of another scale than the study's


def of_log(log: Log) -> FromRecords:
    """What a log says.

    >>> steps = np.arange(0, 5000, 50)
    >>> loss = Series(steps, np.where(steps < 4000, 0.7, np.nan))
    >>> print(of_log(Log("losses.csv", "", {"generator_loss": loss}, {}, "steps", ())).verdict.because)
    the generator's loss is not finite from step 4,000 on, its last 20 records
    """
    unit = {"steps": "step", "rows": "row"}.get(log.counted, log.counted)
    known = facts_of(log.series)
    found = verdict_of_series(log.series, known, unit)
    alarms = alarm_rows(log.series, log.counted)
    rows = [row for name, each in log.series.items() for row in rows_of(name, *each, unit)]
    rows = [*alarms.rang, *rows, *fading(known), *growth(known), *alarms.silent, *alarms.unseen]
    remarks = [*log.remarks, *([ELSEWHERE] if alarms.looked else [])]
    return FromRecords(_heading(log, unit), found, rows, remarks, cannot_say({*log.series}), *reasons(found, known))


def alarm_rows(series: Mapping[str, Series], by: str = "steps") -> AlarmRows:
    """The rows of the alarms that can be made of a log: since when each rang, that it did not, or why it was not asked.

    Each was measured on records `EVERY` steps apart, so that of records closer together only some are looked at, and of
    those farther apart none; and those of losses on losses of a size, so that a log on another scale rings none.
    """
    found = AlarmRows([], [], [])
    for code, alarm in ALARMS.items():
        needs = SIGNALS[alarm.signal].needs
        if not all(need in series for need in needs):
            continue
        held = dataset({need: series[need] for need in needs}).dropna("step", how="all")
        why = _unlike(alarm, held, by)
        if why:
            found.unseen.append(Row(f"alarm {code}", "not looked at", f"{alarm.words}: {why}"))
            continue
        held = held.isel(step=slice(None, None, max(1, round(EVERY / apart(held["step"].values)))))
        made = signals({str(name): each.values for name, each in held.data_vars.items()})
        rang = ringing(made, held["step"].values, {code: alarm})
        found.rang.extend(map(alarm_row, rang))
        found.silent.extend([] if rang else [silent_row(alarm)])
    return found


def _unlike(alarm: Alarm, held: xr.Dataset, by: str) -> str:
    """Why a log is unlike the records on which an alarm was measured; empty where it is not."""
    steps = held["step"].values
    if by != "steps":
        return f"its records are counted by {plural(plain(by, LONGEST))}, the study's by steps"
    if not len(steps) or steps[-1] < FROM:
        return f"none rings before step {FROM}"
    between = apart(steps) if len(steps) > 1 else np.inf
    if between > EVERY * SPACING:
        return f"records are {number(between)} steps apart, {EVERY} in the study forecast"
    begun = max(_begun(each.values) for each in held.data_vars.values())
    if SIGNALS[alarm.signal].kind == "losses" and begun > BEGUN:
        return f"its size is {number(begun)} at first, less than {number(BEGUN)} in the study forecast"
    return ""


def _begun(values: np.ndarray) -> float:
    """The size of the first finite numbers."""
    return float(np.median(np.abs(values[np.isfinite(values)][:FIRST]))) if np.isfinite(values).any() else 0.0


def _heading(log: Log, unit: str) -> list[str]:
    """What was read: how many records of what, from where to where, and which columns were taken for what."""
    longest = max((each.steps for each in log.series.values()), key=len)
    first, last = (
        min(each.steps[0] for each in log.series.values()),
        max(each.steps[-1] for each in log.series.values()),
    )
    of = f"{log.path}, run {log.run}" if log.run else log.path
    extent = f"{plural(unit)} {first:,} to {last:,}" if last > first else f"{unit} {first:,}"
    between = f", {number(apart(longest))} apart" if len(longest) > 1 else ""
    taken = ", ".join(f"{what} from {plain(name, LONGEST)}" for what, name in log.taken.items())
    lines = [f"{of}: {counted(len(longest))}, {extent}{between}", f"Taken: {taken}"]
    return [*lines, f"Ignored: {listed(log.ignored)}"] if log.ignored else lines
