"""Methods crossed with losses or networks, each at its best learning rate: tables, maps and findings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis import comparison, facts
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.analysis.numbers import exact, number, percent
from saddlery.plots.heat import heat
from saddlery.plots.picture import Picture
from saddlery.plots.style import colour
from saddlery.report.finding import Finding
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.report.sheet import Sheet, median_seed, sheet
from saddlery.report.tables import bare

DISTANCE = MEASURES["sliced_wasserstein"]
FRECHET, COVERAGE = MEASURES["frechet"], MEASURES["coverage"]
BASELINE = "simultaneous"
LOST = "their distance counts as before training, their scores as they last were"  # of runs that diverged


def best(dataset: xr.Dataset) -> xr.Dataset:
    """The best results: each row, column and seed at the learning rate that the other half of the seeds finds best.

    **Returns:** (`row`, `column`, `seed`) everything that the dataset has for each setting and seed, also along `step`,
    `chosen`, the setting's position, `success`, whether that run works, and (`row`, `column`) `working`, the share of
    learning rates at which at least half of the seeds work; and `ended`, the sliced Wasserstein distance at the end,
    in which a run that diverged counts as it was before training.
    """
    judged = chosen_elsewhere(dataset)
    rows, columns = comparison.named(dataset, "row"), comparison.named(dataset, "column")
    shape, seeds = (len(rows), len(columns)), np.arange(dataset.sizes["seed"])
    places = [[comparison.named(dataset).index(f"{row}, {column}") for column in columns] for row in rows]
    chosen = judged[np.array(places)]
    coordinates = {"row": rows, "column": columns, "seed": dataset["seed"].values}
    variables: dict[str, Any] = {}
    for name, values in dataset.data_vars.items():
        if {"setting", "seed"} <= set(values.dims):
            picked = values.transpose("setting", "seed", ...)
            variables[str(name)] = ("row", "column", *picked.dims[1:]), picked.values[chosen, seeds]
    for name, of in (
        ("success", comparison.success(dataset).isel(step=-1, drop=True)),
        ("ended", comparison.ended(dataset, "sliced_wasserstein")),
    ):
        variables[name] = ("row", "column", "seed"), of.values[chosen, seeds]
    works, rival = comparison.works(dataset).values, dataset["rival"].values
    working = [[works[rival == f"{row}, {column}"].mean() for column in columns] for row in rows]
    variables["chosen"] = ("row", "column", "seed"), chosen
    variables["working"] = ("row", "column"), np.array(working).reshape(shape)
    coordinates["step"] = dataset["step"].values
    methods = dict(zip(dataset["column"].values, dataset["method"].values, strict=True))
    coordinates["method"] = "column", [str(methods[name]) for name in columns]
    shared = {name: facts.shared(dataset, name) for name in map(str, dataset.data_vars) if name.startswith("perfect_")}
    return xr.Dataset(variables, coordinates, attrs=dataset.attrs | shared)


def chosen_elsewhere(dataset: xr.Dataset) -> np.ndarray:
    """The position of each rival's setting for each seed, `(rival, seed)`: the best on the other half of the seeds.

    Seeds at even places are one half, those at odd places the other; a single seed is judged by itself. Since each seed
    both chooses and judges, what seeds come to is not independent, and no test is made of it.
    """
    count = dataset.sizes["seed"]
    chosen = np.empty((len(comparison.named(dataset)), count), int)
    for half in (0, 1):
        others = np.flatnonzero(np.arange(count) % 2 != half) if count > 1 else np.array([0])
        chosen[:, half::2] = np.array(list(comparison.best(dataset, others).values()))[:, None]
    return chosen


def score(found: xr.Dataset, measure: Measure) -> xr.DataArray:
    """The value of a measure at the end of training, (`row`, `column`, `seed`)."""
    return found["ended" if measure is DISTANCE else measure.name]


def map_of(found: xr.Dataset, measure: Measure, what: str) -> Picture:
    """A heat map of medians over seeds; framed where at least half of the seeds work."""
    values = score(found, measure).median("seed").values
    marked = (found["success"].mean("seed") >= 0.5).values
    rows, columns = ([str(name) for name in found[axis].values] for axis in ("row", "column"))
    name = measure.name.replace("_", "-")
    when = f"by {what} and method, each at its best learning rate"
    return heat(rows, columns, values, measure, "method", name=name, when=when, width=1.15, marked=marked)


def table(found: xr.Dataset, measure: Measure, what: str) -> Table:
    """A table with a row for each row, a cell for each method, and a perfect sampler's value."""
    values = score(found, measure)
    rows = [
        Row(
            str(row),
            [bare(values.sel(row=row, column=column), measure.text) for column in found["column"].values],
        )
        for row in found["row"].values
    ]
    if perfect := facts.distinct(found, f"perfect_{measure.name}"):
        rows.append(Row("real images", [Cell(measure.text(perfect[0]))] * found.sizes["column"], reference=True))
    return Table([(what, ""), *((str(name), "") for name in found["column"].values)], rows)


