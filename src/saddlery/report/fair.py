"""The studies `fair-ring`, `fair-grid` and `fair-digits` as one HTML page and its figures."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from saddlery.analysis import comparison, facts
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.analysis.numbers import number, percent
from saddlery.report.figures.heat import heat
from saddlery.report.style import GREY, INK, RULE, Picture, canvas, dress, render
from saddlery.report.template import files, filled, write_page
from saddlery.report.words import Finding
from saddlery.studies.fair import BASELINE

ALPHA = 0.05  # up to which a corrected probability supports a difference
GOOD, BAD = "#1d6b48", "#a8321e"
HOLD = ("hold", "alone", "open")  # a difference that holds; whose own interval only excludes 0; and any other


class Row(NamedTuple):
    """A rival in the table."""

    name: str
    setting: str
    edge: bool
    working: str
    cells: list[tuple[str, str]]
    successes: str
    steps: str
    cost: str
    gradients: str
    until: str
    difference: str
    range: str
    probability: str
    holds: str


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/fair-*.svg` and `*.png`.

    Each file appears whole or not at all; files of that name are replaced.

    **Arguments:**
    - `dataset`: what `saddlery.studies.fair.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    drawn = {picture.name: picture for picture in (spread(dataset), settings(dataset), along(dataset))}
    return write_page(folder, html(dataset, drawn), files(drawn.values(), "fair-"))


def html(dataset: xr.Dataset, drawn: dict[str, Picture]) -> str:
    """The page as text; whatever comes from the data is escaped."""
    return filled(
        "fair.html.jinja",
        data=dataset.attrs,
        optimisers=facts.optimisers(dataset),
        sizes=dict(dataset.sizes),
        rivals=len(comparison.named(dataset)),
        rates=len(np.unique(dataset["learning_rate"])),
        modes="modes" in dataset,
        close=criterion(dataset),
        findings=findings(dataset),
        drawn=drawn,
        heads=[measure.title for measure in ranked(dataset)],
        first=ranked(dataset)[0].title.lower(),
        rows=table(dataset),
        alpha=ALPHA,
        swaps=2 ** dataset.sizes["seed"],
        least=number(2 / 2 ** dataset.sizes["seed"]),
    )


def ranked(dataset: xr.Dataset) -> list[Measure]:
    """The measures by which rivals are ranked."""
    return [MEASURES[name] for name in comparison.measures(dataset)]


def criterion(dataset: xr.Dataset) -> str:
    """When a run works, in words."""
    close = dataset.attrs["close"]
    if "modes" in dataset:
        total = facts.shared(dataset, "modes_total")
        return f"all {total:.0f} modes are covered and at least {percent(close)} of the samples are near one"
    perfect = number(close * facts.distinct(dataset, "perfect_sliced_wasserstein")[0])
    return f"its sliced Wasserstein distance is at most {close:g} times a perfect sampler's, {perfect}"


def order(dataset: xr.Dataset) -> list[str]:
    """The rivals, the best first: by the mean of the first measure over the seeds held out, then by the next."""
    held = comparison.held_out(dataset).mean("seed")
    numbers = {name: held[name].values for name in comparison.measures(dataset)}
    return [str(name) for name in held["rival"].values[comparison.ranking(numbers)]]


def holding(compared: xr.Dataset) -> dict[str, str]:
    """What may be said of each rival's difference, one of `HOLD`."""
    apart = (compared["low"] > 0) | (compared["high"] < 0)
    sure = compared["probability"] <= ALPHA
    return {
        str(name): "hold" if both and own else "alone" if own else "open"
        for name, both, own in zip(compared["rival"].values, sure.values, apart.values, strict=True)
    }


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data."""
    names, measure = order(dataset), ranked(dataset)[0]
    held = comparison.held_out(dataset)
    at = comparison.intervals(held[measure.name])
    told = [f"{name} {_interval(at.sel(rival=name), measure)}" for name in names]
    text = f"{measure.title} at its best setting, mean and interval over seeds: {', '.join(told[:5])}"
    text += f"; last {', '.join(told[-3:])}." if len(told) > 8 else f"{''.join(f', {each}' for each in told[5:])}."
    found = [Finding("The best of each", text, "plain")]
    text = f"Settings at which at least half of the seeds work: {_counted(dataset, names, comparison.works(dataset))}"
    if "modes" in dataset:
        text += f" At which they cover all modes, near or not: {_counted(dataset, names, comparison.covers(dataset))}"
    found.append(Finding("How much tuning", text, "plain"))
    found += [_differences(dataset, each) for each in ranked(dataset)]
    return [*found, _speed(dataset, held), _cost(dataset), _caution(dataset, held)]


def _counted(dataset: xr.Dataset, names: list[str], true: xr.DataArray) -> str:
    """Of how many of each rival's settings something is true, the largest share first."""
    of = {name: true.values[dataset["rival"].values == name] for name in names}
    some = sorted((name for name in names if of[name].any()), key=lambda name: -of[name].mean())
    none = [name for name in names if not of[name].any()]
    text = ", ".join(f"{name} {of[name].sum()} of {of[name].size}" for name in some) or "none"
    return f"{text}. At no setting: {', '.join(none)}." if none else f"{text}."


