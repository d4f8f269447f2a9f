"""Figures of the fair comparisons: methods beside each other, at equal tuning, at every setting and along training."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from saddlery.analysis import comparison, facts, tuning
from saddlery.analysis.intervals import Interval, interval
from saddlery.analysis.measures import Measure
from saddlery.analysis.numbers import exact
from saddlery.plots.heat import heat
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, STROKES, canvas, colour, dress
from saddlery.studies.fair.costs import BASELINE
from saddlery.studies.fair.findings import holding, of_rival, order, ranked, results

GOOD, BAD = "#1d6b48", "#a8321e"
TOLD = 5  # rivals that are named in the curves of tuning, beside the baseline


def spread(dataset: xr.Dataset) -> Picture:
    """The pairs, median and interval of every method in each measure, and its difference from simultaneous descent."""
    names, held, parts = order(dataset), results(dataset), ranked(dataset)
    figure = canvas(9.6, 0.27 * len(names) + 1.0, layout="constrained")
    panels = figure.subplots(1, len(parts) + 1, sharey=True)
    random, told = np.random.default_rng(0), []
    for axes, measure in zip(panels, parts, strict=False):
        _panel(axes, measure.title, measure.axis)
        for i, name in enumerate(names):
            seeds = held[measure.name].sel(rival=name).values.astype(float)
            axes.plot(seeds, i + random.uniform(-0.22, 0.22, len(seeds)), ".", ms=3.5, color=GREY, alpha=0.55)
            found = interval(seeds)
            _bar(axes, i, found, INK)
            told.append(f"{name} {measure.text(found.middle)}")
        _scale(axes, measure)
    compared = comparison.compared(held, parts[0].name, BASELINE)
    sign, holds = 1 if parts[0].better == "more" else -1, holding(compared)
    last = panels[-1]
    _panel(last, f"Difference from {BASELINE}", parts[0].axis)
    last.axvline(0, color=INK, lw=0.8)
    for i, name in enumerate(names):
        if name in holds:
            at = Interval(*(float(compared[end].sel(rival=name)) for end in ("mean", "low", "high")))
            sure = holds[name] == "hold"
            _bar(last, i, at, (GOOD if sign * at.middle > 0 else BAD) if sure else GREY, sure)
    panels[0].set_yticks(range(len(names)), names, fontsize=7.5)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    words = " and ".join(measure.title.lower() for measure in parts)
    return render(figure, "spread", f"Medians over pairs of seeds of {words}: {'; '.join(told)}.")


def _scale(axes: Axes, measure: Measure) -> None:
    """The horizontal axis of a measure."""
    if measure.scale == "share":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}"))
    elif measure.scale == "log":
        _logarithmic(axes)


def _logarithmic(axes: Axes) -> None:
    """A logarithmic horizontal axis, its numbers without exponents."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _panel(axes: Axes, title: str, label: str) -> None:
    dress(axes).grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=9, weight="bold", color=INK, loc="left")
    axes.set_xlabel(label, fontsize=8, color=INK)


def _bar(axes: Axes, at: int, found: Interval, color: str, full: bool = True) -> None:
    """A median or a mean with its interval, which there may not be."""
    middle, low, high = found
    axes.plot([low, high], [at, at], color=color, lw=2, solid_capstyle="butt")
    axes.plot(middle, at, "o", ms=5, color=color, markerfacecolor=color if full else "white")


