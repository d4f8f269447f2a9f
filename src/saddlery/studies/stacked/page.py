"""The page of the study `stacked`."""

from collections.abc import Sequence
from typing import Any

import xarray as xr

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.sections import Cell, Content, Section, Table
from saddlery.report.sheet import sheets
from saddlery.report.tables import Column, controls, legend, perfect, table
from saddlery.studies.depth_figures import depths, extent
from saddlery.studies.stacked.experiment import PUBLISHED, RECORDED, SURE
from saddlery.studies.stacked.figures import along, evenness


def found(value: float) -> str:
    """A number of modes as text, four digits of it."""
    return f"{value:,.4g}"


def probability(value: float) -> str:
    """A probability as text, the smallest as less than something."""
    return "<1e-6" if value < 1e-6 else f"{value:.2g}"


COLUMNS = (
    Column("found", "Modes found", "of 1,000, with at least one sample", found),
    Column("model_kl", "KL(model‖uniform)", "of the histogram over modes, in nats", number, "geometric mean"),
    Column("data_kl", "KL(uniform‖model)", "in nats; infinite as soon as one mode is missed", number),
    Column("variation", "Total variation", "to the uniform histogram, 0 to 1", number, "geometric mean"),
    Column("chi", "Chi-square", "Pearson's, of 999 degrees of freedom", number),
    Column("p", "p", "the probability of so large a chi-square under equal probabilities", probability),
    Column("sure", "Sure", f"digits of which the classifier is sure with more than {SURE:.0%}", percent),
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    samples = dataset.attrs["samples_found"]
    published = {name: {at: each[i] for at, each in PUBLISHED.items()} for i, name in enumerate(("found", "model_kl"))}
    sections = [
        Section(
            "Modes found and divergences",
            f"{legend(COLUMNS)} All of {samples:,} samples, counted "
            f"by a classifier that is right about {percent(dataset.attrs['accuracy'])} of held-out digits. KL is "
            "that of the model's histogram from the uniform one, which stays finite where modes are missed; so is "
            "the published one. Published figures are of MNIST (Metz et al., 2017, table 1). A perfect sampler's row "
            "holds its expectation, beneath it the interval of 95%. Controls: an untrained generator shows how many "
            "classes the classifier finds in what are no digits, so that modes count only beside the last column.",
            compared(dataset),
        ),
        Section(
            "Modes found against unrolling steps K",
            f"{legend(COLUMNS[:2])} Dotted, hollow: published, on MNIST. Dashed: a perfect sampler.",
            pictures=[depths(dataset, COLUMNS[:2], published)],
        ),
        Section(
            "Modes found along training",
            f"Modes among {RECORDED:,} samples: medians over seeds; bands from the least to the greatest. What is "
            "found for a while can be lost again.",
            pictures=[along(dataset)],
        ),
        Section(
            "Frequency of each mode",
            "Shares of the modes, from each seed's most frequent one, mean over seeds. A sampler that "
            "gives every mode the same probability draws the black line.",
            pictures=[evenness(dataset)],
        ),
        Section(
            "Samples",
            "Each setting's seed of median modes found, at the last step.",
            sheets=sheets(dataset, "found"),
        ),
    ]
    return Content(extent(dataset, ", and a relativistic baseline"), sections)


def compared(dataset: xr.Dataset) -> Table:
    """The table of settings with published figures beside their own, a perfect sampler and the controls."""
    references = {"perfect sampler": perfect(dataset, COLUMNS)} | controls(dataset, COLUMNS)
    made = table(dataset, COLUMNS, references)
    rows = []
    for row in made.rows:
        cells = row.cells
        if row.label == "perfect sampler":
            ends = [dataset.attrs.get(f"interval_{each.name}") for each in COLUMNS]
            cells = [
                Cell(cell.text, " to ".join(each.text(end) for end in pair) if pair is not None else "")
                for cell, pair, each in zip(cells, ends, COLUMNS, strict=True)
            ]
        rows.append(row._replace(cells=_beside(cells, [Cell(each) for each in _published(dataset, row.label)])))
    published = [("published", f"{head}, on MNIST: the paper's table 1") for head in ("modes found", "KL")]
    return Table([made.heads[0], *_beside(made.heads[1:], published)], rows)


def _beside(cells: Sequence[Any], published: Sequence[Any]) -> list[Any]:
    """The columns of modes and KL, each with the published one after it, then the others."""
    return [cells[0], published[0], cells[1], published[1], *cells[2:]]


def _published(dataset: xr.Dataset, label: str) -> tuple[str, str]:
    """The paper's figures for a row."""
    if label not in dataset["setting"].values:
        return "", ""
    at = dataset.sel(setting=label)
    known = PUBLISHED.get((float(at["fraction"]), float(at["depth"])))
    return (exact(known[0]), exact(known[1])) if known else ("", "")
