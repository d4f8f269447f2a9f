"""Figures of the study `recurrent`: pairwise distances of samples."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import number
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress, tint


def distances(dataset: xr.Dataset) -> Picture:
    """Histograms of pairwise distances, beside those of the controls."""
    figure = canvas(9.4, 3.1, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    lines = [
        (str(name), tint(dataset, i), "-", dataset["distances"].isel(setting=i).values.ravel())
        for i, name in enumerate(dataset["setting"].values)
    ]
    strokes = {"real images": INK, "noise of the same pixels": GREY}
    lines += [
        (name, color, "--", dataset["control_distances"].sel(control=name).values) for name, color in strokes.items()
    ]
    bins = np.linspace(0, max(np.nanmax(values) for *_, values in lines), 60)
    for name, color, stroke, values in lines:
        density, _ = np.histogram(values[np.isfinite(values)], bins, density=True)
        axes.plot((bins[1:] + bins[:-1]) / 2, density, color=color, ls=stroke, lw=1.6, label=name)
    axes.set_xlabel("distance of two samples (pixels in [−1, 1])", fontsize=8, color=INK)
    axes.set_ylabel("density", fontsize=8, color=INK)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    medians = ", ".join(f"{name} {number(float(np.nanmedian(values)))}" for name, *_, values in lines)
    return render(figure, "distances", f"Densities of the distances of pairs. Medians: {medians}.")
