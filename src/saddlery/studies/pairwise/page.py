"""The page of the study `pairwise`."""

import xarray as xr

from saddlery.report.sections import Content, Section
from saddlery.report.sheet import Sheet, sheet
from saddlery.report.tables import Column, table
from saddlery.studies.pairwise.figures import histograms
from saddlery.studies.pairwise.findings import of

COLUMNS = [
    Column("median", "Median distance", "of all pairs"),
    Column("apart", "Apart", "Wasserstein-1 distance to the training images' distances, over their median"),
    Column("support", "Support size", "different images, by the birthday paradox"),
    Column("support_low", "at least", "lower end of its 95% interval"),
    Column("support_high", "at most", "upper end of its 95% interval"),
]


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    extent = (
        f"{dataset.sizes['setting']} values of K and three controls, {dataset.sizes['seed']} seeds each, all pairs of "
        f"{dataset.attrs['number']:,} images."
    )
    tables = [
        Section(
            f"Pairwise distances in {space}",
            "Medians over seeds, beneath them 95% intervals of order statistics from five on. Apart: how far all "
            "distances together have to be moved to become those of the training images (Wasserstein-1), over the "
            "median distance of these. "
            f"Support: pairs count as the same image that are closer than all but {dataset.attrs['share']:.1%} of the "
            f"training images' pairs, so that these have {1 / dataset.attrs['share']:,.0f}; infinite where no pair is.",
            table(of(dataset, str(space)), COLUMNS, first=("Images", "of a generator trained with K, or a control")),
        )
        for space in dataset["space"].values
    ]
    small = (
        "Means over seeds; what is far higher than real images and noise are anywhere, as of a collapse, is cut off."
    )
    sections = [Section("Distances of all pairs", small, pictures=[histograms(dataset)]), *tables]
    sections.append(Section("Samples", "The first seed of each.", sheets=samples(dataset)))
    return Content(extent, sections)


def samples(dataset: xr.Dataset) -> list[Sheet]:
    """Sheets of images of every generator and control."""
    return [
        sheet(str(label), dataset["made"].sel(generator=label).isel(seed=0).values)
        for label in dataset["generator"].values
    ]
