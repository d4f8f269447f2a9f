"""Figures of the colours that generators make."""

import xarray as xr

from saddlery.analysis.intervals import ci_text
from saddlery.analysis.numbers import percent
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK, RULE, canvas, dress, tint
from saddlery.studies.coloured.experiment import FRACTIONS
from saddlery.studies.depth_figures import depths_of, unrolled


def plane(dataset: xr.Dataset) -> Picture:
    """The colours of samples in red and green, a column for each K, a row for each size of discriminator."""
    figure = canvas(9.4, 2.45 * len(FRACTIONS) + 0.2, layout="constrained")
    grid = figure.subplots(len(FRACTIONS), len(depths_of(dataset)), sharex=True, sharey=True, squeeze=False)
    for row, fraction in zip(grid, FRACTIONS, strict=True):
        at = unrolled(dataset, fraction)
        for axes, i in zip(row, range(at.sizes["setting"]), strict=True):
            dots = at["colours"].isel(setting=i).values.reshape(-1, 3)
            dress(axes).grid(color=RULE, linewidth=0.6)
            axes.scatter(*dots[:, :2].T, s=9, color=tint(at, i), alpha=0.5, lw=0, rasterized=True)
            axes.set_title(str(at["setting"].values[i]), fontsize=9, weight="bold", color=INK, loc="left")
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        row[0].set_ylabel("green (0 to 1)", fontsize=8, color=INK)
    for axes in grid[-1]:
        axes.set_xlabel("red (0 to 1)", fontsize=8, color=INK)
    spreads = [
        f"{name} {ci_text(dataset['spread'].isel(setting=i), percent)}"
        for i, name in enumerate(dataset["setting"].values)
    ]
    return render(figure, "plane", f"Colours of samples, red against green. Spread: {', '.join(spreads)}.")
