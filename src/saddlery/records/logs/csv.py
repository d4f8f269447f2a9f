"""Logs as CSV: of a loop of one's own, of Lightning, of W&B's charts and histories."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from saddlery.errors import InvalidValue
from saddlery.records.logs.cells import Columns, header_of, lines_of, read_columns
from saddlery.records.logs.columns import LONGEST, chosen, counted_by, listed, place_of_steps, run_of, series_of
from saddlery.records.logs.series import WHOLE, Log, Reading, different, put_together
from saddlery.text.arguments import plain, quoted

BANDS = ("__MIN", "__MAX")  # of W&B's charts
BETWEEN = " - "  # a run's name and a column's, in these
RUNS_OF_OURS = {"setting", "seed", "step"}  # columns of `saddlery export`, and of the logger `csv`
ROWS = "rows"


def read_csv(file: IO[bytes], path: Path, asked: Mapping[str, str], run: str | None = None) -> Log:
    """Read a log in CSV with a header, its cells separated by commas, semicolons or tabs.

    **Arguments:** `file`: open at its beginning; `asked`: names of columns by what they are, as of
    `saddlery.records.logs.columns.chosen`; `run`: which of W&B's runs.

    **Raises:** `ValueError` naming the file for what is no such log, and as `chosen`.
    """
    where = plain(path)
    lines = lines_of(file, where)
    header, separator = header_of(lines, where)
    _require_one(header, where)
    names, of_run = _of_run(header, run, asked, where)
    steps, places = place_of_steps(names, asked, where), chosen(names, asked, where)
    read = sorted({*places.values()} | ({steps} if steps is not None else set()))
    found = read_columns(lines, separator, read, where)
    remarks = _odd(found, [names[i] for i in read])
    at = {what: read.index(i) for what, i in places.items()}
    along = Along(None, []) if steps is None else _steps(found, read.index(steps), [*at.values()], names[steps])
    readings = _readings(found, along.steps, at)
    held = {what: each for what, each in readings.items() if len(each.steps)}
    if not held:
        instead = "".join(f"; {said}" for said in remarks[:1])
        raise InvalidValue(f"{where} holds no numbers in {listed([names[i] for i in places.values()])}{instead}")
    blank = [f"{plain(names[places[what]], LONGEST)} holds no numbers" for what in readings if what not in held]
    used = {} if steps is None or along.steps is None else {"step": steps}
    used |= {what: places[what] for what in held}
    taken = {what: names[i] for what, i in used.items()}
    ignored = tuple(name for i, name in enumerate(header) if i not in used.values() and not _band(name))
    counted = counted_by(taken["step"]) if "step" in taken else ROWS
    remarks += [*along.remarks, *blank, *_ended(held, taken)]
    return put_together(where, of_run, held, taken, counted, ignored, remarks)


def _require_one(header: Sequence[str], where: str) -> None:
    """Refuse tables of several runs, whose rows would be mixed."""
    if {*header} >= RUNS_OF_OURS:
        raise InvalidValue(f"{where} holds runs of Saddlery's; give their folder instead: saddlery diagnose FOLDER")
    if header[:2] == ["Name", "State"] and "step" not in map(str.lower, header):
        raise InvalidValue(f"{where} is a table of runs, a row for each; export a chart, or the history of a run")


def _odd(found: Columns, names: Sequence[str]) -> list[str]:
    """What is said of cells that are no numbers."""
    return [
        f"what is no number in {plain(name, LONGEST)} is left out, such as {quoted(text, 40)}: {count:,} of its cells"
        for name, (count, text) in zip(names, found.odd, strict=True)
        if count
    ]


def _of_run(header: Sequence[str], run: str | None, asked: Mapping[str, str], where: str) -> tuple[list[str], str]:
    """The names of a run's columns without its own, the others as they are; and the run, empty where there is one.

    W&B's charts call a column by its run and its name, `quiet-sun-7 - g_loss`, and add its least and greatest value.

    **Raises:** `ValueError` where there are several runs and none was chosen, and for one that is not there.
    """
    if run is None and any(name in header for name in asked.values()):
        return list(header), ""
    parts = [("", "") if _band(name) else name.rpartition(BETWEEN)[::2] for name in header]
    known = {*asked.values()}
    runs = list(dict.fromkeys(of for of, name in parts if of and (run or series_of(name) or name in known)))
    of_run = run_of(runs, run, where)
    own = [name if of == of_run and of else each for (of, name), each in zip(parts, header, strict=True)]
    return own, of_run


def _band(name: str) -> bool:
    return name.endswith(BANDS)


class Along(NamedTuple):
    """The steps of rows, −1 where there is none; `None` where they do not serve; and what is to be said of them."""

    steps: np.ndarray | None
    remarks: list[str]


def _steps(found: Columns, place: int, others: Sequence[int], name: str) -> Along:
    """The steps of rows by their column.

    It does not serve where most numbers are of a step that is there before, as of a count that begins anew in each
    epoch.
    """
    at, called = found.values[place], plain(name, LONGEST)
    with np.errstate(invalid="ignore"):
        whole = found.known[place] & (at == np.floor(at)) & (at >= 0) & (at < WHOLE)
    if not whole.any():
        return Along(None, [f"{called} holds no whole numbers, and rows are counted instead"])
    steps = np.where(whole, at, -1).astype(np.int64)
    of_values = [found.known[i] & whole for i in others]
    if any(2 * different(steps[each]) < each.sum() for each in of_values):
        return Along(None, [f"most rows have a {called} that is there before, and are counted instead"])
    left = int((~whole & np.logical_or.reduce([found.known[i] for i in others])).sum())
    return Along(steps, [f"{left:,} rows without a whole {called} were left out"] if left else [])


def _readings(found: Columns, steps: np.ndarray | None, places: Mapping[str, int]) -> dict[str, Reading]:
    """What was read of each column, along steps, or along rows where these are `None`."""
    steps = np.arange(found.values.shape[1]) if steps is None else steps
    kept = {what: found.known[i] & (steps >= 0) for what, i in places.items()}
    return {what: Reading(steps[each], found.values[places[what]][each]) for what, each in kept.items()}


def _ended(readings: Mapping[str, Reading], taken: Mapping[str, str]) -> list[str]:
    """What is said of columns that end before others: where programs leave NaN blank, they may have become that."""
    ends = {what: int(each.steps.max()) for what, each in readings.items() if len(each.steps)}
    last = max(ends.values(), default=0)
    found = []
    for what, end in ends.items():
        steps = np.sort(readings[what].steps)
        apart = float(np.median(np.diff(steps))) if len(steps) > 1 else last - end
        if last - end > 3 * apart:
            name = plain(taken[what], LONGEST)
            found.append(f"{name} is blank after step {end:,}, others go on to {last:,}: some programs write NaN so")
    return found
