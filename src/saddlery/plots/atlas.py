"""Figures of the study `atlas`: what became of training by every method on every analytic game."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from saddlery.analysis.numbers import exact, percent
from saddlery.analysis.rates import NEUTRAL
from saddlery.errors import InvalidType, InvalidValue
from saddlery.plots.given import refused
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, canvas, dress
from saddlery.text.names import nearest

# Of the verdicts, in their order: blue converges, and what diverges is darkest of all.
SHADES = ("#0072b2", "#86bfe0", "#f3c65a", "#c9c5bd", "#8c2d04", "#e07b39", "#c7719f")
COLUMNS = 3
NEEDED = {"game", "method", "value", "step"}


def atlas(of: xr.Dataset, game: str | None = None) -> Picture:
    """The atlas: methods against games, the share of steps at which each converges; of one game, each method's maps.

    A map has a column for each step size h and a row for each value of the method's parameter. Its colours are what
    training came to, its line is the edge of the region in which the multipliers at the equilibrium are all within
    the unit circle.

        >>> verdict = ("game", "method", "value", "step"), [[[[0.0, 4.0]]]]  # converging, diverging
        >>> games = {"game": ["bilinear"], "title": ("game", ["Bilinear game"]), "method": ["newton"]}
        >>> atlas(xr.Dataset({"verdict": verdict}, games)).alt
        'Share of step sizes that converge, mean over games: newton 50.0%.'

    **Arguments:**
    - `of`: the results of the study, as `saddlery.studies.study.find("atlas").open(folder)` reads them:
      `verdict` and `predicted_rate` (game, method, value, step).
    - `game`: one of theirs; without it, all in one picture.

    **Raises:** `TypeError` for what is no dataset; `ValueError` for a dataset that is no atlas, and a game that it does
    not have, naming the nearest.
    """
    if not isinstance(of, xr.Dataset):
        raise InvalidType(refused("atlas", of, "the xarray.Dataset of the study atlas"))
    if "verdict" not in of or {*of["verdict"].dims} != NEEDED:
        raise InvalidValue(
            f"atlas: got a dataset of {dict(of.sizes)}, expected the results of the study atlas, with the variable "
            "verdict (game, method, value, step)"
        )
    if game is None:
        return overview(of)
    games = list(map(str, of["game"].values))
    if game not in games:
        raise InvalidValue(nearest("game", game, games))
    return maps(of.isel(game=games.index(game)))


def maps(game: xr.Dataset) -> Picture:
    """The maps of one game: for every method over step and parameter, and one for the methods without a parameter."""
    plain = game.isel(method=np.flatnonzero(game["parameter"].values == ""), value=0)
    methods = (game.isel(method=i) for i in range(game.sizes["method"]))
    tuned = [each for each in methods if each["parameter"].values]
    rows = -(-(len(tuned) + 1) // COLUMNS)
    figure = canvas(9.4, 1.36 * rows + 0.75, layout="constrained")
    cells = figure.subplots(rows, COLUMNS, sharex=True)
    _map(cells.flat[0], plain["step"].values, plain["verdict"].values, plain["predicted_rate"].values)
    cells.flat[0].set_yticks(range(plain.sizes["method"]), [str(name) for name in plain["method"].values], fontsize=6)
    cells.flat[0].set_title("without a parameter", **title())
    for axes, each in zip(list(cells.flat)[1:], tuned, strict=False):
        known = np.isfinite(each["values"].values)
        values = each["values"].values[known]
        _map(axes, each["step"].values, each["verdict"].values[known], each["predicted_rate"].values[known])
        axes.set_yticks(*round_ticks(values))
        axes.set_title(str(each["method"].values), **title())
        axes.set_ylabel(str(each["parameter"].values), fontsize=6.5, color=INK, labelpad=1)
    for axes in list(cells.flat)[len(tuned) + 1 :]:
        axes.set_axis_off()
    for axes in list(cells.flat)[max(0, len(tuned) + 1 - COLUMNS) : len(tuned) + 1]:
        axes.set_xlabel("step $h$", fontsize=7.5, color=INK)
        axes.tick_params(labelbottom=True)
    handles: list[Artist] = [
        Patch(facecolor=shade, label=name) for shade, name in zip(SHADES, game.attrs["verdicts"], strict=False)
    ]
    handles.append(Line2D([], [], color=INK, lw=1.4, label="edge of the region predicted stable"))
    handles.append(Line2D([], [], color=INK, lw=0, marker=".", ms=3, label="predicted neutral"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=7.5, frameon=False, labelcolor=INK)
    shares = (game["verdict"] <= 1).sum(("value", "step")) / game["verdict"].notnull().sum(("value", "step"))
    listed = ", ".join(f"{m} {percent(float(s))}" for m, s in zip(game["method"].values, shares.values, strict=True))
    alt = f"Maps of what became of training over step and parameter. Share of each map that converges: {listed}."
    return render(figure, str(game["game"].values), alt)


def title() -> dict[str, Any]:
    """The font settings of a small panel's title."""
    return {"fontsize": 7.5, "weight": "bold", "color": INK, "loc": "left", "pad": 3}


