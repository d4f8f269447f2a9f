"""Heat maps of a measure: a row for each method with its parameters, a column for each learning rate."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle

from saddlery.analysis.measures import Measure
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, dress

ROW, COLUMN, LETTER = 0.235, 0.78, 0.062  # inches, the last of a row's label
BOLD, LINE = 0.088, 0.17  # inches of a letter and of a line of the title


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
    """A heat map of numbers in coloured cells, better ones darker.

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
    across, down = width * len(columns), ROW * len(rows)
    left = LETTER * max(map(len, rows)) + 0.25
    wide = left + across + 0.15
    title = textwrap.wrap(f"{measure.title} {when}, median over seeds", int((wide - 0.2) / BOLD))
    high = down + 0.6 + LINE * len(title)
    figure = canvas(wide, high)
    axes = dress(figure.add_axes((left / wide, 0.45 / high, across / wide, down / high)))
    axes.imshow(values, cmap="Blues_r" if small else "Blues", norm=norm, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if not np.isfinite(value):
            axes.text(j, i, "–", ha="center", va="center", fontsize=7, color=GREY)
            continue
        share = float(norm(value))
        dark = share < 0.5 if small else share > 0.5
        axes.text(
            j, i, measure.text(float(value)), ha="center", va="center", fontsize=7, color="white" if dark else INK
        )
        if marked is not None and marked[i, j]:
            axes.add_patch(Rectangle((j - 0.47, i - 0.44), 0.94, 0.88, fill=False, edgecolor="#d55e00", linewidth=1.4))
    axes.set_yticks(range(len(rows)), list(rows), fontsize=7.5)
    axes.set_xticks(range(len(columns)), list(columns), fontsize=7.5)
    axes.set_xlabel(axis, fontsize=8, color=INK)
    figure.text(0.1 / wide, 1 - 0.06 / high, "\n".join(title), fontsize=9.5, weight="bold", color=INK, va="top")
    axes.tick_params(length=0)
    texts = "; ".join(
        f"{row} " + ", ".join(measure.text(float(v)) if np.isfinite(v) else "none" for v in line)
        for row, line in zip(rows, values, strict=True)
    )
    return render(figure, name, f"{measure.title} by {axis} ({', '.join(columns)}): {texts}.")
