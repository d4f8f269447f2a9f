"""Figures of the study `numerics-ring`: eigenvalues in the complex plane, their distribution, and kinks."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from saddlery.analysis.numbers import percent
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress, looks
from saddlery.studies.numerics_ring.findings import PANELS, at_kinks, seen

WINDOW = ((-3.5, 0.75), (-1.2, 1.2))  # the part of the plane that the paper shows
STROKES = ("-", (0, (3, 2)))  # of the distances
FIELDS = {"v": "v′", "consensus": "v′ − γ v′ᵀ v′"}


def chosen_moments(dataset: xr.Dataset, most: int = 3) -> np.ndarray:
    """The positions of at most `most` moments, the first and the last among them."""
    moments = dataset.sizes["moment"]
    return np.unique(np.linspace(0, moments - 1, min(most, moments)).round().astype(int))


def eigenvalues(dataset: xr.Dataset, field: str, full: bool) -> Picture:
    """Eigenvalues of all seeds in the complex plane, a row for each setting, a column for each moment.

    In the part of the plane that the paper shows, or with `full` all of it, on axes that are linear around zero.
    """
    moments, styles, name = chosen_moments(dataset), looks(dataset), FIELDS[field]
    figure = canvas(3.1 * len(moments) + 0.2, 2.25 * len(styles) + 0.5, layout="constrained")
    grid = figure.subplots(len(styles), len(moments), sharex=not full, sharey=not full, squeeze=False)
    beyond = []
    for i, look in enumerate(styles):
        for axes, j in zip(grid[i], moments, strict=True):
            cell = dataset.isel(setting=i, moment=j).sel(field=field)
            real, imaginary = cell["eigenvalues_real"].values.ravel(), cell["eigenvalues_imaginary"].values.ravel()
            known = np.isfinite(real)
            axes = dress(axes)
            axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)
            axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
            axes.scatter(real, imaginary, s=6, color=look.color, alpha=0.45, linewidth=0, rasterized=True)
            if full:
                _all_of_it(axes, real[known], imaginary[known])
            else:
                axes.set(xlim=WINDOW[0], ylim=WINDOW[1])
                beyond.append(_outside(axes, real[known], imaginary[known]))
            axes.set_title(f"{look.label}, step {dataset['moment'].values[j]:,}", fontsize=8.5, color=INK, loc="left")
            if i == len(styles) - 1:
                axes.set_xlabel("Re λ (per unit of time)", fontsize=8, color=INK)
        grid[i][0].set_ylabel("Im λ (per unit of time)", fontsize=8, color=INK)
    which = "all of them, axes linear around zero and logarithmic beyond" if full else "the part that the paper shows"
    figure.suptitle(f"Eigenvalues of {name}: {which}", x=0.01, ha="left", fontsize=11, weight="bold", color=INK)
    alt = f"Eigenvalues of {name} in the complex plane, {which}; rows are settings, columns moments of training."
    if beyond:
        alt += f" Outside the window lie, row by row, {', '.join(beyond)} of the eigenvalues."
    return render(figure, f"{'full' if full else 'eigenvalues'}-{field}", alt)


def _outside(axes: Axes, real: np.ndarray, imaginary: np.ndarray) -> str:
    """Say in a corner which share of the eigenvalues the window leaves out."""
    (left, right), (low, high) = WINDOW
    outside = (real < left) | (real > right) | (imaginary < low) | (imaginary > high)
    share = percent(float(outside.mean())) if len(real) else "–"
    box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8}
    text = f"{share} outside" if len(real) else "diverged"
    axes.text(0.03, 0.96, text, transform=axes.transAxes, va="top", fontsize=7, color=INK, bbox=box)
    return share


def _all_of_it(axes: Axes, real: np.ndarray, imaginary: np.ndarray) -> None:
    """Axes that hold everything: linear up to a ten-thousandth of the largest magnitude, logarithmic beyond."""
    largest = xr.apply_ufunc(np.hypot, real, imaginary).max(initial=1e-12)
    exponent = int(np.floor(np.log10(largest)))
    ticks = [sign * 10.0 ** (exponent - down) for down in (2, 0) for sign in (-1, 1)] + [0]
    for axis, scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
        scale("symlog", linthresh=10.0 ** (exponent - 3), linscale=0.6)
        axis.set_ticks(sorted(ticks))
        axis.set_ticks([], minor=True)
    axes.set(xlim=(-3 * largest, 3 * largest), ylim=(-3 * largest, 3 * largest))


def distribution(dataset: xr.Dataset) -> Picture:
    """The distribution of eigenvalues of v′: how many parts exceed each threshold, before and after training."""
    figure = canvas(9.4, 3.3, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    thresholds = np.geomspace(1e-7, 1, 141)
    kinds = {"Re λ < −t": "-", "Re λ > t": (0, (5, 2)), "|Im λ| > t": (0, (1, 1.2))}
    for axes, j in zip(panels, (0, -1), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i, look in enumerate(looks(dataset)):
            cell = dataset.isel(setting=i, moment=j).sel(field="v")
            real, imaginary = cell["eigenvalues_real"].values, cell["eigenvalues_imaginary"].values
            scale = xr.apply_ufunc(np.hypot, real, imaginary).max(-1, keepdims=True)
            for values, line in zip((-real, real, abs(imaginary)), kinds.values(), strict=True):
                above = ((values / scale)[..., None] > thresholds).mean(1)
                above = np.where(np.isfinite(scale), above, np.nan)
                axes.plot(thresholds, np.nanmedian(above, axis=0), color=look.color, linestyle=line, linewidth=1.5)
        axes.set_xscale("log")
        axes.set_xlabel("threshold t, of the largest magnitude", fontsize=8, color=INK)
        axes.set_title(f"Step {dataset['moment'].values[j]:,}", fontsize=9.5, weight="bold", color=INK, loc="left")
    panels[0].set_ylabel("share of the eigenvalues of v′", fontsize=8, color=INK)
    handles = [Line2D([], [], color=look.color, label=look.label) for look in looks(dataset)]
    handles += [Line2D([], [], color=INK, linestyle=line, label=kind) for kind, line in kinds.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False, labelcolor=INK)
    alt = "Shares of eigenvalues of v′ whose real or imaginary part exceeds a threshold, against the threshold."
    return render(figure, "distribution", alt)


def kinks(dataset: xr.Dataset) -> Picture:
    """The share of curvature in the Jacobian along training, a line for each method and distance, a band over seeds."""
    figure = canvas(9.4, 3.4, layout="constrained")
    panels, styles = figure.subplots(1, 2, sharey=True), looks(dataset)
    near, far = dataset["h"].values
    for axes, (along, title) in zip(panels, PANELS.items(), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        relu = seen(dataset, "relu", along)
        for i, look in enumerate(styles):
            for h, stroke in zip((near, far), STROKES, strict=True):
                here = relu.isel(setting=i).sel(h=h)
                axes.plot(dataset["instant"], here["middle"], color=look.color, linestyle=stroke, linewidth=1.6)
            here = relu.isel(setting=i).sel(h=near)
            axes.fill_between(dataset["instant"], here["least"], here["most"], color=look.color, alpha=0.18, lw=0)
        smooth = seen(dataset, "tanh", along)["middle"].sel(h=near)
        axes.plot(dataset["instant"], smooth.transpose("instant", "setting"), color=GREY, linewidth=1.6)
        axes.set_title(title, fontsize=9.5, weight="bold", color=INK, loc="left")
        axes.set_xlabel("step", fontsize=8, color=INK)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_ylim(0, 1.1)
    panels[0].set_ylabel("‖v′u‖ of ‖finite difference‖ (%)", fontsize=8, color=INK)
    handles = [Line2D([], [], color=look.color, label=f"relu, {look.label}") for look in styles]
    handles += [
        Line2D([], [], color=GREY, label="tanh, both"),
        Line2D([], [], color=INK, linestyle=STROKES[0], label=f"h = {near:g}"),
        Line2D([], [], color=INK, linestyle=STROKES[1], label=f"h = {far:g}"),
        Patch(color=INK, alpha=0.18, lw=0, label="seeds"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, fontsize=8, frameon=False, labelcolor=INK)
    alt = f"Share of the field's curvature that its Jacobian holds, along training. {at_kinks(dataset).text}"
    return render(figure, "kinks", alt)
