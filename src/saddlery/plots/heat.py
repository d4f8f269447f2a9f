"""Heat maps of a measure: a row for each method with its parameters, a column for each learning rate."""

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle

from saddlery.analysis.measures import Measure
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, dress

ROW, COLUMN, LETTER = 0.235, 0.78, 0.062  # inches, the last of a row's label
BOLD, LINE = 0.088, 0.17  # inches of a letter and of a line of the title
WRITTEN = 600  # cells up to which numbers stand in them; of more, colours are told by a bar
LARGEST, APART, BAR = 9.0, 0.55, 0.75  # inches: of a map without numbers, between labels of columns, for the bar


def heat(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    measure: Measure,
    axis: str,
    *,
    name: str = "map",
    when: str = "at the last record",
    width: float = COLUMN,
    most: float | None = None,
    marked: np.ndarray | None = None,
) -> Picture:
    """A heat map of numbers in coloured cells, better ones darker; of more than 600 cells without the numbers.

    **Arguments:**
    - `rows`, `columns`: what they are called; `axis`: what the columns are.
    - `values`: `(row, column)`, NaN where there is none.
    - `measure`: what the values are, and whether more of it is better.
    - `name`: of the picture; `when`: what the title says of them; `width`: of a column, in inches.
    - `most`: the value of the darkest cells, by default the greatest there is.
    - `marked`: cells that get a frame.
    """
    small, known = measure.better == "less", values[np.isfinite(values)]
    top = most if most is not None else known.max(initial=1.0)
    logarithmic = measure.scale == "log" and known.size and known.min() > 0
    norm = LogNorm(known.min(), known.max()) if logarithmic else Normalize(0, top)
    across, down, written = width * len(columns), ROW * len(rows), values.size <= WRITTEN
    if not written:
        across, down = min(across, LARGEST), min(down, LARGEST)
    left = LETTER * max(map(len, rows)) + 0.25
    wide = left + across + (0.15 if written else BAR)
    title = textwrap.wrap(f"{measure.title} {when}, median over seeds", int((wide - 0.2) / BOLD))
    high = down + 0.6 + LINE * len(title)
    figure = canvas(wide, high)
    axes = dress(figure.add_axes((left / wide, 0.45 / high, across / wide, down / high)))
    drawn = axes.imshow(values, cmap="Blues_r" if small else "Blues", norm=norm, aspect="auto")
    if written:
        _write(axes, values, norm, measure)
    else:
        bar = figure.add_axes(((left + across + 0.12) / wide, 0.45 / high, 0.14 / wide, down / high))
        dress(bar)
        figure.colorbar(drawn, cax=bar).ax.tick_params(labelsize=7)
    for i, j in [] if marked is None else np.argwhere(marked & np.isfinite(values)):
        axes.add_patch(Rectangle((j - 0.47, i - 0.44), 0.94, 0.88, fill=False, edgecolor="#d55e00", linewidth=1.4))
    for ticks, names, apart in (
        (axes.set_yticks, rows, ROW * len(rows) / down), (axes.set_xticks, columns, APART * len(columns) / across),
    ):  # fmt: skip
        some = range(0, len(names), max(1, math.ceil(round(apart, 6))))
        ticks(list(some), [names[i] for i in some], fontsize=7.5)
    axes.set_xlabel(axis, fontsize=8, color=INK)
    figure.text(0.1 / wide, 1 - 0.06 / high, "\n".join(title), fontsize=9.5, weight="bold", color=INK, va="top")
    axes.tick_params(length=0)
    told = _each(rows, values, measure) if written else _range(rows, columns, values, measure)
    by = f" ({', '.join(columns)})" if written else ""
    return render(figure, name, f"{measure.title} by {axis}{by}: {told}.")


def _write(axes: Axes, values: np.ndarray, norm: Normalize, measure: Measure) -> None:
    """The numbers in their cells, in white where those are dark."""
    for (i, j), value in np.ndenumerate(values):
        if not np.isfinite(value):
            axes.text(j, i, "–", ha="center", va="center", fontsize=7, color=GREY)
            continue
        share = float(norm(value))
        dark = share < 0.5 if measure.better == "less" else share > 0.5
        axes.text(
            j, i, measure.text(float(value)), ha="center", va="center", fontsize=7, color="white" if dark else INK
        )


def _each(rows: Sequence[str], values: np.ndarray, measure: Measure) -> str:
    """Every number in words."""
    return "; ".join(
        f"{row} " + ", ".join(measure.text(float(v)) if np.isfinite(v) else "none" for v in line)
        for row, line in zip(rows, values, strict=True)
    )


def _range(rows: Sequence[str], columns: Sequence[str], values: np.ndarray, measure: Measure) -> str:
    """In words how many numbers there are, from where to where they go, and where the best is."""
    known = np.isfinite(values)
    cells = f"{len(rows):,} rows by {len(columns):,} columns, {known.sum():,} with a number"
    if not known.any():
        return cells
    order = np.where(known, -values if measure.better == "more" else values, np.inf)
    i, j = divmod(int(order.argmin()), order.shape[1])
    low, high = (measure.text(float(end)) for end in (values[known].min(), values[known].max()))
    return f"{cells}, {low} to {high}, the best at {rows[i]}, {columns[j]}"
