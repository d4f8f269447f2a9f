"""The page of the study `first-order`."""

import xarray as xr

from saddlery.analysis.intervals import share
from saddlery.analysis.numbers import exact, percent
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.first_order.figures import distances, each_setting, gallery, maps
from saddlery.studies.first_order.findings import apart


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    attrs = dataset.attrs
    extent = (
        f"{attrs['side']} × {attrs['side']} starting means, {attrs['intervals']} starting intervals for each, "
        f"{attrs['steps']:,} steps of size {attrs['h']}."
    )
    equal, starts = int((~apart(dataset)).sum()), attrs["side"] ** 2
    note = (
        "A generator moves the means of two Gaussians towards a target of "
        f"({', '.join(map(str, attrs['target']))}); a discriminator moves the ends of two intervals (Li, Madry, "
        "Peebles, Schmidt, 2018). `optimal`: the discriminator takes the best intervals there are at every step. "
        "First-order: it takes k gradient steps to each of the generator's, which answers the intervals before these "
        "steps, `simultaneous`, or those after them, `alternating`. Both are here, since a gradient step of each "
        "player can be read either way. `unrolled`: the generator descends through K steps ahead, of which the "
        "discriminator takes one. `unrolled, first term`: the same without the gradient's second term, which is how "
        "these steps react to the generator; with K = 1 it is `alternating(k=1)`."
    )
    judged = (
        f"Of the starts whose two means differ, {starts - equal} of {starts}; the other {equal}, of measure zero, are "
        "in the maps alone. Intervals of 95% are Clopper and Pearson's, as if each start had been drawn by itself; of "
        "starts on a grid they are, if anything, too wide."
    )
    criteria = list(zip(map(str, dataset["outcome"].values), map(str, dataset["criterion"].values), strict=True))
    reading = (
        "The signed measure: the discriminator is −1 between r and l, and where intervals overlap their values add up."
    )
    sections = [
        Section(
            "From which starts the target is reached",
            "Rings: the target and its swap. Each cell is a pair of starting means, its colour the share of starting "
            "intervals from which the run ends within 0.1 of the target, on one scale. Above each the share of all "
            f"runs whose starting means differ; the diagonal, {equal} of {starts} cells, does not count.",
            pictures=[maps(dataset)],
        ),
        Section(
            "Distance to the target along training",
            "Line: median over all runs whose starting means differ. Band: their middle half.",
            pictures=[distances(dataset)],
        ),
        Section("Share that succeeds at each step size", _sweep_words(dataset), sweep(dataset)),
        Section(
            "Example runs of each outcome",
            "Runs are classified by the criteria below. Of those with an outcome and the fewest others, the one shown "
            "has the median of the total variation averaged along training.",
            pictures=[gallery(dataset)],
        ),
        Section(
            "Share of runs with each outcome",
            f"{judged} Outcomes do not exclude one another: means that have merged may still oscillate.",
            outcomes(dataset, criteria),
        ),
        Section(
            "Criteria of the outcomes",
            pairs=[
                *((name.capitalize(), f"{text[0].upper()}{text[1:]}.") for name, text in criteria),
                ("Reading of l > r", reading),
            ],
        ),
    ]
    return Content(extent, sections, note)


def _sweep_words(dataset: xr.Dataset) -> str:
    """How to read the table of step sizes."""
    time = dataset.attrs["steps"] * dataset.attrs["h"]
    return (
        "Runs that end within 0.1 of the target, both players at step size h, beneath them exact intervals of 95%, all "
        f"trained for as long: the number of steps times h is {exact(time)}. Of each starting means that differ "
        f"{dataset.attrs['swept']} starting intervals are run (for `optimal` one, since it forgets its own)."
    )


def sweep(dataset: xr.Dataset) -> Table:
    """The table of step sizes: how many runs of each setting succeed."""
    rows = [
        Row(
            str(each["setting"].values),
            [_share(*pair) for pair in zip(each["swept_succeeded"].values, each["swept_runs"].values, strict=True)],
        )
        for each in each_setting(dataset)
    ]
    return Table([("Discriminator", ""), *((f"h = {h:g}", "") for h in dataset["rate"].values)], rows, kind="")


def _share(succeeded: int, runs: int) -> Cell:
    """A share with its interval."""
    found = share(int(succeeded), int(runs))
    return Cell(percent(found.middle), f"{percent(found.low)} to {percent(found.high)}, n = {int(runs):,}")


def outcomes(dataset: xr.Dataset, criteria: list[tuple[str, str]]) -> Table:
    """The table of outcomes: how often each was found, with intervals."""
    rows = []
    for each in each_setting(dataset):
        runs = int(each["runs"])
        counts = [round(float(value) * runs) for value in (*each["share"].values, each["none"])]
        rows.append(Row(str(each["setting"].values), [_share(n, runs) for n in (int(each["succeeded"]), *counts)]))
    heads = [("Discriminator", ""), ("Ends within 0.1", "")]
    heads += [(name.capitalize(), criterion) for name, criterion in criteria]
    return Table([*heads, ("None of these", "")], rows, kind="")