def _map(axes: Axes, steps: np.ndarray, verdicts: np.ndarray, predicted: np.ndarray) -> None:
    """Cells in the colour of what was measured, with the edge of what was predicted to be stable."""
    dress(axes)
    edges, rows = np.geomspace(steps[0], steps[-1], len(steps)), np.arange(len(verdicts) + 1) - 0.5
    half = np.sqrt(edges[1] / edges[0])
    edges = np.append(edges / half, edges[-1] * half)
    axes.pcolormesh(
        edges, rows, verdicts, cmap=ListedColormap(SHADES), vmin=-0.5, vmax=len(SHADES) - 0.5, rasterized=True
    )
    stable, neutral = predicted < 1 - NEUTRAL, abs(predicted - 1) <= NEUTRAL
    upright = [[(edges[k + 1], rows[j]), (edges[k + 1], rows[j + 1])] for j, k in np.argwhere(np.diff(stable, axis=1))]
    level = [[(edges[k], rows[j + 1]), (edges[k + 1], rows[j + 1])] for j, k in np.argwhere(np.diff(stable, axis=0))]
    axes.add_collection(LineCollection([*upright, *level], colors=INK, linewidths=1.4))
    j, k = np.nonzero(neutral)
    axes.plot(steps[k], j, ".", color=INK, ms=1.2)
    if not np.isfinite(predicted).any():
        plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
        axes.text(0.97, 0.06, "no prediction", transform=axes.transAxes, fontsize=6, color=INK, ha="right", bbox=plate)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    shown = [tick for tick in _round(steps[0], steps[-1]) if edges[0] <= tick <= edges[-1]]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda h, _: exact(h)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(rows[0], rows[-1])
    axes.tick_params(labelsize=6.5)


def round_ticks(values: np.ndarray) -> tuple[list[float], list[str]]:
    """Ticks at round values of a parameter, between the rows of its map where they lie there, and their labels.

    Of three values or fewer, themselves.

    >>> round_ticks(np.array([0.1, 0.316, 1.0, 3.16, 10.0]))
    ([0.0, 2.0, 4.0], ['0.1', '1', '10'])
    """
    rows = np.arange(len(values))
    if len(values) <= 3:
        return rows.astype(float).tolist(), [exact(float(value)) for value in values]
    low, high = float(values.min()), float(values.max())
    if low > 0 and np.ptp(np.diff(np.log(values))) < np.ptp(np.diff(values)):  # a geometric sequence
        ticks = [tick for tick in _round(low, high, 4) if low <= tick <= high]
        places = np.interp(np.log(ticks), np.log(values), rows)
    else:
        steps = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
        ticks = [float(f"{tick:.6g}") for tick in steps if low <= tick <= high]
        places = np.interp(ticks, values, rows)
    return places.round(9).tolist(), [exact(tick) for tick in ticks]


def _round(low: float, high: float, most: int = 9) -> list[float]:
    """Round numbers about a range: 1, 2 and 5 times powers of ten, or powers of ten alone where those are too many."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    every = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    return every if sum(low <= each <= high for each in every) <= most else [float(f"1e{power}") for power in powers]


def _tried(dataset: xr.Dataset) -> dict[str, str]:
    """The methods with a parameter, and of how many values of which one their best is shown."""
    if "parameter" not in dataset.coords:
        return {}
    triples = zip(dataset["method"].values, dataset["parameter"].values, dataset["values"].values, strict=True)
    return {
        str(name): f"best of {int(np.isfinite(v).sum())} {parameter}" for name, parameter, v in triples if parameter
    }


def overview(dataset: xr.Dataset) -> Picture:
    """Methods against games: the share of steps at which a method converges from all starts.

    Above, methods without a parameter; below, those with one, each at the best of several values, as its label says.
    """
    tried, names = _tried(dataset), [str(name) for name in dataset["method"].values]
    order = sorted(range(len(names)), key=lambda i: names[i] in tried)
    share = (dataset["verdict"] == 0).mean("step").max("value").transpose("method", "game").isel(method=order)
    labels = [names[i] if names[i] not in tried else f"{names[i]}, {tried[names[i]]}" for i in order]
    figure = canvas(9.4, 1.6 + 0.2 * max(10, len(labels)), layout="constrained")
    axes = dress(figure.add_subplot())
    image = axes.imshow(share.values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    titles = [
        str(title).replace(", ", ",\n").replace(" with", "\nwith").replace(" of weight", "\nof weight")
        for title in dataset["title"].values
    ]
    axes.set_xticks(range(share.sizes["game"]), titles, fontsize=6.5, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(share.sizes["method"]), labels, fontsize=7)
    if 0 < len(tried) < len(labels):
        axes.axhline(len(labels) - len(tried) - 0.5, color=INK, lw=1.2)
    for i, j in np.ndindex(share.shape):
        value = float(share[i, j])
        axes.text(
            j, i, f"{100 * value:.0f}%", ha="center", va="center", fontsize=6.5, color="white" if value > 0.6 else INK
        )
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.01, format=PercentFormatter(1, 0))
    bar.set_label("share of step sizes that converge from all starts", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK)
    listed = ", ".join(f"{m} {percent(float(s))}" for m, s in zip(labels, share.mean("game").values, strict=True))
    return render(figure, "overview", f"Share of step sizes that converge, mean over games: {listed}.")
