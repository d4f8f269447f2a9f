"""The page of a fair comparison."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from saddlery.analysis import comparison
from saddlery.analysis.measures import Measure
from saddlery.analysis.numbers import change, exact, number
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.fair.costs import BASELINE
from saddlery.studies.fair.figures import along, settings, spread
from saddlery.studies.fair.findings import ALPHA, at_edge, criterion, holding, of_rival, order, ranked
from saddlery.studies.fair.rivals import conditions

TONES = {"hold": "bold", "alone": "soft", "open": "soft"}


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    extent = (
        f"{len(comparison.named(dataset))} rivals at {len(np.unique(dataset['learning_rate']))} learning rates, "
        f"{dataset.sizes['setting']} settings in all, {dataset.sizes['seed']} seeds each, "
        f"{dataset.attrs['steps']:,} steps."
    )
    note = (
        f"{conditions(comparison.named(dataset))} Those with another loss, penalty or network alternate, all others "
        "differ in the method. Each seed of a rival is judged at the setting that the other half of the seeds finds "
        "best, so that none is judged by the seeds that chose its setting."
    )
    swaps = 2 ** dataset.sizes["seed"]
    how = (
        f"A run works when {criterion(dataset)}. A run that diverged counts as it was before training. p: if a rival "
        "and simultaneous descent were as good, swapping their results would change nothing; p is, of all "
        f"{swaps:,} ways to swap them in some of the seeds, for all rivals alike, the share in which any rival's "
        "difference is as great, beside its own size over seeds and the median rival's, rivals with greater ones left "
        "out (Westfall and Young, 1993, step down; Tusher, Tibshirani and Chu, 2001). It is at least "
        f"{number(2 / swaps)}; up to {exact(ALPHA)} the difference is said to hold, bold here. Intervals are for each "
        "number alone. * at an end of the learning rates tried. Cost: each rival timed in turns with simultaneous "
        "descent, one stream alone; beneath it gradients and Jacobian products, of which those of one player alone and "
        "those of a penalty count as one, and those of a linear solve are the most that it may take."
    )
    sections = [
        Section(
            "Comparison of methods at their best settings",
            "Small dots: seeds. Large: their mean, with a bootstrap interval of 95%. At the right, filled and in "
            "colour where the difference holds after the correction, hollow and grey where it does not. Rivals have "
            "their seeds' initial networks and batches in common, so differences are taken seed by seed.",
            pictures=[spread(dataset)],
        ),
        Section("Table of the comparison", how, table(dataset)),
        Section(
            "Heat map of all settings",
            "Framed: settings at which at least half of the seeds work.",
            pictures=[settings(dataset)],
        ),
        Section(
            "Curves along training",
            "Each rival at the setting that is best by the median of all seeds, the best rival first.",
            pictures=[along(dataset)],
        ),
    ]
    return Content(extent, sections, note)


def table(dataset: xr.Dataset) -> Table:
    """The table of methods, the best first."""
    return Table(_heads(dataset, ranked(dataset)), _rows(dataset, ranked(dataset)))


def _heads(dataset: xr.Dataset, measures: Sequence[Measure]) -> list[tuple[str, str]]:
    """The columns, and what they mean."""
    there = "all modes covered" if "modes" in dataset else "a run that works"
    return [
        ("Rival", ""),
        *((each.title, "mean over seeds at the last record, beneath it its bootstrap interval") for each in measures),
        ("Seeds", "seeds that work"),
        ("Settings", "settings at which at least half of the seeds work"),
        ("Best setting", "by the median of all seeds"),
        (
            f"Difference from {BASELINE}",
            f"of {measures[0].title.lower()}, mean and interval over seeds of the differences, seed by seed",
        ),
        ("Steps until there", f"to the first record with {there}, median over seeds"),
        (
            "Cost of a step",
            "time of a step, simultaneous descent's being 1; beneath it gradients and Jacobian products, at most",
        ),
        ("Time until there", "steps until there, in the time of so many steps of simultaneous descent"),
    ]


def _rows(dataset: xr.Dataset, measures: Sequence[Measure]) -> list[Row]:
    held, chosen, working = comparison.held_out(dataset), comparison.best(dataset), comparison.works(dataset)
    spreads = [comparison.intervals(held[measure.name]) for measure in measures]
    differences = _differences(dataset, measures[0])
    cost, gradients = of_rival(dataset, "cost"), of_rival(dataset, "gradients")
    steps = held["reached"].median("seed")
    rows = []
    for name in order(dataset):
        here = dataset["rival"].values == name
        best = str(dataset["setting"].values[chosen[name]]).partition(", ")[2].replace("learning rate ", "")
        reached = float(steps.sel(rival=name))
        there = np.isfinite(reached)
        cells = [
            *(
                Cell(measure.text(float(each["mean"].sel(rival=name))), _range(each.sel(rival=name), measure))
                for measure, each in zip(measures, spreads, strict=True)
            ),
            Cell(f"{int(held['success'].sel(rival=name).sum())} of {held.sizes['seed']}"),
            Cell(f"{int(working.values[here].sum())} of {int(here.sum())}"),
            Cell(f"{best}{'*' if at_edge(dataset, chosen[name]) else ''}"),
            differences.get(name, Cell("")),
            Cell(f"{reached:,.0f}" if there else "–"),
            Cell(number(cost[name]), number(gradients[name])),
            Cell(number(reached * cost[name]) if there else "–"),
        ]
        rows.append(Row(name, cells))
    return rows


def _differences(dataset: xr.Dataset, measure: Measure) -> dict[str, Cell]:
    """Each rival's difference from simultaneous descent, its interval and probability."""
    compared = comparison.compared(dataset, measure.name, BASELINE)
    cells = {}
    for name, holds in holding(compared).items():
        at = compared.sel(rival=name)
        mean, low, high = (change(float(at[each]), measure.text) for each in ("mean", "low", "high"))
        cells[name] = Cell(mean, f"{low} to {high}, p {number(float(at['probability']))}", TONES[holds])
    return cells


def _range(at: xr.Dataset, measure: Measure) -> str:
    return f"{measure.text(float(at['low']))}–{measure.text(float(at['high']))}"