def rates(dataset: xr.Dataset, found: xr.Dataset, what: str) -> Table:
    """A table of learning rates: for each row and method the share that work, and which was chosen."""
    rows = []
    for row in found["row"].values:
        cells = []
        for column in found["column"].values:
            at = found.sel(row=row, column=column)
            chosen = sorted({f"{rate:g}" for rate in dataset["learning_rate"].values[at["chosen"].values]}, key=float)
            tried = int((dataset["rival"].values == f"{row}, {column}").sum())
            cells.append(Cell(f"{round(float(at['working']) * tried)} of {tried}", f"best {' or '.join(chosen)}"))
        rows.append(Row(str(row), cells))
    return Table([(what, ""), *((str(name), "") for name in found["column"].values)], rows)


def ratios(found: xr.Dataset, measure: Measure = DISTANCE) -> xr.DataArray:
    """The ratio of each method's value to simultaneous descent's, seed by seed, (`row`, `column`, `seed`)."""
    values = score(found, measure)
    return values / values.sel(column=BASELINE, drop=True)


def averaged(ratio: xr.DataArray) -> xr.DataArray:
    """The geometric mean of ratios over the rows."""
    logarithm = ratio.copy(data=np.log(ratio.values)).mean("row")
    return logarithm.copy(data=np.exp(logarithm.values))


UNTESTED = "No test was made: each seed both chooses learning rates and judges"


def helped(found: xr.Dataset) -> Table:
    """The table of each method's ratios to simultaneous descent: their mean over rows, and how many rows it helps."""
    ratio = ratios(found).median("seed")
    mean = averaged(ratios(found)).median("seed")
    rows = []
    for name in (str(name) for name in found["column"].values if name != BASELINE):
        of = ratio.sel(column=name)
        ends = " to ".join(number(float(each)) for each in (of.min(), of.max()))
        cells = [Cell(number(float(mean.sel(column=name)))), Cell(ends), Cell(f"{int((of < 1).sum())} of {of.size}")]
        rows.append(Row(name, cells))
    heads = [
        ("Method", ""),
        ("Ratio", f"of the distance to {BASELINE} descent's, geometric mean over the rows, median over seeds"),
        ("From the best to the worst row", "of the medians over seeds"),
        ("Rows", "whose median is closer than simultaneous descent's"),
    ]
    return Table(heads, rows)


