"""Figures of the study `pairwise`: the distributions of distances."""

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, dress, tint
from saddlery.studies.pairwise.findings import of

DASHED = {"real": (INK, "-"), "noise": (GREY, (0, (4, 2))), "untrained": (GREY, (0, (1, 1.2)))}


def histograms(dataset: xr.Dataset) -> Picture:
    """Histograms of pairwise distances, a panel for each space, means over seeds."""
    figure = canvas(9.6, 3.6, layout="constrained")
    panels = figure.subplots(1, dataset.sizes["space"], squeeze=False)[0]
    known = of(dataset, str(dataset["space"].values[0]))
    look = {str(name): (tint(known, i), "-") for i, name in enumerate(known["setting"].values)} | DASHED
    for panel, space in zip(panels, dataset["space"].values, strict=True):
        axes, alone = dress(panel), of(dataset, str(space))
        edges = dataset["edges"].sel(space=space).values
        for label, (color, stroke) in look.items():
            shares = alone["histogram"].sel(setting=label).mean("seed").values
            axes.stairs(
                shares / np.diff(edges), edges, color=color, ls=stroke, lw=2 if label == "real" else 1.3, label=label
            )
        ordinary = alone["histogram"].sel(setting=["real", "noise"]).mean("seed").values / np.diff(edges)
        axes.set_ylim(0, 1.6 * ordinary.max())
        axes.set_title(f"in {space}", fontsize=9.5, weight="bold", color=INK, loc="left")
        axes.set_xlabel("distance of a pair", fontsize=8, color=INK)
        axes.set_ylabel("density", fontsize=8, color=INK)
    panels[-1].legend(fontsize=7.5, frameon=False)
    words = "; ".join(
        f"{space}: "
        + ", ".join(f"{name} {ci_text(of(dataset, str(space))['median'].sel(setting=name))}" for name in look)
        for space in dataset["space"].values
    )
    return render(figure, "histograms", f"Histograms of the distances of all pairs; medians in {words}.")