def _interval(at: xr.Dataset, measure: Measure) -> str:
    """`7.5 (6.8 to 8)`."""
    mean, low, high = (measure.text(float(at[name])) for name in ("mean", "low", "high"))
    return f"{mean} ({low} to {high})"


def _differences(dataset: xr.Dataset, measure: Measure) -> Finding:
    """Which differences from simultaneous descent the seeds support."""
    compared = comparison.compared(dataset, measure.name, BASELINE)
    sign = 1 if measure.better == "more" else -1
    holds = holding(compared)
    groups: dict[tuple[str, bool], list[str]] = {}
    for name, kind in holds.items():
        mean = float(compared["mean"].sel(rival=name))
        groups.setdefault((kind, sign * mean > 0), []).append(f"{name} ({_signed(mean, measure)})")
    better, worse = groups.get(("hold", True), []), groups.get(("hold", False), [])
    alone = groups.get(("alone", True), []) + groups.get(("alone", False), [])
    unsure = [name for name, kind in holds.items() if kind == "open"]
    parts = [
        f"{len(better) + len(worse)} of {len(holds)} differences from {BASELINE} hold after the correction for their "
        f"number. Better: {', '.join(better) or 'none'}. Worse: {', '.join(worse) or 'none'}."
    ]
    if alone:
        parts.append(f"With an interval that excludes 0, but not after the correction: {', '.join(alone)}.")
    if unsure:
        parts.append(f"Not told apart from {BASELINE}: {', '.join(unsure)}.")
    return Finding(measure.title, " ".join(parts), "plain")


def _signed(value: float, measure: Measure) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{measure.text(abs(value))}"