def findings(found: xr.Dataset, what: str) -> list[Finding]:
    """The findings: how many methods come closer on average, how many learning rates work, and who is best."""
    mean = averaged(ratios(found)).median("seed").drop_sel(column=BASELINE)
    closer, closest = int((mean < 1).sum()), mean.idxmin("column").item()
    first = (
        f"By the geometric mean over {len(found['row'])} {what} rows, {closer} of {mean.size} methods come closer to "
        f"the data than {BASELINE} descent; of all methods but that, {closest} comes closest. {UNTESTED}."
    )
    share = found["working"].mean("row")
    close, perfect = found.attrs["close"], facts.distinct(found, "perfect_sliced_wasserstein")[0]
    none = [str(row) for row in found["row"].values if not float(found["working"].sel(row=row).max())]
    most = [str(name) for name in found["column"].values if share.sel(column=name) == share.max()]
    second = (
        f"Settings, {what} and learning rate together, at which at least half of the seeds come within {exact(close)} "
        f"times a perfect sampler's distance ({number(close * perfect)}) are most often those of {', '.join(most)}, "
        f"{percent(float(share.max()))}; the table has all, without an interval."
    )
    second += f" With no method at any learning rate: {', '.join(none)}." if none else ""
    winners = score(found, DISTANCE).median("seed").idxmin("column").values
    wins = {str(name): int((winners == name).sum()) for name in found["column"].values}
    third = ", ".join(f"{name} of {count}" for name, count in wins.items() if count)
    return [
        Finding("Methods", first, "plain", {"closer": closer, "methods": mean.size, "rows": len(found["row"])}),
        Finding(
            "Learning rates that work",
            second,
            "plain",
            {"working": share.values, "close": close, "distance": close * perfect},
        ),
        Finding(
            "The best of each",
            f"By the median distance over seeds, of {len(winners)} rows the best is {third}. {UNTESTED}.",
            "plain",
            {"rows": [len(winners), *wins.values()]},
        ),
    ]


def sheets(found: xr.Dataset, real: np.ndarray | None = None, shown: int = 16) -> list[Sheet]:
    """Sheets of samples of each row and method, of the median seed."""
    made = [] if real is None else [sheet("real", real, "from the data", shown=shown)]
    values = score(found, DISTANCE)
    for row in found["row"].values:
        for column in found["column"].values:
            at = found.sel(row=row, column=column)
            seed = median_seed(values.sel(row=row, column=column).values)
            lost = int(at["diverged_at"].values[seed]) >= 0
            images = at["samples"].isel(seed=seed, step=-1).values
            origin = "diverged" if lost else number(float(values.sel(row=row, column=column).values[seed]))
            images = np.full_like(images, 128) if lost else images
            made.append(sheet(f"{row}, {column}", images, origin, colour(str(at["method"].values)), shown))
    return made


def content(dataset: xr.Dataset, found: xr.Dataset, what: str, whats: str, sections: Sequence[Section] = ()) -> Content:
    """The content of the page of such a study.

    **Arguments:**
    - `dataset`: the study's results; `found`: `best` of them.
    - `what`, `whats`: what a row is, and what rows are, in words.
    - `sections`: shown before the samples.
    """
    rates_tried = sorted(set(dataset["learning_rate"].values.tolist()))
    extent = (
        f"{found.sizes['row']} {whats}, {found.sizes['column']} methods, learning rates "
        f"{', '.join(map(exact, rates_tried))}, {found.sizes['seed']} seeds, {int(dataset['step'].values[-1]):,} steps."
    )
    how = (
        "Each seed at the learning rate that the other half of the seeds finds best; medians over seeds, without "
        "intervals, since each seed both chooses and judges. A run that diverged counts as it"
    )
    heading = what.capitalize()
    real = facts.arrays(dataset, "real")
    return Content(
        extent,
        [
            Section(
                f"{heading} by method",
                "Framed: at least half of the seeds come close to a perfect sampler.",
                pictures=[map_of(found, measure, what) for measure in (DISTANCE, FRECHET)],
            ),
            Section(DISTANCE.title, f"{how} was before training.", table(found, DISTANCE, heading)),
            *(Section(each.title, f"{how} last was.", table(found, each, heading)) for each in (FRECHET, COVERAGE)),
            Section(f"Beside {BASELINE} descent", f"{UNTESTED}.", helped(found)),
            Section("Learning rates that work", "", rates(dataset, found, heading)),
            *sections,
            Section("Samples", sheets=sheets(found, real[0][1] if real else None)),
        ],
    )
