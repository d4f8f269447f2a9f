"""Figures of the fair comparisons: methods beside each other, at every setting and along training."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from saddlery.analysis import comparison, facts
from saddlery.plots.heat import heat
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress
from saddlery.studies.fair.costs import BASELINE
from saddlery.studies.fair.findings import ci_text, holding, order, ranked

GOOD, BAD = "#1d6b48", "#a8321e"


def spread(dataset: xr.Dataset) -> Picture:
    """The seeds, mean and interval of every method in each measure, and its difference from simultaneous descent."""
    names, held, parts = order(dataset), comparison.held_out(dataset), ranked(dataset)
    figure = canvas(9.6, 0.27 * len(names) + 1.0, layout="constrained")
    panels = figure.subplots(1, len(parts) + 1, sharey=True)
    random = np.random.default_rng(0)
    for axes, measure in zip(panels, parts, strict=False):
        at, values = comparison.intervals(held[measure.name]), held[measure.name]
        _panel(axes, measure.title, measure.axis)
        for i, name in enumerate(names):
            seeds = values.sel(rival=name).values
            axes.plot(seeds, i + random.uniform(-0.22, 0.22, len(seeds)), ".", ms=3.5, color=GREY, alpha=0.55)
            _bar(axes, i, at.sel(rival=name), INK)
        if measure.scale == "share":
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}"))
        elif measure.scale == "log":
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
    compared = comparison.compared(dataset, parts[0].name, BASELINE)
    sign, holds = 1 if parts[0].better == "more" else -1, holding(compared)
    last = panels[-1]
    _panel(last, f"Difference from {BASELINE}", parts[0].axis)
    last.axvline(0, color=INK, lw=0.8)
    for i, name in enumerate(names):
        if name in holds:
            at = compared.sel(rival=name)
            sure = holds[name] == "hold"
            _bar(last, i, at, (GOOD if sign * float(at["mean"]) > 0 else BAD) if sure else GREY, sure)
    panels[0].set_yticks(range(len(names)), names, fontsize=7.5)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    told = "; ".join(
        f"{name} {', '.join(ci_text(comparison.intervals(held[m.name]).sel(rival=name), m) for m in parts)}"
        for name in names
    )
    words = " and ".join(measure.title.lower() for measure in parts)
    return render(figure, "spread", f"Mean and interval over seeds of {words}: {told}.")


def _panel(axes: Axes, title: str, label: str) -> None:
    dress(axes).grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=9, weight="bold", color=INK, loc="left")
    axes.set_xlabel(label, fontsize=8, color=INK)


def _bar(axes: Axes, at: int, interval: xr.Dataset, color: str, full: bool = True) -> None:
    """A mean with its interval."""
    axes.plot([float(interval["low"]), float(interval["high"])], [at, at], color=color, lw=2, solid_capstyle="butt")
    axes.plot(float(interval["mean"]), at, "o", ms=5, color=color, markerfacecolor=color if full else "white")


def settings(dataset: xr.Dataset) -> Picture:
    """A heat map of every setting's median, a row for each method and parameter; those that work are framed."""
    measure = ranked(dataset)[0]
    rates = np.unique(dataset["learning_rate"])
    names = [str(name).rpartition(", learning rate")[0] for name in dataset["setting"].values]
    rows = list(dict.fromkeys(names))
    values, marked = np.full((len(rows), len(rates)), np.nan), np.zeros((len(rows), len(rates)), bool)
    ends, working = comparison.ended(dataset, measure.name).median("seed").values, comparison.works(dataset).values
    for i, (name, rate) in enumerate(zip(names, dataset["learning_rate"].values, strict=True)):
        at = rows.index(name), np.searchsorted(rates, rate)
        values[at], marked[at] = ends[i], working[i]
    most = facts.shared(dataset, "modes_total")
    columns = [f"{rate:.2g}" for rate in rates]
    return heat(rows, columns, values, measure, "learning rate", name="settings", most=most, marked=marked)


def along(dataset: xr.Dataset) -> Picture:
    """Curves along training of every method at its best setting."""
    measure, names, chosen = ranked(dataset)[0], order(dataset), comparison.best(dataset)
    values = dataset[measure.name].isel(setting=[chosen[name] for name in names]).median("seed")
    steps = [f"{step:,}" for step in dataset["step"].values]
    most = facts.shared(dataset, "modes_total")
    values = values.transpose("setting", "step").values
    return heat(
        names, steps, values, measure, "step", name="along", when="along training", width=8 / len(steps), most=most
    )
