"""Figures of two-dimensional samples: a row for each setting, a column for each step."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from saddlery.analysis import facts
from saddlery.analysis.seeds import ended, median_seeds, spaced
from saddlery.plots.grid import COLUMNS, alt, grid, heading, label, note, rows_of
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, REAL, Look, looks


def evolution(dataset: xr.Dataset, record: int | None = None) -> Picture:
    """Samples along training of each setting's median seed on one square, beside the real modes or real samples.

    Modes are ringed at their centres, real samples of other data are grey.

    **Arguments:** `record`: the only one that is shown; by default some from the first to the last.
    """
    positions = spaced(dataset, COLUMNS) if record is None else np.array([record])
    chosen, styles = median_seeds(dataset), looks(dataset)
    rows, columns = len(styles), len(positions)
    low, high = limits(dataset)
    figure, cells = grid(rows, columns)
    for i, (look, seed) in enumerate(zip(styles, chosen, strict=True)):
        for axes, each in zip(cells[i], positions, strict=True):
            _cell(axes, dataset.isel(setting=i, seed=seed, step=each), look, (low, high))
            axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        label(cells[i][0], look, dataset, seed)
    for axes, each in zip(cells[0], positions, strict=True):
        axes.set_title(f"step {dataset['step'].values[each]:,}", fontsize=8.5, color=INK, pad=4)
    for axes in cells[-1]:
        axes.set_xlabel("$x_1$ (data units)", fontsize=8, color=INK)
    for row in cells:
        row[0].set_ylabel("$x_2$ (data units)", fontsize=8, color=INK, labelpad=1)
    ringed = ", the real modes ringed" if "centres" in dataset else ""
    ringed = ", over real samples in grey" if "real_points" in dataset else ringed
    if record is None:
        heading(figure, f"Samples along training{ringed}")
        return render(figure, "evolution", alt(dataset, chosen, "samples"))
    heading(figure, "Samples")
    return render(figure, "samples", f"Samples at step {dataset['step'].values[record]:,}; {rows_of(dataset, chosen)}.")


def _cell(axes: Axes, record: xr.Dataset, look: Look, corners: tuple[np.ndarray, np.ndarray]) -> None:
    """One record's samples, with the modes they cover and the share that lies outside the square."""
    if "centres" in record:
        axes.scatter(*record["centres"].values.T, s=22, facecolor="none", edgecolor=GREY, linewidth=0.7)
    if "real_points" in record:
        axes.scatter(*record["real_points"].values.T, s=5, color=REAL, linewidth=0, rasterized=True)
    if ended(record):
        axes.text(0.5, 0.5, "diverged", transform=axes.transAxes, ha="center", color=GREY, fontsize=8)
        return
    points = record["samples"].values
    axes.scatter(*points.T, s=5, color=look.color, alpha=0.35, linewidth=0, rasterized=True)
    if "modes" in record and np.isfinite(record["modes"]):
        total = float(facts.along(record, "modes_total"))
        note(axes, f"{float(record['modes']):.0f}" + (f"/{total:.0f}" if np.isfinite(total) else " modes"))
    low, high = corners
    outside = ((points < low) | (points > high)).any(-1).mean()
    if outside > 0.01:
        note(axes, f"{outside:.0%} outside", y=0.03)


def limits(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the square that is drawn: around the centres, or real samples, with a margin.

    Where neither is known, around all samples but the outermost hundredth.
    """
    name = next((name for name in ("centres", "real_points") if name in dataset), "samples")
    known = name != "samples"
    points = dataset[name].values.astype(float).reshape(-1, 2)
    points = points[np.isfinite(points).all(-1)]
    if not known:
        points = np.quantile(points, [0.005, 0.995], axis=0) if len(points) else np.array([[-1.0, -1.0], [1.0, 1.0]])
    middle = (points.max(0) + points.min(0)) / 2
    half = 1.35 * abs(points - middle).max() + 4 * max(facts.distinct(dataset, "mode_std"), default=0.0)
    half = half or 1.0  # of points that all lie in one place
    return middle - half, middle + half
