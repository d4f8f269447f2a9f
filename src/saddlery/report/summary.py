"""The summary table of results: a row for each setting, and one for a perfect sampler."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.labels import with_short_labels
from saddlery.analysis.measures import Measure, measured
from saddlery.analysis.numbers import number
from saddlery.analysis.outcome import MEANINGS, Outcome
from saddlery.analysis.outcomes import counted, untrained
from saddlery.analysis.seeds import last
from saddlery.analysis.sweeps import shown
from saddlery.report.sections import Cell

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table

PERFECT, UNTRAINED = "perfect sampler", "untrained generator"
MANY = 200  # settings that all have a row in a terminal
PAGE_ONLY = ("KL divergence", "Total variation")  # too wide for a terminal


def summary_table(dataset: xr.Dataset) -> "DataFrame":
    """The numbers of the summary table: a row for each setting, and for a perfect and an untrained sampler where known.

    **Returns:** a data frame indexed by setting. For each measure of quality (for a game without samples: losses and
    gradient norms), at the last record, the median and
    range over the seeds that have one: `<measure>`, `<measure>_low`, `<measure>_high`; then the counts `collapsed`
    (only for data with modes) and `diverged`, as in `saddlery.analysis.outcomes`, and `seeds`, and `steps_per_second`,
    a median. A perfect sampler's values are expectations for the same number of samples; an untrained generator's are
    those at step 0, the median over all seeds; what does not apply is NaN.
    """
    import pandas as pd

    columns: dict[str, np.ndarray] = {"method": dataset["method"].values.astype(object)}
    for name in (measure.name for measure in tabled(dataset)):
        values = last(dataset, name)
        columns[name] = values.median("seed").values
        columns[f"{name}_low"] = values.min("seed").values
        columns[f"{name}_high"] = values.max("seed").values
    counts, none = counted(dataset), np.zeros(dataset.sizes["setting"], int)
    if "modes" in dataset:
        columns["collapsed"] = counts.get(Outcome.COLLAPSED, none)
    columns["diverged"] = counts.get(Outcome.DIVERGING, none)
    columns["seeds"] = np.full(dataset.sizes["setting"], dataset.sizes["seed"])
    columns["steps_per_second"] = dataset["steps_per_second"].astype(float).median("seed").values
    settings = pd.DataFrame(columns, index=pd.Index(dataset["setting"].values.astype(str), name="setting"))
    known = _references(dataset)
    if not known:
        return settings
    return pd.concat([settings, pd.DataFrame(known.values(), index=pd.Index(list(known), name="setting"))])


def _references(dataset: xr.Dataset) -> dict[str, dict[str, float | str]]:
    """The rows that runs are held against, by their labels: a perfect sampler's, and an untrained generator's."""
    return _perfect(dataset) | _untrained(dataset)


def _untrained(dataset: xr.Dataset) -> dict[str, dict[str, float | str]]:
    """An untrained generator's values, where samples were measured at step 0."""
    names = [measure.name for measure in measured(dataset, "quality")]
    begun = {name: untrained(dataset, name) for name in names}
    values = {name: float(np.median(each)) for name, each in begun.items() if np.isfinite(each).all()}
    return {UNTRAINED: {"method": "", **values}} if values else {}


def _perfect(dataset: xr.Dataset) -> dict[str, dict[str, float | str]]:
    """A perfect sampler's values by the row's label: one row, or one for each game where they differ."""
    names = [measure.name for measure in tabled(dataset)]
    known = {name: facts.along(dataset, f"perfect_{name}").values for name in names}
    rows: dict[tuple[float, ...], list[int]] = {}
    for i in range(dataset.sizes["setting"]):
        rows.setdefault(tuple(np.nan_to_num(values[i], nan=np.inf) for values in known.values()), []).append(i)
    found: dict[str, dict[str, float | str]] = {}
    for settings in rows.values():
        values = {name: float(each[settings[0]]) for name, each in known.items()}
        if np.isfinite(list(values.values())).any():
            game = "".join(str(dataset["setting"].values[settings[0]]).rpartition(" on ")[1:]) if len(rows) > 1 else ""
            found[PERFECT + game] = {"method": "", **values}
    return found


