"""Figures of the study `stacked`: modes found along training, and their frequencies."""

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.numbers import number
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK, RULE, canvas, dress, logarithmic, tint
from saddlery.studies.stacked.experiment import FRACTIONS


def along(dataset: xr.Dataset) -> Picture:
    """Modes found along training: a panel for each size of discriminator, and one for the baseline."""
    figure = canvas(9.4, 3.0, layout="constrained")
    panels = figure.subplots(1, len(FRACTIONS) + 1, sharex=True, sharey=True)
    steps, words = dataset["step"].values, []
    for axes, fraction in zip(panels, (*FRACTIONS, 1.0), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i in np.flatnonzero(dataset["fraction"] == fraction):
            modes, color = dataset["modes"].isel(setting=i).transpose("seed", "step"), tint(dataset, int(i))
            label, median = str(dataset["setting"].values[i]), modes.median("seed")
            axes.fill_between(steps, modes.min("seed"), modes.max("seed"), color=color, alpha=0.12, linewidth=0)
            axes.plot(steps, median, color=color, lw=1.5, label=label)
            words.append(f"{label} {number(float(median[-1]))}")
        logarithmic(axes)
        axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
        axes.set_xlabel("step", fontsize=8, color=INK)
    panels[0].set_ylabel("modes found", fontsize=8, color=INK)
    return render(figure, "along", f"Modes found along training, medians at the end: {', '.join(words)}.")


def evenness(dataset: xr.Dataset) -> Picture:
    """The frequency of each mode, the most frequent one first."""
    figure = canvas(9.4, 3.4, layout="constrained")
    panels = figure.subplots(1, len(FRACTIONS) + 1, sharex=True, sharey=True)
    samples, total = dataset.attrs["samples_found"], int(facts.distinct(dataset, "modes_total")[0])
    for axes, fraction in zip(panels, (*FRACTIONS, 1.0), strict=True):
        axes.set(xlim=(0.8, 1.2 * total), ylim=(0.5 / samples, 1.3), xscale="log", yscale="log")
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i in np.flatnonzero(dataset["fraction"] == fraction):
            shares = dataset["counts"].isel(setting=i).mean("seed") / samples
            label, color = str(dataset["setting"].values[i]), tint(dataset, int(i))
            shown, first = shares.values > 0, {"marker": "o", "ms": 4, "markevery": [0]}
            axes.plot(np.arange(1, total + 1)[shown], shares.values[shown], color=color, lw=1.5, label=label, **first)
        axes.axhline(1 / total, color=INK, lw=1)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.legend(fontsize=7.5, frameon=False, labelcolor=INK, loc="lower left")
        axes.set_xlabel("rank of the mode", fontsize=8, color=INK)
    panels[0].set_ylabel("share of the samples", fontsize=8, color=INK)
    return render(figure, "evenness", "Shares of the samples by the rank of their mode, on logarithmic axes.")
