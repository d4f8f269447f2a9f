"""Figures of generated images: those of the last record beside real ones, and their evolution."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine

from saddlery.analysis import facts
from saddlery.analysis.seeds import ended, median_seeds, spaced
from saddlery.plots.grid import COLUMNS, alt, grid, heading, label
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, looks

SIDE = 8  # images along each side of the last record's squares
SMALL = 5  # and of the evolution's
PANEL = 2.6  # inches


def drawn(dataset: xr.Dataset, record: int = -1) -> Picture:
    """Generated images of each setting's median seed at a record, by default the last, beside real ones."""
    chosen, styles = median_seeds(dataset), looks(dataset)
    panels: list[tuple[str, str, str, np.ndarray | None]] = []
    for of, images in facts.arrays(dataset, "real"):
        panels.append((f"real, {of}" if of else "real", "from the data", INK, images))
    for i, (look, seed) in enumerate(zip(styles, chosen, strict=True)):
        final = _images(dataset.isel(setting=i, seed=seed, step=record))
        panels.append((look.label, f"seed {dataset['seed'].values[seed]}", look.color, final))
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    figure = canvas(columns * PANEL, rows * (PANEL + 0.25) + 0.35, layout=ConstrainedLayoutEngine(wspace=0.04))
    cells = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in cells:
        axes.set_axis_off()
    for axes, (name, origin, tint, images) in zip(cells, panels, strict=False):
        show(axes, images, SIDE, tint)
        axes.set_title(name, fontsize=9.5, weight="bold", color=tint, loc="left", pad=4)
        axes.set_title(origin, fontsize=8, color=GREY, loc="right", pad=4)
    step = dataset["step"].values[record]
    figure.suptitle(f"Generated images at step {step:,}", x=0.01, ha="left", fontsize=11, weight="bold", color=INK)
    words = ", ".join(f"{name} ({origin})" for name, origin, *_ in panels)
    return render(figure, "drawn", f"Squares of {SIDE} by {SIDE} images at step {step}: {words}.")


def evolution_of_images(dataset: xr.Dataset) -> Picture:
    """Generated images along training: a row for each setting's median seed, a column for each step."""
    positions, chosen, styles = spaced(dataset, COLUMNS), median_seeds(dataset), looks(dataset)
    figure, cells = grid(len(styles), len(positions), bottom=0.12)
    for i, (look, seed) in enumerate(zip(styles, chosen, strict=True)):
        for axes, record in zip(cells[i], positions, strict=True):
            images = _images(dataset.isel(setting=i, seed=seed, step=record))
            show(axes, images, SMALL, look.color)
        label(cells[i][0], look, dataset, seed)
    for axes, record in zip(cells[0], positions, strict=True):
        axes.set_title(f"step {dataset['step'].values[record]:,}", fontsize=8.5, color=INK, pad=4)
    heading(figure, "Images along training")
    return render(figure, "evolution", alt(dataset, chosen, "images"))


def _images(record: xr.Dataset) -> np.ndarray | None:
    """The images of one record, or `None` when its seed has diverged."""
    return None if ended(record) else record["samples"].values


def show(axes: Axes, images: np.ndarray | None, side: int, tint: str) -> None:
    """Draw a square of images in a frame of the method's colour, or the word that there are none."""
    axes.set(xticks=[], yticks=[])
    axes.set_axis_on()
    axes.spines[:].set(color=tint, linewidth=1)
    if images is None:
        axes.text(0.5, 0.5, "diverged", transform=axes.transAxes, ha="center", color=GREY, fontsize=8)
        return
    axes.imshow(tiled(images, side), cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def tiled(images: np.ndarray, side: int) -> np.ndarray:
    """The first `side²` images `(sample, height, width, channel)` tiled into one, a white pixel between them.

    **Returns:** `(height, width)` for one channel, else `(height, width, 3)`, uint8.
    """
    side = min(side, int(np.sqrt(len(images))))
    _, height, width, channels = images.shape
    padded = np.full((side * side, height + 1, width + 1, channels), 255, np.uint8)
    padded[:, 1:, 1:] = images[: side * side]
    rows = padded.reshape(side, side, height + 1, width + 1, channels).swapaxes(1, 2)
    whole = rows.reshape(side * (height + 1), side * (width + 1), channels)[1:, 1:]
    return whole[..., 0] if channels == 1 else whole[..., :3]