def _speed(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """Who is there first, in steps and in the time of simultaneous descent's steps."""
    steps, cost = held["reached"].median("seed"), _of_rival(dataset, "cost")
    there = [name for name in order(dataset) if np.isfinite(steps.sel(rival=name))]
    what = "all modes covered" if "modes" in dataset else "a run that works"
    if not there:
        return Finding("Time", f"No rival's median seed came to {what}.", "bad")
    in_steps = sorted(there, key=lambda name: float(steps.sel(rival=name)))[:4]
    in_time = sorted(there, key=lambda name: float(steps.sel(rival=name)) * cost[name])[:4]
    text = (
        f"Until {what}, median seed: "
        + ", ".join(f"{name} {int(steps.sel(rival=name)):,} steps" for name in in_steps)
        + ". In the time of so many steps of simultaneous descent: "
        + ", ".join(f"{name} {number(float(steps.sel(rival=name)) * cost[name])}" for name in in_time)
        + f". Records are {dataset.attrs['every']:,} steps apart."
    )
    return Finding("Time", text, "plain")


def _cost(dataset: xr.Dataset) -> Finding:
    """What a step costs, the dearest first."""
    cost = _of_rival(dataset, "cost")
    dear = sorted(cost, key=lambda name: -cost[name])
    text = ", ".join(f"{name} {cost[name]:.1f}" for name in dear)
    return Finding("Cost of a step", f"In steps of {BASELINE} descent: {text}.", "plain")


def _caution(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """How sure the choice of settings is."""
    names = comparison.named(dataset)
    split = [name for name in names if len(np.unique(held["chosen"].sel(rival=name))) > 1]
    chosen = comparison.best(dataset)
    ends = [name for name in names if _at_edge(dataset, chosen[name])]
    tried = [int((dataset["rival"] == name).sum()) for name in names]
    text = (
        f"The two halves of the seeds choose different settings for {len(split)} of {len(names)} rivals. Those with a "
        f"parameter were tried at up to {max(tried)} settings, the others at {min(tried)}: who is tried more has more "
        "chances."
    )
    if ends:
        text += f" At an end of the learning rates tried, so perhaps not yet at its best: {', '.join(ends)}."
    return Finding("Caution", text, "plain")


def _at_edge(dataset: xr.Dataset, setting: int) -> bool:
    """Whether a setting has the least or the greatest learning rate."""
    rates = dataset["learning_rate"].values
    return rates[setting] in (rates.min(), rates.max())


def _of_rival(dataset: xr.Dataset, name: str) -> dict[str, float]:
    """A number of each rival."""
    return dict(zip(map(str, dataset["rival"].values), map(float, dataset[name].values), strict=True))


def table(dataset: xr.Dataset) -> list[Row]:
    """The rows of the table, the best rival first."""
    held, chosen, working = comparison.held_out(dataset), comparison.best(dataset), comparison.works(dataset)
    parts = ranked(dataset)
    spreads = [comparison.intervals(held[measure.name]) for measure in parts]
    compared = comparison.compared(dataset, parts[0].name, BASELINE)
    holds, cost, gradients = holding(compared), _of_rival(dataset, "cost"), _of_rival(dataset, "gradients")
    steps = held["reached"].median("seed")
    rows = []
    for name in order(dataset):
        here = dataset["rival"].values == name
        reached = float(steps.sel(rival=name))
        other: dict[str, Any] = {"difference": "", "range": "", "probability": "", "holds": ""}
        if name != BASELINE:
            at = compared.sel(rival=name)
            low, high = (_signed(float(at[end]), parts[0]) for end in ("low", "high"))
            other = {
                "difference": _signed(float(at["mean"]), parts[0]),
                "range": f"{low} to {high}",
                "probability": number(float(at["probability"])),
                "holds": holds[name],
            }
        rows.append(
            Row(
                name=name,
                setting=str(dataset["setting"].values[chosen[name]]).partition(", ")[2],
                edge=_at_edge(dataset, chosen[name]),
                working=f"{int(working.values[here].sum())} of {int(here.sum())}",
                cells=[
                    (measure.text(float(each["mean"].sel(rival=name))), _range(each.sel(rival=name), measure))
                    for measure, each in zip(parts, spreads, strict=True)
                ],
                successes=f"{int(held['success'].sel(rival=name).sum())} of {held.sizes['seed']}",
                steps=f"{reached:,.0f}" if np.isfinite(reached) else "–",
                cost=f"{cost[name]:.1f}",
                gradients=f"{gradients[name]:.0f}" if np.isfinite(gradients[name]) else "–",
                until=number(reached * cost[name]) if np.isfinite(reached) else "–",
                **other,
            )
        )
    return rows


def _range(at: xr.Dataset, measure: Measure) -> str:
    return f"{measure.text(float(at['low']))}–{measure.text(float(at['high']))}"


def spread(dataset: xr.Dataset) -> Picture:
    """Every rival's seeds, mean and interval in each measure, and its difference from simultaneous descent."""
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
        f"{name} {', '.join(_interval(comparison.intervals(held[m.name]).sel(rival=name), m) for m in parts)}"
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
    """Every setting's median, a row for each rival and value of its parameter; those that work are framed."""
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
    """Every rival's best setting along training."""
    measure, names, chosen = ranked(dataset)[0], order(dataset), comparison.best(dataset)
    values = dataset[measure.name].isel(setting=[chosen[name] for name in names]).median("seed")
    steps = [f"{step:,}" for step in dataset["step"].values]
    most = facts.shared(dataset, "modes_total")
    values = values.transpose("setting", "step").values
    return heat(
        names, steps, values, measure, "step", name="along", when="along training", width=8 / len(steps), most=most
    )
