"""The page of the study `pairwise`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import number
from saddlery.plots.style import tint
from saddlery.report.sections import Content, Section
from saddlery.report.sheet import Sheet, sheet
from saddlery.report.tables import Column, table
from saddlery.studies.controls import generators
from saddlery.studies.pairwise.figures import histograms
from saddlery.studies.pairwise.findings import of

COLUMNS = [
    Column("median", "Median distance", "of all pairs"),
    Column("apart", "Apart", "Wasserstein-1 distance to the training images' distances, over their median"),
    Column("support", "Support size", "1 / share of near pairs", lambda value: _bounded(value, "no near pair")),
    Column("support_low", "at least", "lower end of a seed's 95% interval"),
    Column("support_high", "at most", "upper end of a seed's 95% interval", lambda value: _bounded(value, "no bound")),
]


def _bounded(value: float, otherwise: str) -> str:
    """A number as text, or what is said of an infinite one."""
    return otherwise if np.isinf(value) else number(value)


SUPPORT = (
    "1 / the share of near pairs, those that are nearer than all but {share:.1%} of the training images' pairs, so "
    "that these have {real:,.0f}. It estimates 1 / Σp², p being the probability of each image, if near pairs are the "
    "same image and samples are independent. That is the number of different images if all are equally likely, and "
    "less otherwise. `no near pair`: none was found, so that the estimate is infinite and the lower end alone says "
    "something; the upper one has `no bound`. The interval is that of a Poisson count (Garwood, 1936): pairs have "
    "images in common, so of a generator that repeats itself it is too narrow."
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    seeds, pool = dataset.sizes["seed"], dataset.attrs["pool"]
    drawn, common = "fresh held-out images", ""
    if pool:
        count = min(dataset.attrs["number"], pool)
        drawn = f"{count:,} of the {pool:,} images that are not among the training images compared with"
        common = f"; two draws have {number(count**2 / pool)} in common on average, so that its interval is too narrow"
    extent = (
        f"{dataset.sizes['setting']} values of K and three controls, {seeds} seeds each, all pairs of "
        f"{dataset.attrs['number']:,} images."
    )
    tables = [
        Section(
            f"Pairwise distances in {space}",
            "Medians over seeds, beneath them 95% intervals of order statistics from five on. Apart: how far all "
            "distances together have to be moved to become those of the training images (Wasserstein-1), over the "
            "median distance of these. "
            f"Support: {SUPPORT.format(share=dataset.attrs['share'], real=1 / dataset.attrs['share'])}",
            table(of(dataset, str(space)), COLUMNS, first=("Images", "of a generator trained with K, or a control")),
        )
        for space in dataset["space"].values
    ]
    small = (
        "Means over seeds; what is far higher than real images and noise are anywhere, as of a collapse, is cut off."
    )
    small += f" `real`: for each seed {drawn}, drawn anew{common}."
    sections = [Section("Distances of all pairs", small, pictures=[histograms(dataset)]), *tables]
    sections.append(Section("Samples", "The first seed of each.", sheets=samples(dataset)))
    return Content(extent, sections)


def samples(dataset: xr.Dataset) -> list[Sheet]:
    """Sheets of images of every generator and control."""
    shown = generators(dataset)
    return [
        sheet(str(label), shown["made"].isel(setting=i, seed=0).values, color=tint(shown, i))
        for i, label in enumerate(shown["setting"].values)
    ]
