"""Figures of the study `best-response`: successes along training, and starts that arrive."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import percent
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress
from saddlery.studies.best_response.findings import starting

COLOURS = {
    "1 step": "#56b4e9", "5 steps": "#0072b2", "20 steps": "#004466", "unrolled K = 5": "#e69f00", "optimal": "#009e73",
}  # fmt: skip


def along(dataset: xr.Dataset) -> Picture:
    """The share of runs that succeed along training, each dynamics at the learning rate that is best at the end."""
    rows = list(dict.fromkeys(map(str, dataset["row"].values)))
    columns = min(3, len(rows))
    figure = canvas(3.1 * columns, 2.6 * -(-len(rows) // columns) + 0.5, layout="constrained")
    panels = figure.subplots(-(-len(rows) // columns), columns, sharex=True, sharey=True, squeeze=False)
    told = []
    for row, axes in zip(rows, panels.flat, strict=False):
        dress(axes)
        axes.grid(color=RULE, linewidth=0.6)
        of_row = dataset.isel(setting=np.flatnonzero(dataset["row"].values == row))
        for column in dict.fromkeys(map(str, of_row["column"].values)):
            of_column = of_row["success"].isel(setting=np.flatnonzero(of_row["column"].values == column)).mean("seed")
            best = of_column.isel(setting=int(np.argmax(of_column.isel(step=-1).values)))
            axes.plot(dataset["step"], best, color=COLOURS[column], lw=1.6, label=column)
            told.append(f"{row}, {column} {percent(float(best[-1]))}")
        axes.set_title(row, fontsize=9, weight="bold", color=INK, loc="left")
        axes.set_ylim(-0.03, 1.03)
    for axes in panels.flat[len(rows) :]:
        axes.set_axis_off()
    panels[0, 0].set_ylabel("share of runs that succeed", fontsize=8, color=INK)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    return render(figure, "along", f"Shares of runs that succeed, at the end: {'; '.join(told)}.")


def maps(dataset: xr.Dataset) -> Picture:
    """Which starts of two means end at the target: a column for each dynamics, a row for each step size."""
    dynamics, rates = [str(each) for each in dataset["dynamics"].values], dataset["rate"].values
    line = dataset["mean1"].values
    half = (line[1] - line[0]) / 2
    figure = canvas(1.75 * len(dynamics) + 0.5, 1.8 * len(rates) + 0.5, layout="constrained")
    panels = figure.subplots(len(rates), len(dynamics), sharex=True, sharey=True, squeeze=False)
    told, shares = [], starting(dataset).mean("start")
    for i, rate in enumerate(rates):
        for j, name in enumerate(dynamics):
            axes, within = dress(panels[i, j]), dataset["within"].sel(dynamics=name, rate=rate)
            axes.imshow(
                within.transpose("mean2", "mean1").values.astype(float), origin="lower", cmap="viridis", vmin=0, vmax=1,
                extent=(line[0] - half, line[-1] + half) * 2,
            )  # fmt: skip
            share = percent(float(shares.sel(dynamics=name, rate=rate)))
            axes.set_title(f"{name}, {rate:g}: {share}", fontsize=7, color=INK, loc="left")
            axes.tick_params(labelsize=7, colors=GREY)
            told.append(f"{name} at {rate:g} {share}")
    for axes in panels[-1]:
        axes.set_xlabel(r"starting $\mu_1$ (std)", fontsize=7.5, color=INK)
    for axes in panels[:, 0]:
        axes.set_ylabel(r"starting $\mu_2$ (std)", fontsize=7.5, color=INK)
    return render(
        figure, "starts", f"Maps over both starting means of those that end at the target: {'; '.join(told)}."
    )
