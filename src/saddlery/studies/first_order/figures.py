"""Figures of the study `first-order`: end points from each start, distances, and one run of each outcome."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from saddlery.analysis.numbers import percent
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import COLOURS, GREY, INK, RULE, canvas, dress, of_depth
from saddlery.studies.first_order.findings import FAMILIES, members

MEANS, OPEN, INVERTED = (COLOURS["unrolled"], COLOURS["consensus"]), COLOURS["extragradient"], COLOURS["simultaneous"]
SHADES = ("#c9a0bd", "#a04a8a", "#5a1049")  # one, some and many steps of the discriminator
VIEW = 3.0  # the gallery shows ±VIEW standard deviations around the target's centre


def maps(dataset: xr.Dataset) -> Picture:
    """The share of runs that end near the target, over starting means, a square for each setting.

    All squares have the same axes and one colour scale, from no run to all.
    """
    settings = each_setting(dataset)
    figure = canvas(9.4, 7.4, layout="constrained")
    grid = figure.subplots(3, 4, sharex=True, sharey=True)
    grid[2, 0].set_axis_off()
    cells = [grid[0, 0], grid[1, 0], *grid[:, 1:].flat]  # a row for each family, its steps beneath one another
    box, target = float(dataset.attrs["box"]), dataset.attrs["target"]
    half = box / (dataset.sizes["mean1"] - 1)
    shades = ScalarMappable(Normalize(0, 1), "viridis")
    for axes, each in zip(cells, settings, strict=True):
        dress(axes)
        axes.imshow(
            each["within"].transpose("mean2", "mean1").values, origin="lower", cmap=shades.cmap, norm=shades.norm,
            extent=(-box - half, box + half) * 2, rasterized=True,
        )  # fmt: skip
        for a, b in (target, target[::-1]):
            axes.plot(a, b, "o", ms=5, mfc="none", mec="white", mew=1.2)
        name = str(each["setting"].values).replace(", first", ",\nfirst")
        axes.set_title(f"{name}: {_succeeded(each)}", fontsize=8, color=INK, loc="left")
        axes.label_outer()
    for axes in (grid[1, 0], *grid[2, 1:]):
        axes.set_xlabel(r"starting $\mu_1$ (std)", fontsize=8, color=INK)
        axes.tick_params(labelbottom=True)
    for axes in (*grid[:2, 0], grid[2, 1]):
        axes.set_ylabel(r"starting $\mu_2$ (std)", fontsize=8, color=INK)
        axes.tick_params(labelleft=True)
    bar = figure.colorbar(shades, ax=grid, shrink=0.6, pad=0.01)
    bar.set_label("share of runs that end within 0.1 of the target", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK)
    shares = ", ".join(f"{each['setting'].values} {_succeeded(each)}" for each in settings)
    alt = (
        "Heat maps over both starting means of the share of runs that end within 0.1 of the target; of all whose means "
        f"differ: {shares}."
    )
    return render(figure, "maps", alt)


def _succeeded(setting: xr.Dataset) -> str:
    """The share of runs from starts whose means differ that end near the target."""
    return percent(float(setting["succeeded"] / setting["runs"]))


def distances(dataset: xr.Dataset) -> Picture:
    """Total variation along training, medians and middle halves, a panel for each family beside the optimal one.

    All panels have the same axes.
    """
    figure = canvas(9.4, 3.3, layout="constrained")
    families = {"First-order": ("simultaneous", "alternating"), "Unrolled": ("unrolled",)}
    families[FAMILIES["unrolled, first term"]] = ("unrolled, first term",)
    panels = figure.subplots(1, len(families), sharex=True, sharey=True)
    ends = []
    for axes, (heading, names) in zip(panels, families.items(), strict=True):
        dress(axes)
        axes.grid(color=RULE, linewidth=0.6)
        for label in ("optimal", *(label for name in names for label in members(dataset, name))):
            each = dataset.sel(setting=label)
            colour, stroke = _look(dataset, label)
            variation = each["total_variation"].clip(1e-7)
            axes.fill_between(
                each["step"], variation.sel(quantile=0.25), variation.sel(quantile=0.75), color=colour, alpha=0.16, lw=0
            )
            median = variation.sel(quantile=0.5)
            axes.plot(each["step"], median, color=colour, ls=stroke, lw=1.7, label=label.replace(", first", ",\nfirst"))
            ends.append(f"{label} {float(median[-1]):.2g}")
        axes.set_yscale("log")
        axes.set_title(heading, loc="left", fontsize=9.5, weight="bold", color=INK)
        axes.set_xlabel("step", fontsize=8, color=INK)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=7, frameon=False, labelcolor=INK)
    panels[0].set_ylabel("total variation (0 to 1)", fontsize=8, color=INK)
    alt = (
        "Total variation against the step, median and middle half of the runs; medians at the end: "
        f"{', '.join(dict.fromkeys(ends))}."
    )
    return render(figure, "total-variation", alt)


def _look(dataset: xr.Dataset, label: str) -> tuple[str, Any]:
    """The colour and stroke of a setting: K has its own everywhere, steps of the discriminator others."""
    method = str(dataset["method"].sel(setting=label).values)
    if method == "optimal":
        return GREY, "-"
    if method.startswith("unrolled"):
        return of_depth(float(label.partition("=")[2].rstrip(")"))), "-"
    if method == "simultaneous":
        return SHADES[0], (0, (4, 2))
    return SHADES[members(dataset, method).index(label)], "-"


def shown(dataset: xr.Dataset) -> list[xr.Dataset]:
    """The example of each outcome found: the setting whose run has the fewest others; `optimal` if no other has."""
    order = np.argsort(dataset["method"].values == "optimal", kind="stable")
    chosen = []
    for i in range(dataset.sizes["outcome"]):
        labels = dataset["labels"].values[order, i]
        if labels.any():
            best = order[np.argmin(np.where(labels > 0, labels, 99))]
            chosen.append(dataset.isel(outcome=i, setting=best))
    return chosen


def gallery(dataset: xr.Dataset) -> Picture:
    """Example runs of each outcome: both means and the discriminator's intervals along training."""
    runs = shown(dataset)
    rows = -(-len(runs) // 3)
    figure = canvas(9.4, 2.5 * rows + 0.45, layout="constrained")
    cells = figure.subplots(rows, 3, sharey=True, squeeze=False)
    for axes, each in zip(cells.flat, runs, strict=False):
        _trajectory(dress(axes), each, dataset.attrs["target"])
        also = "" if each["labels"] == 1 else f" (and {int(each['labels']) - 1} other)"
        axes.set_title(f"{each['outcome'].values}{also}", fontsize=9.5, weight="bold", color=INK, loc="left", pad=14)
        axes.text(0, 1.02, str(each["setting"].values), transform=axes.transAxes, fontsize=7.5, color=GREY)
        axes.set_xlabel("step", fontsize=8, color=INK)
    for axes in list(cells.flat)[len(runs) :]:
        axes.set_axis_off()
    for row in cells:
        row[0].set_ylabel("position (std)", fontsize=8, color=INK)
    handles = [
        Line2D([], [], color=MEANS[0], label=r"$\mu_1$"),
        Line2D([], [], color=MEANS[1], ls=(0, (5, 1.5)), label=r"$\mu_2$"),
        Line2D([], [], color=INK, lw=0.9, ls=(0, (4, 3)), label="target"),
        Patch(color=OPEN, alpha=0.28, lw=0, label="D = 1 (darker: intervals overlap)"),
        Patch(color=INVERTED, alpha=0.28, lw=0, label="D = −1 (l beyond r)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False, labelcolor=INK)
    names = "; ".join(f"{each['outcome'].values} under {each['setting'].values}" for each in runs)
    return render(figure, "gallery", f"Means and intervals along training of one run each: {names}.")


def _trajectory(axes: Axes, run: xr.Dataset, target: Any) -> None:
    """One run's means as lines, its intervals as bands."""
    step, centre = run["step"].values, float(np.mean(target))
    first, second, *ends = np.clip(run["example"].values.T, centre - 2 * VIEW, centre + 2 * VIEW)
    for low, high in (ends[:2], ends[2:]):
        axes.fill_between(step, low, high, where=high >= low, color=OPEN, alpha=0.28, lw=0)
        axes.fill_between(step, high, low, where=high < low, color=INVERTED, alpha=0.28, lw=0)
    for mean in target:
        axes.axhline(mean, color=INK, lw=0.9, ls=(0, (4, 3)))
    axes.plot(step, first, color=MEANS[0], lw=1.5)
    axes.plot(step, second, color=MEANS[1], lw=1.5, ls=(0, (5, 1.5)))
    axes.set_ylim(centre - VIEW, centre + VIEW)
    axes.set_xlim(0, step[-1])


def each_setting(dataset: xr.Dataset) -> list[xr.Dataset]:
    """The dataset at each of its settings."""
    return [dataset.isel(setting=i) for i in range(dataset.sizes["setting"])]
