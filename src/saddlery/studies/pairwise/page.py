"""The page of the study of pairwise distances."""

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import told
from saddlery.report.sections import Content, Section
from saddlery.report.sheet import Sheet, sheet
from saddlery.report.style import GREY, INK, Picture, canvas, dress, render
from saddlery.report.tables import Column, table
from saddlery.studies.pairwise.findings import of

DASHED = {"real": (INK, "-"), "noise": (GREY, (0, (4, 2))), "untrained": (GREY, (0, (1, 1.2)))}
RISING = ("#9fd8c3", "#4db894", "#009e73", "#00563f")  # of K
COLUMNS = [
    Column("median", "Median distance", "of all pairs"),
    Column("apart", "Apart", "Wasserstein-1 distance to the training images' distances, over their median"),
    Column("support", "Support size", "different images, by the birthday paradox"),
    Column("support_low", "at least", "lower end of its 95% interval"),
    Column("support_high", "at most", "upper end of its 95% interval"),
]


def content(dataset: xr.Dataset) -> Content:
    """What the page shows."""
    extent = (
        f"{dataset.sizes['setting']} values of K and three controls, {dataset.sizes['seed']} seeds each, all pairs of "
        f"{dataset.attrs['number']:,} images."
    )
    tables = [
        Section(
            f"In {space}",
            "Medians over seeds, beneath them bootstrap intervals of 95%. Apart: how far all distances together have "
            "to be moved to become those of the training images (Wasserstein-1), over the median distance of these. "
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


def histograms(dataset: xr.Dataset) -> Picture:
    """The distributions of distances, a panel for each space, means over seeds."""
    figure = canvas(9.6, 3.6, layout="constrained")
    panels = figure.subplots(1, dataset.sizes["space"], squeeze=False)[0]
    rising = iter(RISING * 2)
    look = {str(name): (next(rising), "-") for name in dataset["setting"].values} | DASHED
    for panel, space in zip(panels, dataset["space"].values, strict=True):
        axes, alone = dress(panel), of(dataset, str(space))
        edges = dataset["edges"].sel(space=space).values
        for label, (tint, stroke) in look.items():
            shares = alone["histogram"].sel(setting=label).mean("seed").values
            axes.stairs(
                shares / np.diff(edges), edges, color=tint, ls=stroke, lw=2 if label == "real" else 1.3, label=label
            )
        ordinary = alone["histogram"].sel(setting=["real", "noise"]).mean("seed").values / np.diff(edges)
        axes.set_ylim(0, 1.6 * ordinary.max())
        axes.set_title(f"in {space}", fontsize=9.5, weight="bold", color=INK, loc="left")
        axes.set_xlabel("distance of a pair", fontsize=8, color=INK)
        axes.set_ylabel("density", fontsize=8, color=INK)
    panels[-1].legend(fontsize=7.5, frameon=False)
    words = "; ".join(
        f"{space}: " + ", ".join(f"{name} {told(of(dataset, str(space))['median'].sel(setting=name))}" for name in look)
        for space in dataset["space"].values
    )
    return render(figure, "histograms", f"Histograms of the distances of all pairs; medians in {words}.")


def samples(dataset: xr.Dataset) -> list[Sheet]:
    """Images of every generator and control."""
    return [
        sheet(str(label), dataset["made"].sel(generator=label).isel(seed=0).values)
        for label in dataset["generator"].values
    ]