def tuned(dataset: xr.Dataset) -> Picture:
    """Curves of the best of m settings: against m, and against the gradients and the time that trying them takes."""
    measure, names = ranked(dataset)[0], order(dataset)
    named = list(dict.fromkeys([*names[:TOLD], BASELINE]))
    prices = {
        "settings tried": dict.fromkeys(names, 1.0),
        "gradients, in runs of one a step": of_rival(dataset, "gradients"),
        f"time, in runs of {BASELINE} descent": of_rival(dataset, "cost"),
    }
    curves = {}
    for name in names:
        own = dataset.isel(setting=np.flatnonzero(dataset["rival"] == name))
        tries = np.arange(1, own.sizes["setting"] + 1)
        curves[name] = tries, np.array([float(tuning.best_of(own, int(m)).mean()) for m in tries])
    figure = canvas(9.6, 3.4, layout="constrained")
    panels = figure.subplots(1, len(prices), sharey=True)
    methods = dict(zip(map(str, dataset["rival"].values), map(str, dataset["method"].values), strict=True))
    for axes, (label, price) in zip(panels, prices.items(), strict=True):
        _panel(axes, "", label)
        for name in sorted(names, key=lambda name: name in named):
            tries, values = curves[name]
            look = {"color": RULE, "lw": 1.0}
            if name in named:
                stroke = STROKES[named.index(name) % len(STROKES)]
                look = {"color": colour(methods[name]), "lw": 1.8, "ls": stroke, "label": name}
            axes.plot(tries * price[name], values, **look)
        if label != next(iter(prices)):
            _logarithmic(axes)
    panels[0].set_ylabel(measure.axis, fontsize=8, color=INK)
    if measure.scale == "log":
        panels[0].set_yscale("log")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False, labelcolor=INK)
    told = "; ".join(
        f"{name} {measure.text(float(curves[name][1][0]))} of one and {measure.text(float(curves[name][1][-1]))} of "
        f"{exact(len(curves[name][0]))}"
        for name in named
    )
    return render(
        figure, "tuned", f"{measure.title} at the best of so many settings, mean over pairs of seeds: {told}."
    )


def thresholds(dataset: xr.Dataset) -> Picture:
    """The share of learning rates that work against the share of seeds that must, and what became of all runs."""
    names = order(dataset)
    seeds = dataset.sizes["seed"]
    wanted = np.arange(1, seeds + 1) / seeds
    shares = {name: [rates_that_work(dataset, name, share) for share in wanted] for name in names}
    figure = canvas(9.6, 0.24 * len(names) + 1.2, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.3])
    _panel(left, "Learning rates that work", "share of seeds that must")
    named = list(dict.fromkeys([*names[:TOLD], BASELINE]))
    methods = dict(zip(map(str, dataset["rival"].values), map(str, dataset["method"].values), strict=True))
    for name in sorted(names, key=lambda name: name in named):
        look = {"color": RULE, "lw": 1.0}
        if name in named:
            stroke = STROKES[named.index(name) % len(STROKES)]
            look = {"color": colour(methods[name]), "lw": 1.8, "ls": stroke, "label": name}
        left.plot(wanted, shares[name], **look)
    left.set_ylim(-0.02, 1.02)
    left.set_ylabel("share of learning rates", fontsize=8, color=INK)
    left.legend(fontsize=7, frameon=False, labelcolor=INK)
    became, rivals = tuning.outcomes(dataset).values, dataset["rival"].values
    _panel(right, "What became of all runs of tuning", "share of runs")
    told, before = [], np.zeros(len(names))
    for code, (outcome, color) in enumerate(zip(tuning.OUTCOMES, (GOOD, "#9fc7ad", "#d9d5ce", BAD), strict=True)):
        share = np.array([(became[rivals == name] == code).mean() for name in names])
        right.barh(range(len(names)), share, left=before, color=color, label=outcome, height=0.8)
        before = before + share
        told.append(f"{outcome} {(became == code).sum()}")
    right.set_yticks(range(len(names)), names, fontsize=7.5)
    right.set_ylim(len(names) - 0.5, -0.5)
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=4, fontsize=8, frameon=False, labelcolor=INK)
    return render(figure, "thresholds", f"Of {became.size} runs of tuning: {', '.join(told)}.")


def rates_that_work(dataset: xr.Dataset, name: str, share: float) -> float:
    """The share of learning rates at which at least a share of a rival's seeds work, the mean over its parameters."""
    return float(tuning.working(dataset, share).values[dataset["rival"].values == name].mean())


def settings(dataset: xr.Dataset) -> Picture:
    """A heat map of every setting's median, a row for each method and parameter; framed where half of the seeds do."""
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
