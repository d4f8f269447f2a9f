"""Dot plots of seeds, a row for each setting, with their median and its interval."""

from collections.abc import Sequence

import xarray as xr

from saddlery.analysis.intervals import ci_text, interval
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress, tint


def dots(dataset: xr.Dataset, names: Sequence[str], titles: Sequence[str], heading: str, axis: str) -> Picture:
    """A dot plot of seeds, a panel for each variable (setting, seed).

    **Arguments:** `titles`: of the panels; `heading`: of the figure, which is also its name; `axis`: what the numbers
    are.
    """
    labels = [str(label) for label in dataset["setting"].values]
    figure = canvas(1.2 + 3.6 * len(names), 0.27 * len(labels) + 1.1, layout="constrained")
    texts = []
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for panel, name, title in zip(panels, names, titles, strict=True):
        axes = dress(panel)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        for i, label in enumerate(labels):
            seeds = dataset[name].isel(setting=i).values.astype(float)
            median, low, high = interval(seeds)
            color = tint(dataset, i)
            axes.plot(seeds, [i] * len(seeds), ".", ms=4, color=GREY, alpha=0.6)
            axes.plot([low, high], [i, i], color=color, lw=2, solid_capstyle="butt")
            axes.plot(median, i, "o", ms=5, color=color)
            texts.append(f"{label}, {title}: {ci_text(seeds)}")
        axes.set_title(title, fontsize=9, color=INK, loc="left")
        axes.set_xlabel(axis, fontsize=8, color=INK)
        axes.set_yticks(range(len(labels)), labels, fontsize=7.5)
        axes.set_ylim(len(labels) - 0.5, -0.5)
    figure.suptitle(heading, x=0.01, ha="left", fontsize=10, weight="bold", color=INK)
    return render(figure, heading.lower().replace(" ", "-"), f"{heading}. {'; '.join(texts)}.")
