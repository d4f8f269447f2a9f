"""The page of a fair comparison."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from saddlery.analysis import comparison, tuning
from saddlery.analysis.intervals import Interval, ends_text, interval, share
from saddlery.analysis.measures import Measure
from saddlery.analysis.numbers import change, exact, number, percent
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.fair.costs import BASELINE
from saddlery.studies.fair.figures import along, settings, spread, thresholds, tuned
from saddlery.studies.fair.findings import (
    ALPHA,
    at_edge,
    criterion,
    gaps,
    holding,
    of_rival,
    order,
    ranked,
    results,
)  # fmt: skip
from saddlery.studies.fair.rivals import conditions

TONES = {"hold": "bold", "alone": "soft", "open": "soft"}
BUDGETS: dict[tuning.Budget, str] = {"steps": "steps", "gradients": "gradients", "time": "time"}


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    pairs, names = dataset.sizes["pair"], comparison.named(dataset)
    extent = (
        f"{len(names)} rivals at {len(np.unique(dataset['learning_rate']))} learning rates, "
        f"{dataset.sizes['setting']} settings in all, {dataset.sizes['seed']} seeds of tuning and {pairs} others "
        f"of the test, {dataset.attrs['steps']:,} steps."
    )
    note = (
        f"{conditions(names)} Those with another loss, penalty or network alternate, all others differ in the method. "
        "Each of the seeds of tuning chooses a setting for each rival, by itself, and a fresh seed judges it there: so "
        f"that a rival has {pairs} results which are independent, the luck of its tuning included."
    )
    if any(name.startswith(f"{BASELINE} ") for name in names):
        note = (
            f"All rivals are {BASELINE} descent, each with keys of its own: what is found is found by chance. Each of "
            "the seeds of tuning chooses a setting for each, by itself, and a fresh seed judges it there."
        )
    how = (
        f"A run works when {criterion(dataset)}. A run that diverged counts as it was before training. p: if a rival "
        "and simultaneous descent were as good, swapping their results in a pair of seeds would change nothing; p is "
        "the share of all ways to swap them in which the mean difference is as great (a permutation test by sign "
        f"flips), corrected for {len(names) - 1} differences after Holm (1979): up to {exact(ALPHA)} the difference "
        f"holds, bold here, and the probability that any is said to hold which does not exist is at most "
        f"{percent(ALPHA)}; each measure is tested by itself. Under a rival's median stands an interval of order "
        "statistics, under its share of seeds that work Clopper and Pearson's exact one, under a difference Student's, "
        "each of 95% and for that number alone. * at an end of the learning rates tried. Cost: each rival timed in "
        "turns with simultaneous descent, one stream alone, without an interval; beneath it gradients and Jacobian "
        "products, of which those of one player alone and those of a penalty count as one, and those of a linear solve "
        "are the most that it may take."
    )
    sections = [
        Section(
            "Comparison of methods at their best settings",
            f"Small dots: {pairs} pairs of seeds, of which one tunes and one judges. Large: their median, with an "
            "interval of order statistics. At the right the mean difference with Student's interval, filled and in "
            "colour where it holds after the correction, hollow and grey where it does not.",
            pictures=[spread(dataset)],
        ),
        Section("Table of the comparison", how, table(dataset)),
        Section(
            "Equal tuning",
            f"The best of so many settings, the mean over all subsets of them, chosen on one seed of tuning and scored "
            f"on another, over {dataset.sizes['seed'] // 2} independent pairs. Grey: the other rivals. Whoever may try "
            "more settings is to be compared at as many, or at as much work.",
            table=equal(dataset),
            pictures=[tuned(dataset)],
        ),
        Section(
            "Too slow or unstable",
            "Left: at how many of the learning rates, the mean over a rival's other parameter, at least so many of the "
            "seeds work. Right: runs that work at the end; that worked and no longer do (lost); that have not come "
            "there yet; and that diverged.",
            table=fates(dataset),
            pictures=[thresholds(dataset)],
        ),
        Section(
            "Heat map of all settings",
            "Seeds of tuning. Framed: settings at which at least half of them work.",
            pictures=[settings(dataset)],
        ),
        Section(
            "Curves along training",
            "Seeds of tuning, each rival at the setting that is best by the median of all, the best rival first.",
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
        *((each.title, "median over pairs of seeds at the last record, beneath it its interval") for each in measures),
        ("Seeds", "fresh seeds that work, beneath it the share's interval"),
        ("Best setting", "by the median of all seeds of tuning"),
        *(
            (f"Difference in {each.title.lower()}", f"from {BASELINE}: mean over pairs, its interval, corrected p")
            for each in measures
        ),
        ("Steps until there", f"to the first record with {there}, median over pairs"),
        (
            "Cost of a step",
            "time of a step, simultaneous descent's being 1; beneath it gradients and Jacobian products, at most",
        ),
        ("Time until there", "steps until there, in the time of so many steps of simultaneous descent"),
    ]


def _rows(dataset: xr.Dataset, measures: Sequence[Measure]) -> list[Row]:
    held, chosen = results(dataset), comparison.best(dataset)
    pairs, steps = held.sizes["seed"], held["reached"].median("seed")
    gaps_of = [_differences(held, measure) for measure in measures]
    cost, gradients = of_rival(dataset, "cost"), of_rival(dataset, "gradients")
    rows = []
    for name in order(dataset):
        best = str(dataset["setting"].values[chosen[name]]).partition(", ")[2].replace("learning rate ", "")
        reached, works = float(steps.sel(rival=name)), int(held["success"].sel(rival=name).sum())
        there = np.isfinite(reached)
        cells = [
            *(_median(held[measure.name].sel(rival=name), measure) for measure in measures),
            Cell(f"{works} of {pairs}", ends_text(share(works, pairs), pairs, percent)),
            Cell(f"{best}{'*' if at_edge(dataset, chosen[name]) else ''}"),
            *(each.get(name, Cell("")) for each in gaps_of),
            Cell(f"{reached:,.0f}" if there else "–"),
            Cell(number(cost[name]), number(gradients[name])),
            Cell(number(reached * cost[name]) if there else "–"),
        ]
        rows.append(Row(name, cells))
    return rows


def _median(values: xr.DataArray, measure: Measure) -> Cell:
    found = interval(values)
    return Cell(measure.text(found.middle), ends_text(found, values.size, measure.text))


def _differences(held: xr.Dataset, measure: Measure) -> dict[str, Cell]:
    """Each rival's difference from simultaneous descent, its interval and probability."""
    compared = comparison.compared(held, measure.name, BASELINE)
    cells = {}
    for name, holds in holding(compared).items():
        at = compared.sel(rival=name)
        found = Interval(*(float(at[each]) for each in ("mean", "low", "high")))
        cells[name] = _difference(found, held.sizes["seed"], measure, f", p {number(float(at['probability']))}")
        cells[name] = cells[name]._replace(tone=TONES[holds])
    return cells


