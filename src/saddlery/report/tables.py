"""Tables with a row for each setting: numbers over seeds with their intervals, beside what they are compared with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import KINDS, Of, ends_text, interval
from saddlery.analysis.numbers import number
from saddlery.plots.style import tint
from saddlery.report.finding import Finding
from saddlery.report.sections import Cell, Row, Table


class Column(NamedTuple):
    """A column of a table: a measure.

    - `name`: the variable (setting, seed), or (setting, seed, step), of which the last record is meant.
    - `head`, `meaning`: what stands above it, and what it is in a line.
    - `text`: from a value to its text.
    - `of`: what stands for the seeds, as of `saddlery.analysis.intervals.interval`; of positive numbers that may differ
      by factors, such as distances, the geometric mean.
    """

    name: str
    head: str
    meaning: str
    text: Callable[[float], str] = number
    of: Of = "median"


def last(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """The last record of a variable (setting, seed, step), or a variable (setting, seed) as it is."""
    values = dataset[name]
    return values.isel(step=-1, drop=True) if "step" in values.dims else values


def cell(values: xr.DataArray | np.ndarray, text: Callable[[float], str] = number, of: Of = "median") -> Cell:
    """A cell with what stands for some seeds, and beneath it the interval and their number."""
    found = interval(values, of)
    if np.isnan(found.middle):
        return Cell("–")
    return Cell(text(found.middle), ends_text(found, int((~np.isnan(np.asarray(values, float))).sum()), text))


def bare(values: xr.DataArray, text: Callable[[float], str] = number) -> Cell:
    """A cell with some seeds' median alone, where they are not independent, so that no interval is of them."""
    return Cell(text(interval(values).middle) if values.notnull().any() else "–")


def legend(columns: Sequence[Column]) -> str:
    """What the numbers of a table are, in words, where some are geometric means and others medians."""
    kinds = dict.fromkeys(each.of for each in columns)
    if len(kinds) == 1:
        return f"Numbers are {KINDS[next(iter(kinds))]}."
    heads = {of: ", ".join(each.head for each in columns if each.of == of) for of in kinds}
    least = min(kinds, key=lambda of: len(heads[of]))
    other = next(of for of in kinds if of != least)
    return f"Of {heads[least]} numbers are {KINDS[least]}, of the others {KINDS[other]}."


def table(
    dataset: xr.Dataset,
    columns: Sequence[Column],
    references: Mapping[str, Mapping[str, Any]] | None = None,
    first: tuple[str, str] = ("Setting", ""),
) -> Table:
    """A table with a row for each setting, numbers over seeds and intervals, and rows of what they are compared with.

    **Arguments:**
    - `dataset`: with what `tint` asks for along `setting`, by which rows are coloured.
    - `references`: by their labels, values or texts by the columns' names; what is missing is left blank.
    - `first`: the head of the first column and its meaning.
    """
    rows = []
    for i, label in enumerate(dataset["setting"].values):
        cells = [cell(last(dataset, each.name).isel(setting=i).values, each.text, each.of) for each in columns]
        rows.append(Row(str(label), cells, tint(dataset, i)))
    for label, values in (references or {}).items():
        cells = [Cell(_text(values[each.name], each.text) if each.name in values else "") for each in columns]
        rows.append(Row(label, cells, reference=True))
    return Table([first, *((each.head, each.meaning) for each in columns)], rows)


def _text(value: Any, text: Callable[[float], str]) -> str:
    return value if isinstance(value, str) else text(float(value))


def perfect(dataset: xr.Dataset, columns: Sequence[Column]) -> dict[str, float]:
    """A perfect sampler's values, those that are known, for a row of the table."""
    held = {each.name: facts.distinct(dataset, f"perfect_{each.name}") for each in columns}
    return {name: values[0] for name, values in held.items() if values}


def controls(dataset: xr.Dataset, columns: Sequence[Column]) -> dict[str, dict[str, float]]:
    """The controls' values for rows of the table, those that the dataset holds along `control` as `control_*`."""
    return {
        str(control): {each.name: float(dataset[f"control_{each.name}"].sel(control=control)) for each in columns}
        for control in dataset["control"].values
    }


def diverged(dataset: xr.Dataset, by: str = "", counted: str = "measured as they last were") -> list[Finding]:
    """A statement of which runs diverged, where any did.

    **Arguments:**
    - `by`: a coordinate along `setting`, whose values are told together; by default each setting alone.
    - `counted`: what they count as in all else that is said.
    """
    lost = (dataset["diverged_at"] >= 0).sum("seed")
    if not lost.any():
        return []
    counts: dict[str, int] = {}
    for label, count in zip(dataset[by or "setting"].values, lost.values, strict=True):
        counts[str(label)] = counts.get(str(label), 0) + int(count)
    parts = [f"{label} {count}" for label, count in counts.items() if count]
    total = lost.size * dataset.sizes["seed"]
    text = f"Of {total} runs: {', '.join(parts)} ({counted})."
    return [Finding("Diverged", text, "bad", {"runs": total, "diverged": list(counts.values())})]
