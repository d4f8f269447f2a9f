"""The style of figures: one colour for the same method everywhere, and the same plain axes."""

import zlib
from collections import Counter
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK = "#2b2a28"
GREY = "#77746f"
RULE = "#e4e1dc"
REAL = "#c9c5be"  # of real samples, over which generated ones are drawn
DPI = 160  # of PNG files, and of the scatter plots embedded in SVG files

# Okabe and Ito's and Paul Tol's colours, dark enough to be read on white; the first four differ for every
# common kind of colour vision.
COLOURS = {
    "simultaneous": "#d55e00",
    "alternating": "#c7719f",
    "consensus": "#0072b2",
    "unrolled": "#009e73",
    "extragradient": "#56a0d8",
    "optimistic": "#c98a00",
    "symplectic": "#882255",
    "competitive": "#7d7d1f",
    "jare": "#332288",
    "lookahead": "#a0522d",
    "neumann": "#3a8f86",
}
CONTROLS = {"real": INK, "noise": GREY, "untrained": "#a9a49c", "identity": "#b58fc9"}  # beside methods
STROKES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def colour(method: str) -> str:
    """The colour of a method, a function of its name alone: the same in every figure, experiment and report.

    A method that is in neither `COLOURS` nor `CONTROLS` takes one of the values of `COLOURS`, chosen by a checksum of
    the name; one whose name is not known, `""`, is drawn in ink.
    """
    if not method:
        return INK
    palette = tuple(COLOURS.values())
    return {**COLOURS, **CONTROLS}.get(method, palette[zlib.crc32(method.encode()) % len(palette)])


DEPTHS = {0: "#d55e00", 1: "#c9a000", 5: "#56a0d8", 10: "#0072b2", 20: "#2a2f6e"}  # of K, the steps unrolled


def of_depth(steps: float) -> str:
    """The colour of K unrolled steps, the same in every study: those of `DEPTHS`, and between them mixtures.

    >>> of_depth(0), of_depth(10), of_depth(2) in DEPTHS.values()
    ('#d55e00', '#0072b2', False)
    """
    known = np.log1p(sorted(DEPTHS))
    channels = np.array([to_rgb(DEPTHS[each]) for each in sorted(DEPTHS)])
    red, green, blue = (float(np.interp(np.log1p(steps), known, each)) for each in channels.T)
    return to_hex((red, green, blue))


def tint(dataset: xr.Dataset, i: int) -> str:
    """The colour of a setting: that of its K where there is a coordinate `depth`, else that of its `method`."""
    depth = float(dataset["depth"].values[i]) if "depth" in dataset.coords else np.nan
    return of_depth(depth) if np.isfinite(depth) else colour(str(dataset["method"].values[i]))


class Look(NamedTuple):
    """The look of a setting in figures: its label, colour and stroke."""

    label: str
    color: str
    linestyle: Any


def looks(dataset: xr.Dataset) -> list[Look]:
    """The look of each setting: its method's colour, and another stroke for every further setting of a method."""
    seen: Counter[str] = Counter()
    result = []
    for label, method in zip(dataset.setting.values, dataset.method.values, strict=True):
        result.append(Look(str(label), colour(str(method)), STROKES[seen[str(method)] % len(STROKES)]))
        seen[str(method)] += 1
    return result


def canvas(width: float, height: float, layout: Literal["constrained"] | LayoutEngine | None = None) -> Figure:
    """An empty white figure of a size in inches, tied to no global state."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes) -> Axes:
    """Style axes with thin spines and small grey ticks."""
    axes.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK, width=0.6, length=3)
    axes.spines[:].set(color=GREY, linewidth=0.6)
    return axes


def logarithmic(axes: Axes) -> None:
    """Make the y axis logarithmic after drawing, labelled with plain numbers: at 1, 2 and 5 too of a few decades."""
    axes.set_yscale("log", nonpositive="mask")
    low, high = np.log10(axes.get_ylim())
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if high - low > 3 else (1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
