"""The page of the study `first-order`."""

import xarray as xr

from saddlery.analysis.numbers import percent
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.first_order.figures import distances, each_setting, gallery, maps


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    attrs = dataset.attrs
    extent = (
        f"{attrs['side']} × {attrs['side']} starting means, {attrs['intervals']} starting intervals for each, "
        f"{attrs['steps']:,} steps of size {attrs['rate']}."
    )
    note = (
        "A generator moves the means of two Gaussians towards a target of "
        f"({', '.join(map(str, attrs['target']))}); a discriminator moves the ends of two intervals (Li, Madry, "
        "Peebles, Schmidt, 2018). An optimal discriminator takes the best intervals there are at every step. A "
        "first-order one takes k gradient steps to each of the generator's; an unrolled one lets the generator see K "
        "of its steps ahead."
    )
    criteria = list(zip(map(str, dataset["outcome"].values), map(str, dataset["criterion"].values), strict=True))
    reading = (
        "The signed measure: the discriminator is −1 between r and l, and where intervals overlap their values add up."
    )
    sections = [
        Section(
            "From which starts the target is reached",
            "Rings: the target and its swap. Each cell is a pair of starting means, its colour the share of starting "
            "intervals from which the run ends within 0.1 of the target.",
            pictures=[maps(dataset)],
        ),
        Section(
            "Distance to the target along training",
            "Line: median over all runs. Band: their middle half.",
            pictures=[distances(dataset)],
        ),
        Section(
            "Example runs of each outcome",
            "Runs are classified by the criteria below. Of those with an outcome and the fewest others, the one shown "
            "has the median of the total variation averaged along training.",
            pictures=[gallery(dataset)],
        ),
        Section(
            "Share of runs with each outcome",
            "Shares of all runs. Outcomes do not exclude one another: means that have merged may still oscillate.",
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


def outcomes(dataset: xr.Dataset, criteria: list[tuple[str, str]]) -> Table:
    """The table of outcomes: how often each was found."""
    rows = [
        Row(
            str(each["setting"].values),
            [Cell(percent(float(share))) for share in (each["within"].mean(), *each["share"].values, each["none"])],
        )
        for each in each_setting(dataset)
    ]
    heads = [("Discriminator", ""), ("Ends within 0.1", "")]
    heads += [(name.capitalize(), criterion) for name, criterion in criteria]
    return Table([*heads, ("None of these", "")], rows, kind="")
