"""The maps of the atlas, and the races of second-order directions, drawn."""

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from saddlery.analysis.numbers import number, percent
from saddlery.report.style import GREY, INK, RULE, STROKES, Picture, canvas, colour, dress, render
from saddlery.studies.atlas.claims import NEUTRAL, at_each

SHADES = ("#0072b2", "#86bfe0", "#f3c65a", "#b7b2aa", "#f6e6dc", "#d9936f")  # of the verdicts, in their order
COLUMNS = 3
TINTS = {"krylov": "#6a3d9a", "newton": INK}  # of methods that would otherwise share another's colour here


def maps(game: xr.Dataset) -> Picture:
    """One game: for every method a map over step and parameter, and one for the methods that have none."""
    plain = game.isel(method=np.flatnonzero(game["parameter"].values == ""), value=0)
    tuned = [each for each in at_each(game, "method") if each["parameter"].values]
    rows = -(-(len(tuned) + 1) // COLUMNS)
    figure = canvas(9.4, 1.36 * rows + 0.75, layout="constrained")
    cells = figure.subplots(rows, COLUMNS, sharex=True)
    _map(cells.flat[0], plain["step"].values, plain["verdict"].values, plain["predicted_rate"].values)
    cells.flat[0].set_yticks(range(plain.sizes["method"]), [str(name) for name in plain["method"].values], fontsize=6)
    cells.flat[0].set_title("without a parameter", **_title())
    for axes, each in zip(list(cells.flat)[1:], tuned, strict=False):
        known = np.isfinite(each["values"].values)
        values = each["values"].values[known]
        _map(axes, each["step"].values, each["verdict"].values[known], each["predicted_rate"].values[known])
        shown = np.unique(np.linspace(0, len(values) - 1, 4).round().astype(int))
        axes.set_yticks(shown, [number(float(values[i])) for i in shown])
        axes.set_title(str(each["method"].values), **_title())
        axes.set_ylabel(str(each["parameter"].values), fontsize=6.5, color=INK, labelpad=1)
    for axes in list(cells.flat)[len(tuned) + 1 :]:
        axes.set_axis_off()
    for axes in list(cells.flat)[len(tuned) + 1 - COLUMNS : len(tuned) + 1]:
        axes.set_xlabel("step $h$", fontsize=7.5, color=INK)
        axes.tick_params(labelbottom=True)
    handles: list[Artist] = [
        Patch(facecolor=shade, label=name) for shade, name in zip(SHADES, game.attrs["verdicts"], strict=True)
    ]
    handles.append(Line2D([], [], color=INK, lw=1.4, label="edge of the region predicted stable"))
    handles.append(Line2D([], [], color=INK, lw=0, marker=".", ms=3, label="predicted neutral"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=7.5, frameon=False, labelcolor=INK)
    shares = (game["verdict"] <= 1).sum(("value", "step")) / game["verdict"].notnull().sum(("value", "step"))
    listed = ", ".join(f"{m} {percent(float(s))}" for m, s in zip(game["method"].values, shares.values, strict=True))
    alt = f"Maps of what became of training over step and parameter. Share of each map that converges: {listed}."
    return render(figure, str(game["game"].values), alt)


def _title():
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
    axes.set_ylim(rows[0], rows[-1])
    axes.tick_params(labelsize=6.5)


def overview(dataset: xr.Dataset) -> Picture:
    """Methods against games: the share of steps at which a method converges from all starts, its best parameter."""
    share = (dataset["verdict"] == 0).mean("step").max("value").transpose("method", "game")
    figure = canvas(9.4, 6.4, layout="constrained")
    axes = dress(figure.add_subplot())
    image = axes.imshow(share.values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    titles = [str(title).replace(", ", ",\n").replace(" with", "\nwith") for title in dataset["title"].values]
    axes.set_xticks(range(share.sizes["game"]), titles, fontsize=6.5, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(share.sizes["method"]), [str(name) for name in share["method"].values])
    for i, j in np.ndindex(share.shape):
        value = float(share[i, j])
        axes.text(
            j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=7, color="white" if value > 0.6 else INK
        )
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.01)
    bar.set_label("share of step sizes that converge from all starts", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK)
    best = share.mean("game")
    listed = ", ".join(f"{m} {percent(float(s))}" for m, s in zip(best["method"].values, best.values, strict=True))
    return render(figure, "overview", f"Share of step sizes that converge at the best parameter, over games: {listed}.")


def race(dataset: xr.Dataset) -> Picture:
    """Distance against gradient evaluations for every direction, a panel for each problem."""
    figure = canvas(9.4, 5.6, layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True).flat
    seen: dict[str, int] = {}
    looks = []
    for name in map(str, dataset["direction"].values):
        method = name.partition("(")[0]
        looks.append((TINTS.get(method, colour(method)), STROKES[seen.get(method, 0) % len(STROKES)]))
        seen[method] = seen.get(method, 0) + 1
    for axes, problem in zip(panels, at_each(dataset, "problem"), strict=True):
        dress(axes)
        axes.grid(color=RULE, linewidth=0.6)
        for each, (tint, stroke) in zip(at_each(problem, "direction"), looks, strict=True):
            remaining = each["remaining"].values
            axes.plot(each["evaluation"], np.where(remaining > 1e-8, remaining, np.nan), color=tint, ls=stroke, lw=1.4)
        axes.set_yscale("log")
        axes.set_ylim(1e-8, 3)
        axes.set_title(str(problem["problem_title"].values), **(_title() | {"fontsize": 9}))
    for axes in panels:
        axes.label_outer()
    figure.supxlabel("gradient evaluations, a Jacobian product counting as one", fontsize=8, color=INK)
    figure.supylabel("distance to the equilibrium, of that at the start", fontsize=8, color=INK)
    names = [str(name) for name in dataset["direction"].values]
    handles = [Line2D([], [], color=c, ls=s, lw=1.4, label=n) for n, (c, s) in zip(names, looks, strict=True)]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=7.5, frameon=False, labelcolor=INK)
    parts = [
        f"{each['problem_title'].values}: "
        + ", ".join(
            f"{n} {int(v) if np.isfinite(v) else 'never'}" for n, v in zip(names, each["needed"].values, strict=True)
        )
        for each in at_each(dataset, "problem")
    ]
    alt = f"Distance against gradient evaluations. Evaluations to a distance of 1e-4: {'; '.join(parts)}."
    return render(figure, "second-order", alt)


def reading(dataset: xr.Dataset) -> Picture:
    """How far consensus is from the damped Newton step, from a pure minimisation to a pure rotation."""
    figure = canvas(4.6, 3.0, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    axes.plot(dataset["turn"], dataset["reading"], color=colour("consensus"), lw=1.8, label="consensus")
    axes.axhline(1, color=colour("simultaneous"), lw=1.4, ls=(0, (4, 3)), label="plain gradient")
    axes.set_ylim(0, 2.1)
    axes.set_xlabel("from pure minimisation (0) to pure rotation (1)", fontsize=8, color=INK)
    axes.set_ylabel("distance from damped Newton", fontsize=8, color=INK)
    axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
    first, last = dataset["reading"].values[[0, -1]]
    return render(
        figure, "reading", f"Distance falls from {first:.2f} for a pure minimisation to {last:.2f} for a rotation."
    )
