"""Series of a log: numbers along rising steps, and the log as it was read, with what is to be said of its reading."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

WHOLE = 2.0**53  # up to which numbers with a point are whole


class Series(NamedTuple):
    """A series: steps, rising, and the number that was logged at each, which may be no finite one."""

    steps: np.ndarray
    values: np.ndarray


class Reading(NamedTuple):
    """What was read of one column, in the order in which it was written.

    - `steps`, `values`: of each cell that holds a number; without a column of steps the rows' numbers.
    """

    steps: np.ndarray
    values: np.ndarray


class Log(NamedTuple):
    """A log as it was read.

    - `path`: the file or folder; `run`: which of several runs in it, empty where there is one.
    - `series`: by what they are, of `saddlery.records.logs.columns.SERIES`; `taken`: the columns that they were, with
      the one that counts `"step"`, by the same names.
    - `counted`: what the steps are: `"steps"`, `"rows"`, or the column's name where it counts something else.
    - `ignored`: the other columns. `remarks`: what is to be said of how it was read.
    """

    path: str
    run: str
    series: dict[str, Series]
    taken: dict[str, str]
    counted: str
    ignored: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def ordered(found: Reading) -> tuple[Series, int]:
    """A reading in the order of its steps, the last of each; and how many were replaced by a later one.

    >>> series, replaced = ordered(Reading(np.array([0, 10, 20, 10]), np.array([1.0, 2.0, 3.0, 4.0])))
    >>> series.steps.tolist(), series.values.tolist(), replaced
    ([0, 10, 20], [1.0, 4.0, 3.0], 1)
    """
    if len(found.steps) < 2 or (np.diff(found.steps) > 0).all():
        return Series(found.steps, found.values), 0
    order = np.argsort(found.steps, kind="stable")
    steps, values = found.steps[order], found.values[order]
    last = np.append(steps[1:] != steps[:-1], True)
    return Series(steps[last], values[last]), int(len(steps) - last.sum())


def different(steps: np.ndarray) -> int:
    """How many different steps there are.

    >>> different(np.array([0, 10, 0, 20]))
    3
    """
    steps = np.sort(steps)  # of what is in order as quick as looking, as no hash is
    return int((np.diff(steps) > 0).sum()) + 1 if len(steps) else 0


def common(series: Iterable[Series]) -> np.ndarray:
    """The steps of several series, each once, rising.

    >>> common([Series(np.array([0, 2]), np.zeros(2)), Series(np.array([1, 2]), np.zeros(2))]).tolist()
    [0, 1, 2]
    """
    found = [each.steps for each in series]
    if all(np.array_equal(each, found[0]) for each in found[1:]):
        return found[0] if found else np.zeros(0, np.int64)
    steps = np.sort(np.concatenate(found))
    return steps[np.append(True, np.diff(steps) > 0)]


def put_together(
    path: str, run: str, readings: dict[str, Reading], taken: dict[str, str], counted: str, ignored: tuple[str, ...],
    remarks: list[str],
) -> Log:  # fmt: skip
    """A log from what was read, with what is to be said of steps that are there several times or go back."""
    made = {what: ordered(each) for what, each in readings.items()}
    series = {what: each for what, (each, _) in made.items()}
    replaced = max((count for _, count in made.values()), default=0)
    if replaced:
        longest = max(readings.values(), key=lambda each: len(each.steps))
        said = f"{replaced:,} steps are there more than once, as of a run that was resumed: the last was taken"
        if (end := longest.steps[-1]) < (most := longest.steps.max()):
            said += f"; what was written last is of step {end:,}, and those from there to {most:,} are of before"
        remarks = [*remarks, said]
    return Log(path, run, series, taken, counted, ignored, tuple(remarks))
