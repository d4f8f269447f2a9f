"""The study `pairwise` as one HTML page and its figures."""

import os
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number
from saddlery.report import images
from saddlery.report.images import Column, Section, Sheet, diverged, sheet, table, told
from saddlery.report.style import GREY, INK, Picture, canvas, dress, render
from saddlery.report.words import Finding
from saddlery.studies.controls import generators

DASHED = {"real": (INK, "-"), "noise": (GREY, (0, (4, 2))), "untrained": (GREY, (0, (1, 1.2)))}
RISING = ("#9fd8c3", "#4db894", "#009e73", "#00563f")  # of K


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/pairwise-*`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.pairwise.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
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
    return images.write("pairwise", dataset, folder, extent, findings(dataset), sections)


def size(value: float) -> str:
    """A number of images."""
    return "∞" if np.isinf(value) else number(value)


COLUMNS = [
    Column("median", "Median distance", "of all pairs"),
    Column("apart", "Apart", "Wasserstein-1 distance to the training images' distances, over their median"),
    Column("support", "Support size", "different images, by the birthday paradox", size),
    Column("support_low", "at least", "lower end of its 95% interval", size),
    Column("support_high", "at most", "upper end of its 95% interval", size),
]


def of(dataset: xr.Dataset, space: str) -> xr.Dataset:
    """What was measured in one space, (`setting`, `seed`)."""
    return generators(dataset).sel(space=space).drop_vars("space")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data."""
    return [_closest(dataset), _noise(dataset), _change(dataset), _support(dataset), *diverged(dataset)]


def _closest(dataset: xr.Dataset) -> Finding:
    parts = []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        order = apart["setting"].values[np.argsort(apart.median("seed").values)]
        parts.append(f"in {space} " + ", ".join(f"{name} {told(apart.sel(setting=name))}" for name in order))
    text = f"Distances from those of training images, the nearest first: {'; '.join(parts)}."
    return Finding("Nearest to real images", text, "plain")


def _noise(dataset: xr.Dataset) -> Finding:
    """Whether the control is told from real images."""
    parts, fooled = [], []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"].median("seed")
        noise, real = (float(apart.sel(setting=name)) for name in ("noise", "real"))
        beaten = [str(name) for name in dataset["setting"].values if float(apart.sel(setting=name)) > noise]
        parts.append(
            f"in {space} noise is {number(noise)} apart, other real images {number(real)}, and of the trained "
            f"generators {len(beaten)} of {dataset.sizes['setting']} are further apart than noise"
        )
        fooled += [space] if beaten else []
    end = f" So distances in {' and '.join(fooled)} alone can be matched by nonsense." if fooled else ""
    text = "; ".join(parts)
    return Finding("Noise as a control", f"{text[0].upper()}{text[1:]}.{end}", "bad" if fooled else "good")


def _change(dataset: xr.Dataset) -> Finding:
    """Whether more unrolled steps bring the distances nearer, seed by seed."""
    first, last = (str(dataset["setting"].values[i]) for i in (0, -1))
    parts = []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        change = apart.sel(setting=last).values - apart.sel(setting=first).values
        _, low, high = interval(change)
        word = "nearer" if high < 0 else "further away" if low > 0 else "not clearly nearer or further"
        parts.append(f"in {space} {word} (difference {told(change)})")
    return Finding("Does K help?", f"From {first} to {last} the distances come, {'; '.join(parts)}.", "plain")


def _support(dataset: xr.Dataset) -> Finding:
    parts = []
    for space in dataset["space"].values:
        sizes = of(dataset, str(space))["support"]
        parts.append(
            f"in {space} "
            + ", ".join(f"{name} {told(sizes.sel(setting=name), size)}" for name in sizes["setting"].values)
        )
    return Finding("Different images", f"By the birthday paradox: {'; '.join(parts)}.", "plain")


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
