"""A measure along training: the median over seeds, the spread between them, and each seed."""

import textwrap
import warnings
from typing import overload

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from saddlery.analysis import facts
from saddlery.analysis.measures import Measure, measured
from saddlery.analysis.seeds import recorded
from saddlery.errors import InvalidValue
from saddlery.plots.given import Records, experiment
from saddlery.plots.picture import Picture, Pictures, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress, logarithmic, looks
from saddlery.plots.trends import Diagnosed, is_diagnosis, trends
from saddlery.text.names import nearest

LEGEND = 44  # characters of a line of a legend
LINEAR = 10  # up to which a "signed" axis is linear


@overload
def curves(of: Records | Diagnosed, measure: None = None) -> Pictures: ...


@overload
def curves(of: Records | Diagnosed, measure: str) -> Picture: ...


def curves(of: Records | Diagnosed, measure: str | None = None) -> Picture | Pictures:
    """Curves of what was recorded along training: a figure for each measure, or that of one.

    The settings are in their methods' colours: medians over the seeds as lines, the middle half of the seeds as bands,
    each seed thin, and a cross at the last record of a seed that diverged. The dashed line is the value of a perfect
    sampler. A diagnosis has its norms, losses and samples, from the grey line on along its trial run.

        >>> import saddlery as sd
        >>> run = sd.train(sd.games.bilinear(), sd.methods.simultaneous(), steps=4, key=0, seeds=2)
        >>> curves(run, "generator_norm").alt  # doctest: +ELLIPSIS
        "Generator's gradient norm against the training step. Medians over the seeds at the end: run ..."

    **Arguments:**
    - `of`: a `Run`, a `Results`, a `Diagnosis`, or a dataset along `step`, and where there are several `setting` and
      `seed`.
    - `measure`: the name of one, such as `"modes"` or `"generator_loss"`; of a diagnosis `"norms"`, `"losses"` or
      `"samples"`. Without it, all but those that are details.

    **Returns:** a `Picture`, or without `measure` several, `Pictures`.

    **Raises:** `TypeError` for what holds no records; `ValueError` for a measure that was not recorded, naming the
    nearest, and where there is none at all.
    """
    if is_diagnosis(of):
        drawn = trends(of)
        if measure is None:
            return drawn
        named = {each.name: each for each in drawn}
        if measure not in named:
            raise InvalidValue(nearest("measure", measure, named))
        return named[measure]
    dataset = experiment("curves", of, "a Run, a Results, a Diagnosis or an xarray.Dataset")
    known = {each.name: each for each in measured(dataset)}
    if measure is None and not drawn_of(dataset):
        raise InvalidValue("curves: the records hold no measure; probes record them, such as saddlery.metrics.probes")
    if measure is None:
        return Pictures(curve(dataset, each) for each in drawn_of(dataset))
    if measure not in known:
        raise InvalidValue(nearest("measure", measure, known))
    return curve(dataset, known[measure])


def drawn_of(dataset: xr.Dataset) -> list[Measure]:
    """The measures of an experiment that are drawn: all but details."""
    return measured(dataset, "quality", "training", "own")


def curve(dataset: xr.Dataset, measure: Measure) -> Picture:
    """The curve of a measure: medians as lines, the middle half of the seeds as bands, each seed thin.

    The dashed line is the value of a perfect sampler, one for each game where they differ; a cross marks the last
    record of a seed that diverged.
    """
    styles = looks(dataset)
    perfect = facts.distinct(dataset, f"perfect_{measure.name}")
    names = [textwrap.fill(look.label, LEGEND) for look in styles]
    legend_columns = 2 if max(map(len, names)) <= 19 else 1
    lines = -(-(sum(name.count("\n") + 1 for name in names) + bool(perfect)) // legend_columns)
    figure = canvas(2.95, 2.25 + 0.16 * lines, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    values = recorded(dataset, measure.name).values
    for row, look in zip(values, styles, strict=True):
        _spread(axes, dataset["step"].values, row, look)
    handles = [Line2D([], [], color=s.color, linestyle=s.linestyle, linewidth=1.8, label=name)
               for s, name in zip(styles, names, strict=True)]  # fmt: skip
    for value in perfect:
        axes.axhline(value, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=4)
    if perfect:
        handles.append(Line2D([], [], color=INK, linewidth=1, linestyle=(0, (4, 3)), label="perfect sampler"))
    place = {"loc": "outside lower center", "ncols": legend_columns, "borderpad": 0, "columnspacing": 1}
    figure.legend(handles=handles, fontsize=7.3, frameon=False, labelcolor=INK, handlelength=1.5, **place)
    _scale(axes, measure, values)
    axes.set_title(measure.title, loc="left", fontsize=10, fontweight="bold", color=INK)
    axes.set_xlabel("training step", fontsize=8, color=INK)
    axes.set_ylabel(measure.axis, fontsize=8, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    return render(figure, measure.name.replace("_", "-"), _alt(dataset, measure, values))


def _spread(axes: Axes, steps: np.ndarray, seeds: np.ndarray, look) -> None:
    """One setting: median, middle half, each seed, and a cross where one ended early."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a record at which every seed has diverged
        low, median, high = np.nanpercentile(seeds, [25, 50, 75], axis=0)
    axes.plot(steps, seeds.T, color=look.color, linewidth=0.5, alpha=0.35)
    axes.fill_between(steps, low, high, color=look.color, alpha=0.16, linewidth=0)
    axes.plot(steps, median, color=look.color, linestyle=look.linestyle, linewidth=1.8)
    for seed in seeds:
        known = np.flatnonzero(np.isfinite(seed))
        if len(known) > 0 and known[-1] < len(steps) - 1:
            axes.plot(steps[known[-1]], seed[known[-1]], "x", color=look.color, markersize=5, markeredgewidth=1.4)


def _scale(axes: Axes, measure: Measure, values: np.ndarray) -> None:
    """The vertical axis, after the measure's scale and the values drawn."""
    finite = values[np.isfinite(values)]
    if measure.scale == "share":
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f}"))
    elif measure.scale == "log" and (finite > 0).any():
        logarithmic(axes)
    elif measure.scale == "signed" and len(finite) and abs(finite).max() > 3 * LINEAR:
        axes.set_yscale("symlog", linthresh=LINEAR)
        axes.axhspan(-LINEAR, LINEAR, color=GREY, alpha=0.06, linewidth=0)
    elif measure.name == "modes":
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    if measure.scale == "linear":
        axes.set_ylim(bottom=0)


def _alt(dataset: xr.Dataset, measure: Measure, values: np.ndarray) -> str:
    """The figure in words: each setting's median at the last record that has one."""
    parts = []
    for label, row in zip(dataset["setting"].values, values, strict=True):
        known = np.flatnonzero(np.isfinite(row).any(0))
        parts.append(f"{label} {measure.text(np.nanmedian(row[:, known[-1]]))}" if len(known) else f"{label} none")
    return f"{measure.title} against the training step. Medians over the seeds at the end: {', '.join(parts)}."
