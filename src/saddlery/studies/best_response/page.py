"""The page of the study `best-response`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import number, percent
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.best_response.experiment import DYNAMICS, cost
from saddlery.studies.best_response.figures import along, maps
from saddlery.studies.best_response.findings import successes


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    seeds, rates = dataset.sizes["seed"], len(np.unique(dataset["learning_rate"].values))
    sections = [
        Section(
            f"Runs that succeed, at equal {words}",
            "Each seed at the learning rate at which most of the other half of the seeds succeed; beneath, the exact "
            f"interval of 95% and the rates chosen. {more}",
            table(dataset, gradients),
        )
        for gradients, words, more in (
            (False, "steps of the generator", ""),
            (
                True, "gradients",
                "Each as far as the gradients of the cheapest go. A step of Newton's method counts as a gradient and, "
                "for its Hessian, half as many as there are features.",
            ),
        )
    ]  # fmt: skip
    sections += [
        Section(
            "Along training",
            "The share of seeds that succeed at each record, at the learning rate that is best at the end.",
            pictures=[along(dataset)],
        ),
        Section(
            "How far from optimal",
            "Linear discriminators at the end of training: how much more than the least their loss is on a fresh "
            "batch, medians over all learning rates and seeds; and gradients of a step.",
            gaps(dataset),
        ),
        Section(
            "Two means against linear discriminators",
            "The game of the paper with random features in the place of intervals: bright starts end within 0.1 of the "
            "target. In each title the step size and the share that do, of starts whose means differ.",
            pictures=[maps(dataset)],
        ),
    ]
    extent = (
        f"{len(np.unique(dataset['row'].values))} games and discriminators × {len(DYNAMICS)} dynamics × {rates} "
        f"learning rates × {seeds} seeds, {dataset.attrs['steps']:,} steps of the generator"
    )
    return Content(extent, sections)


def table(dataset: xr.Dataset, gradients: bool) -> Table:
    """The successes: a row for each game and discriminator, a column for each dynamics."""
    found = successes(dataset, gradients)
    rows = []
    for row in dict.fromkeys(row for row, _ in found):
        cells = []
        for column in DYNAMICS:
            if (each := found.get((row, column))) is None:
                cells.append(Cell("–", "not known"))
                continue
            ends = f"{percent(each.share.low)} to {percent(each.share.high)}"
            cells.append(
                Cell(f"{each.succeeded} of {each.of}", f"{ends}; {' or '.join(f'{rate:g}' for rate in each.rates)}")
            )
        rows.append(Row(row, cells))
    return Table([("Game and discriminator", ""), *((column, "") for column in DYNAMICS)], rows)


def gaps(dataset: xr.Dataset) -> Table:
    """How far linear discriminators are from their optimum at the end, and what a step costs."""
    costs, rows = cost(dataset), []
    for row in dict.fromkeys(map(str, dataset["row"].values)):
        cells = []
        for column in DYNAMICS:
            at = np.flatnonzero((dataset["row"].values == row) & (dataset["column"].values == column))
            values = dataset["gap"].isel(setting=at).values
            if not np.isfinite(values).any():
                cells.append(Cell("–"))
                continue
            cells.append(
                Cell(number(float(np.nanmedian(values))), f"{number(float(costs.isel(setting=at).max()))} gradients")
            )
        if any(cell.text != "–" for cell in cells):
            rows.append(Row(row, cells))
    return Table([("Game and discriminator", ""), *((column, "") for column in DYNAMICS)], rows)
