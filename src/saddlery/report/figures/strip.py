"""The evolution of two-dimensional samples: a row for each setting, a column for each step."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from saddlery.analysis import facts
from saddlery.report.figures.grid import COLUMNS, alt, grid, heading, label, note
from saddlery.report.seeds import ended, median_seeds, spaced
from saddlery.report.style import GREY, INK, Look, Picture, looks, render


def evolution(dataset: xr.Dataset) -> Picture:
    """Samples of each setting's median seed, the real modes' centres ringed, on one square of data units."""
    positions, chosen, styles = spaced(dataset, COLUMNS), median_seeds(dataset), looks(dataset)
    rows, columns = len(styles), len(positions)
    low, high = limits(dataset)
    figure, cells = grid(rows, columns)
    for i, (look, seed) in enumerate(zip(styles, chosen, strict=True)):
        for axes, record in zip(cells[i], positions, strict=True):
            _cell(axes, dataset.isel(setting=i, seed=seed, step=record), look)
            axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        label(cells[i][0], look, dataset, seed)
    for axes, record in zip(cells[0], positions, strict=True):
        axes.set_title(f"step {dataset['step'].values[record]:,}", fontsize=8.5, color=INK, pad=4)
    for axes in cells[-1]:
        axes.set_xlabel("$x_1$ (data units)", fontsize=8, color=INK)
    for row in cells:
        row[0].set_ylabel("$x_2$ (data units)", fontsize=8, color=INK, labelpad=1)
    heading(figure, "Samples along training, the real modes ringed")
    return render(figure, "evolution", alt(dataset, chosen, "samples"))


def _cell(axes: Axes, record: xr.Dataset, look: Look) -> None:
    """One record's samples, with the modes they cover and the share that lies outside the square."""
    axes.scatter(*record["centres"].values.T, s=22, facecolor="none", edgecolor=GREY, linewidth=0.7)
    if ended(record):
        axes.text(0.5, 0.5, "diverged", transform=axes.transAxes, ha="center", color=GREY, fontsize=8)
        return
    points = record["samples"].values
    axes.scatter(*points.T, s=5, color=look.color, alpha=0.35, linewidth=0, rasterized=True)
    if "modes" in record and np.isfinite(record["modes"]):
        note(axes, f"{float(record['modes']):.0f}/{float(facts.along(record, 'modes_total')):.0f}")
    low, high = limits(record)
    outside = ((points < low) | (points > high)).any(-1).mean()
    if outside > 0.01:
        note(axes, f"{outside:.0%} outside", y=0.03)


def limits(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the square that is drawn: around the centres, with a margin."""
    centres = dataset["centres"].values.astype(float).reshape(-1, 2)
    centres = centres[np.isfinite(centres).all(-1)]
    middle = (centres.max(0) + centres.min(0)) / 2
    half = 1.35 * abs(centres - middle).max() + 4 * max(facts.distinct(dataset, "mode_std"), default=0.0)
    return middle - half, middle + half