class Column(NamedTuple):
    """A column of the printed table: its head, its explanation, and a cell for each row."""

    head: str
    meaning: str
    cells: list[Cell]


def tabled(dataset: xr.Dataset) -> list[Measure]:
    """The measures of the table: those of quality, or else losses and gradient norms; and those of one's own."""
    return [*(measured(dataset, "quality") or measured(dataset, "training")), *measured(dataset, "own")]


def labels(dataset: xr.Dataset) -> list[str]:
    """The labels of the rows: the settings, and the perfect and the untrained sampler where they are known."""
    return [*map(str, dataset["setting"].values), *_references(dataset)]


def columns(dataset: xr.Dataset) -> list[Column]:
    """The columns of the table as text, a cell for each row of `summary_table`."""
    rows = summary_table(dataset).to_dict("records")
    result = []
    for measure in tabled(dataset):
        meaning = f"{measure.meaning}; median (range) over seeds at the last record"
        result.append(Column(measure.title, meaning, [_spread(row, measure) for row in rows]))
    for name in ("collapsed", "diverged"):
        if name in rows[0]:
            result.append(Column(f"Seeds {name}", EXPLAINED[name], [_count(row, name) for row in rows]))
    rates = [Cell("" if np.isnan(row["steps_per_second"]) else number(row["steps_per_second"])) for row in rows]
    return [*result, Column("Steps per second", EXPLAINED["steps_per_second"], rates)]


EXPLAINED = {
    "collapsed": MEANINGS[Outcome.COLLAPSED],
    "diverged": MEANINGS[Outcome.DIVERGING],
    "steps_per_second": "median over seeds, on the machine that trained",
}


def _spread(row: dict[Any, Any], measure: Measure) -> Cell:
    """A median with its range, which is left out where there is none."""
    median, *ends = (row.get(measure.name + suffix, np.nan) for suffix in ("", "_low", "_high"))
    if np.isnan(median):
        return Cell("–")
    low, high = ("" if np.isnan(end) else measure.text(end) for end in ends)
    dash = " to " if "-" in low + high else "–"
    return Cell(measure.text(median), "" if low == high else f"{low}{dash}{high}")


def _count(row: dict[Any, Any], name: str) -> Cell:
    """How many seeds of how many."""
    count = row[name]
    return Cell("") if np.isnan(count) else Cell(f"{count:.0f} of {row['seeds']:.0f}", tone="bad" if count > 0 else "")


def table(datasets: Sequence[xr.Dataset]) -> "Table":
    """The tables of several experiments, to be printed with `rich`, narrow enough for a terminal.

    Of more than 200 settings only the best of each method has a row.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    stack = Table.grid()
    for whole in datasets:
        some = shown(whole) if whole.sizes["setting"] > MANY else whole
        dataset, names = with_short_labels(some)
        drawn = Table(
            title=escape(title(dataset)), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
        )
        drawn.add_column("Method", overflow="fold")
        parts = [column for column in columns(dataset) if column.head not in PAGE_ONLY]
        for column in parts:
            drawn.add_column(column.head.replace("-", " ").replace(" ", "\n"), justify="right", no_wrap=True)
        for i, label in enumerate(labels(dataset)):
            cells = [_marked(column.cells[i], ranged=column.head == "Modes covered") for column in parts]
            drawn.add_row(escape(label), *cells, style="dim" if label.startswith((PERFECT, UNTRAINED)) else None)
        stack.add_row(drawn)
        if some is not whole:
            count = f"{whole.sizes['setting']:,}"
            stack.add_row(f"The best of each method, of {count} settings. All: saddlery.load(folder).table()")
        for line in names.lines:
            stack.add_row(escape(line))
    return stack


def _marked(cell: Cell, ranged: bool) -> str:
    """A cell in rich's markup."""
    text = f"{cell.text} ({cell.range})" if ranged and cell.range else cell.text
    return f"[red]{text}[/red]" if cell.tone == "bad" else text


def title(dataset: xr.Dataset) -> str:
    """The experiment's title, or its game."""
    return str(dataset.attrs.get("title") or dataset.attrs.get("game") or "experiment")
