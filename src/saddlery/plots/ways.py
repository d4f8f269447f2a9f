"""The paths of each setting's runs in the plane of two numbers of their players, on the vector field of the game."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize

from saddlery.analysis import facts
from saddlery.plots.field import arrows, norm_of
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, dress, looks

COLUMNS, SIDE = 3, 2.9  # panels beside each other, and the inches of one
POSITION, FIELD = "position", "field_velocity"


def ways(dataset: xr.Dataset) -> Picture | None:
    """The paths of all runs on the field, a panel for each setting; `None` where positions or field are not on record.

    **Arguments:** `dataset`: of an experiment along `setting`, `seed`, `step`, with `position` and the facts that
    `saddlery.experiments.plane.plane` gives.
    """
    if POSITION not in dataset or FIELD not in dataset:
        return None
    styles = looks(dataset)
    columns = 2 if len(styles) == 4 else min(COLUMNS, len(styles))
    rows = -(-len(styles) // columns)
    figure = canvas(columns * SIDE + 1.1, rows * (SIDE + 0.25) + 0.3, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    norm = norm_of(np.linalg.norm(dataset[FIELD].values, axis=-1))
    drawn: Any = None
    for i, (look, axes) in enumerate(zip(styles, panels.flat, strict=False)):
        dress(axes)
        drawn = _field(axes, dataset, i, norm)
        _paths(axes, dataset, i, look.color)
        axes.set_title(look.label, loc="left", fontsize=8.5, fontweight="bold", color=look.color)
        axes.set_xlabel(named(dataset, 0), fontsize=8, color=INK)
        axes.set_ylabel(named(dataset, 1), fontsize=8, color=INK)
    for axes in panels.flat[len(styles) :]:
        axes.set_axis_off()
    bar = figure.colorbar(drawn, ax=panels, shrink=0.8 / rows + 0.1, pad=0.02)
    bar.set_label("‖v‖ (loss per unit)", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK)
    seeds = dataset.sizes["seed"]
    alt = (
        f"The paths of {seeds} seed{'' if seeds == 1 else 's'} on the vector field, a panel for each of: "
        f"{', '.join(look.label for look in styles)}."
    )
    return render(figure, "ways", alt)


def caption(dataset: xr.Dataset) -> str:
    """What the figure shows, in words: how the field was computed, and what of the players is seen."""
    batches = facts.distinct(dataset, "field_batches")
    parts = ["Arrows: the direction of v, minus the simultaneous gradient, in the colour of its norm"]
    if batches and max(batches) > 0:
        parts[0] += f", averaged over {max(batches):.0f} batches, the same ones at every point"
    if max(facts.distinct(dataset, "field_numbers"), default=2) > 2:
        held = "at the equilibrium" if np.isfinite(dataset["field_rest"].values).all() else "at 0"
        parts.append(
            f"The plane is that of each player's first number: v is computed with the others {held}, and paths are "
            "projected onto it"
        )
    every = np.diff(dataset["step"].values).max(initial=1)
    line = "straight from record to record" if every == 1 else f"straight between records, {every:,} steps apart"
    parts.append(f"Lines: each seed's path, {line}, from the ring at its start to the dot at its last record")
    if beyond(dataset):
        parts.append("Where a path leaves the square it is not drawn")
    if np.isfinite(dataset["field_rest"].values).any():
        parts.append("Cross: the equilibrium")
    return ". ".join(parts) + "."


def beyond(dataset: xr.Dataset) -> bool:
    """Whether a path leaves the square that is drawn."""
    for i in range(dataset.sizes["setting"]):
        (left, right), (low, high) = _ends(dataset, i)
        for path in _known(dataset, i):
            if ((path < (left, low)) | (path > (right, high))).any():
                return True
    return False


def named(dataset: xr.Dataset, player: int) -> str:
    """What an axis is called."""
    numbers, of_generator = (
        max(facts.distinct(dataset, name), default=1) for name in ("field_numbers", "field_generator_numbers")
    )
    of_player = of_generator if player == 0 else numbers - of_generator
    return f"{('generator', 'discriminator')[player]}{'’s first number' if of_player > 1 else ''}"


def _field(axes: Axes, dataset: xr.Dataset, i: int, norm: Normalize | LogNorm) -> Any:
    """The arrows, and the equilibrium, in a square that ends half a cell beyond the grid."""
    x, y, v, rest = (facts.of(dataset, f"field_{name}", i) for name in ("x", "y", "velocity", "rest"))
    drawn = arrows(axes, x, y, v, norm)
    drawn.set_alpha(0.75)
    for ends, limit in zip(_ends(dataset, i), (axes.set_xlim, axes.set_ylim), strict=True):
        limit(*ends)
    axes.set_box_aspect(1)
    if np.isfinite(rest).all():
        axes.plot(*rest, "+", color=INK, markersize=9, markeredgewidth=1.2, zorder=3)
    return drawn


def _paths(axes: Axes, dataset: xr.Dataset, i: int, color: str) -> None:
    """Each seed's path, from a ring to a dot."""
    for path in _known(dataset, i):
        axes.plot(*path.T, color=color, linewidth=1.2, zorder=2)
        axes.plot(*path[0], "o", color="white", markeredgecolor=color, markersize=5.5, zorder=4)
        axes.plot(*path[-1], "o", color=color, markersize=4, zorder=4)


def _ends(dataset: xr.Dataset, i: int) -> list[tuple[float, float]]:
    """Where the square of a setting ends, along each axis."""
    found = []
    for name in ("x", "y"):
        grid = facts.of(dataset, f"field_{name}", i)
        half = (grid[1] - grid[0]) / 2
        found.append((float(grid[0] - half), float(grid[-1] + half)))
    return found


def _known(dataset: xr.Dataset, i: int) -> list[np.ndarray]:
    """Each seed's path `(step, 2)` in the plane, its finite positions."""
    split = int(facts.along(dataset, "field_generator_numbers").values[i])
    positions = dataset[POSITION].isel(setting=i).transpose("seed", "step", ...).values.astype(float)
    paths = (each[np.isfinite(each).all(-1)] for each in positions[..., [0, split]])
    return [path for path in paths if len(path)]