def _difference(found: Interval, seeds: int, measure: Measure, more: str = "") -> Cell:
    signed = lambda value: change(value, measure.text)  # noqa: E731
    return Cell(signed(found.middle), ends_text(found, seeds, signed) + more)


def equal(dataset: xr.Dataset) -> Table:
    """The table of the best of as many settings for all: at equal steps, equal gradients and equal time."""
    measure, least, pairs = ranked(dataset)[0], tuning.fewest(dataset), dataset.sizes["seed"] // 2
    names, rivals = comparison.named(dataset), dataset["rival"].values
    columns = {}
    for budget in BUDGETS:
        values = tuning.best_of(dataset, least, budget)
        columns[budget] = values.mean("pair").values, gaps(dataset, least, budget)
    rows = []
    for name in order(dataset):
        at, cells = names.index(name), [Cell(str(int((rivals == name).sum())))]
        for means, apart in columns.values():
            beneath = "" if name == BASELINE else _difference(Interval(*apart[at]), pairs, measure)
            below = f"{beneath.text} ({beneath.range})" if beneath else ""
            cells.append(Cell(measure.text(float(means[at])), below))
        rows.append(Row(name, cells))
    what = f"{measure.title.lower()} at the best of {least} settings"
    heads = [
        (f"Equal {word}", f"{what}; beneath it the mean difference from {BASELINE} and its interval, not tested")
        for word in BUDGETS.values()
    ]
    return Table([("Rival", ""), ("Settings", "that were tried"), *heads], rows)


def fates(dataset: xr.Dataset) -> Table:
    """The table of what became of the runs of tuning, and at how many learning rates half and all of the seeds work."""
    became, rivals = tuning.outcomes(dataset).values, dataset["rival"].values
    rates = len(np.unique(dataset["learning_rate"]))
    shares = {"half of the seeds work": tuning.working(dataset, 0.5), "all seeds work": tuning.working(dataset, 1.0)}
    rows = []
    for name in order(dataset):
        here = rivals == name
        cells = [Cell(_of_values(each.values[here], rates)) for each in shares.values()]
        cells += [
            Cell(f"{(became[here] == code).sum()} of {became[here].size}") for code in range(len(tuning.OUTCOMES))
        ]
        rows.append(Row(name, cells))
    heads = [(f"Rates: {word}", f"of {rates} learning rates; of each value of its parameter") for word in shares]
    return Table([("Rival", ""), *heads, *((word.capitalize(), "runs of tuning") for word in tuning.OUTCOMES)], rows)


def _of_values(works: np.ndarray, rates: int) -> str:
    """How many learning rates work, for each value of a rival's parameter, whose settings follow one another."""
    return f"{', '.join(str(int(each.sum())) for each in works.reshape(-1, rates))} of {rates}"
