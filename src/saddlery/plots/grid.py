"""Grids of panels: a row for each setting, a column for each step."""

import textwrap
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saddlery.analysis.seeds import diverged
from saddlery.plots.style import GREY, INK, Look, canvas, dress

COLUMNS = 7
ROW = 19  # small characters of a row's label in a line
CELL, LEFT, RIGHT, TOP, GAP = 1.4, 1.95, 0.1, 0.62, 0.07  # inches


def grid(rows: int, columns: int, bottom: float = 0.55) -> tuple[Figure, Any]:
    """A figure with a square panel for each row and column, labelled at the left and at the bottom only."""
    width = LEFT + columns * CELL + (columns - 1) * GAP + RIGHT
    height = TOP + rows * CELL + (rows - 1) * GAP + bottom
    figure = canvas(width, height)
    cells = figure.subplots(
        rows,
        columns,
        squeeze=False,
        sharex=True,
        sharey=True,
        gridspec_kw={
            "left": LEFT / width,
            "right": 1 - RIGHT / width,
            "top": 1 - TOP / height,
            "bottom": bottom / height,
            "wspace": GAP / CELL,
            "hspace": GAP / CELL,
        },
    )
    for axes in cells.flat:
        dress(axes)
        axes.label_outer()
    return figure, cells


def heading(figure: Figure, text: str) -> None:
    """The figure's title, at its upper left."""
    figure.text(
        0.1 / figure.get_figwidth(), 1 - 0.24 / figure.get_figheight(), text, fontsize=11, weight="bold", color=INK
    )


def label(axes: Axes, look: Look, dataset: xr.Dataset, seed: int) -> None:
    """A row's label at the left of its first cell: the setting, and which seed is shown."""
    left = -(LEFT - 0.1) / CELL
    name = look.label.replace(" on ", "\non ").replace("(", "\n(", 1) if len(look.label) > 14 else look.label
    size = 9 if len(name.rpartition("\n")[2]) <= 17 else 7
    name = name if size == 9 else "\n".join(textwrap.fill(line, ROW) for line in name.replace(", ", ",\n").split("\n"))
    seed_name = f"seed {dataset['seed'].values[seed]}"
    axes.text(left, 0.55, name, transform=axes.transAxes, va="bottom", size=size, weight="bold", color=look.color)
    axes.text(left, 0.5, seed_name, transform=axes.transAxes, va="top", size=8, color=GREY)


def note(axes: Axes, text: str, y: float = 0.97) -> None:
    """A small remark in a corner of a cell."""
    box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8}
    va = "top" if y > 0.5 else "bottom"
    axes.text(0.96, y, text, transform=axes.transAxes, ha="right", va=va, fontsize=7, color=INK, bbox=box)


def alt(dataset: xr.Dataset, chosen: list[int], what: str) -> str:
    """The alternative text of a figure."""
    return f"Generated {what} from step 0 at the left to the last step at the right; {rows_of(dataset, chosen)}."


def rows_of(dataset: xr.Dataset, chosen: list[int]) -> str:
    """The rows of a figure in words: which seed each shows, and which of them diverged."""
    lost = diverged(dataset).values
    rows = [
        f"{setting}, seed {dataset['seed'].values[seed]}{' (diverged)' if lost[i, seed] else ''}"
        for i, (setting, seed) in enumerate(zip(dataset["setting"].values, chosen, strict=True))
    ]
    return f"rows: {'; '.join(rows)}"
