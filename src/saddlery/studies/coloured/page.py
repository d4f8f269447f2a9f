"""The page of the study `coloured`."""

import xarray as xr

from saddlery.analysis.numbers import number, percent
from saddlery.report.sections import Content, Section
from saddlery.report.sheet import sheets
from saddlery.report.tables import Column, controls, legend, perfect, table
from saddlery.studies.coloured.experiment import BINS
from saddlery.studies.coloured.figures import plane
from saddlery.studies.depth_figures import depths, extent

COLUMNS = (
    Column("js", "Divergence of colours", "Jensen–Shannon, in nats, at most log 2", number, "geometric mean"),
    Column("cells", "Colours found", f"of the {BINS**3} cubes of colours, with at least one sample", number),
    Column("spread", "Spread", "standard deviation of the colours as a share of the data's", percent),
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    sections = [
        compared(dataset),
        Section(
            "Measures of colours against unrolling steps K",
            f"{legend(COLUMNS)} Dashed: a perfect sampler.",
            pictures=[depths(dataset, COLUMNS)],
        ),
        Section(
            "Colours of generated samples",
            "Colours of samples, all seeds together, in the plane of red and green; the data fills the square evenly.",
            pictures=[plane(dataset)],
        ),
        Section("Samples", "Each setting's seed of median divergence, at the last step.", sheets=sheets(dataset, "js")),
    ]
    return Content(extent(dataset), sections)


def compared(dataset: xr.Dataset) -> Section:
    """The table of settings, a perfect sampler and the controls."""
    return Section(
        "Divergence, coverage and spread of colours",
        f"{legend(COLUMNS)} Of {dataset.attrs['samples_found']:,} samples against as many real ones. An image's colour "
        "is that of its brightest pixel. A perfect sampler's divergence is not zero, as histograms of samples differ. "
        "Controls: real images, one image repeated, and an untrained generator.",
        table(dataset, COLUMNS, {"perfect sampler": perfect(dataset, COLUMNS)} | controls(dataset, COLUMNS)),
    )
