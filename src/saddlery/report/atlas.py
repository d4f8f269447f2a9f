"""The study `atlas` as one HTML page and its figures."""

import os
from pathlib import Path
from typing import NamedTuple

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
from saddlery.report.template import files, filled, write_page
from saddlery.report.words import Finding

SHADES = ("#0072b2", "#86bfe0", "#f3c65a", "#b7b2aa", "#f6e6dc", "#d9936f")  # of the verdicts, in their order
NEUTRAL = 1e-6  # within which of 1 a predicted rate says neither
COLUMNS = 3
TINTS = {"krylov": "#6a3d9a", "newton": INK}  # of methods that would otherwise share another's colour here


class Claim(NamedTuple):
    """Something known of the Dirac-GAN, what multipliers predict, what was found, and whether the first holds."""

    known: str
    predicted: str
    found: str
    holds: bool


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/atlas-*.svg` and `*.png`.

    Each file appears whole or not at all; files of that name are replaced.

    **Arguments:**
    - `dataset`: what `saddlery.studies.atlas.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    drawn = [maps(dataset.isel(game=i)) for i in range(dataset.sizes["game"])]
    others = {picture.name: picture for picture in (overview(dataset), race(dataset), reading(dataset))}
    return write_page(folder, html(dataset, drawn, others), files((*drawn, *others.values()), "atlas-"))


def html(dataset: xr.Dataset, drawn: list[Picture], others: dict[str, Picture]) -> str:
    """The page as text; whatever comes from the data is escaped."""
    games = [
        (str(each["title"].values), str(each["text"].values), bool(each["smooth"]), picture)
        for each, picture in zip(_each(dataset, "game"), drawn, strict=True)
    ]
    return filled(
        "atlas.html.jinja",
        data=dataset.attrs,
        sizes=dict(dataset.sizes),
        steps=[number(float(dataset["step"][i])) for i in (0, -1)],
        cells=f"{int(dataset['verdict'].notnull().sum()):,}",
        findings=findings(dataset),
        claims=claims(dataset),
        games=games,
        others=others,
        problems=[str(title) for title in dataset["problem_title"].values],
        rows=costs(dataset),
        budget=int(dataset["evaluation"][-1]),
    )


def _each(dataset: xr.Dataset, dimension: str) -> list[xr.Dataset]:
    return [dataset.isel({dimension: i}) for i in range(dataset.sizes[dimension])]


def told(dataset: xr.Dataset) -> xr.DataArray:
    """Where both a rate was predicted and one measured."""
    return dataset["predicted_rate"].notnull() & dataset["measured_rate"].notnull()


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data."""
    predicted, measured, both = dataset["predicted_rate"], dataset["measured_rate"], told(dataset)
    near = abs(measured - predicted) <= 0.01 * predicted
    count, within = int(both.sum()), int((both & near).sum())
    text = f"{within:,} of {count:,} settings in which both are known agree to 1% ({100 * within / count:.2f}%)"
    share = (both & ~near).sum(("game", "value", "step"))
    worst = [f"{m} {int(s)}" for m, s in zip(share["method"].values, share.values, strict=True) if s]
    text += f"; those that do not, by method: {', '.join(worst)}" if worst else ""
    unknown = [
        str(name) for name in dataset["method"].values[~predicted.notnull().any(("game", "value", "step")).values]
    ]
    text += f". Without a derivative at an equilibrium, and so without a prediction: {', '.join(unknown)}."
    found = [Finding("Rates, predicted and measured", text, "good" if within > 0.98 * count else "plain")]

    sharp = both & (abs(np.log(predicted.where(predicted > 0))) * dataset.attrs["length"] / 2 > 0.1)
    same = sharp & ((predicted < 1) == (measured < 1))
    stable = sharp & (predicted < 1)
    everywhere = stable & (dataset["verdict"] == 0)
    found.append(
        Finding(
            "Stable or not",
            f"Where the predicted rate differs from 1 by enough to tell in {dataset.attrs['length']:,} steps, the "
            f"prediction is right in {int(same.sum()):,} of {int(sharp.sum()):,} settings. It is local: of the "
            f"{int(stable.sum()):,} that are stable, {percent(float(everywhere.sum() / stable.sum()))} converge from "
            "all starts.",
            "good" if int(same.sum()) == int(sharp.sum()) else "plain",
        )
    )
    return [*found, _repelling(dataset), *_second_order(dataset)]


def _repelling(dataset: xr.Dataset) -> Finding:
    """Methods that converge to the equilibrium from which both players would rather go away."""
    converged = (dataset["verdict"].sel(game="repelling") == 0).any(("value", "step"))
    names = [str(name) for name in converged["method"].values[converged.values]]
    text = (
        f"To an equilibrium that repels both players these converge for some step and parameter: {', '.join(names)}. "
        "The players' own gradients lead away from it"
        if names
        else "No method converges to an equilibrium that repels both players"
    )
    return Finding("The wrong equilibrium", f"{text}.", "bad" if names else "good")


def _second_order(dataset: xr.Dataset) -> list[Finding]:
    """How near consensus is to Newton's step, and what it costs beside it and beside plain gradients."""
    gap, turn = dataset["reading"].values, dataset["turn"].values
    equal = float(np.interp(1.0, gap[::-1], turn[::-1]))
    names = ("consensus", "simultaneous", "newton(damping=γ)")
    called = {"simultaneous": "the plain gradient", "newton(damping=γ)": "Newton"}
    kept = dataset.sel(direction=[name for name in names if name in dataset["direction"]])
    parts = []
    for problem in _each(kept, "problem"):
        pairs = zip(map(str, problem["direction"].values), problem["needed"].values, strict=True)
        listed = [f"{called.get(name, name)} {f'{n:.0f}' if np.isfinite(n) else 'never'}" for name, n in pairs]
        parts.append(f"{str(problem['problem_title'].values).lower()}: {', '.join(listed)}")
    return [
        Finding(
            "Consensus as a Newton step",
            "The reading holds for rotations and fails for curvature. For a pure rotation consensus is Newton's damped "
            f"step, up to {100 * float(gap[-1]):.2g}% of what the damping changes; for a pure minimisation it is "
            f"{percent(float(gap[0]))} of that away, where the plain gradient is 100% away and 200% is as far in the "
            f"opposite direction. It is nearer to Newton's step than the plain gradient is only from {percent(equal)} "
            "of the way from the one to the other.",
            "plain",
        ),
        Finding(
            "At equal gradient evaluations",
            f"Evaluations until the distance is 1e-4 of that at the start: {'; '.join(parts)}. {_worth(kept)}",
            "plain",
        ),
    ]


def _worth(kept: xr.Dataset) -> str:
    """Where consensus, of two gradient evaluations a step, arrives sooner than the plain gradient, and where later."""
    needed = kept["needed"].fillna(np.inf)
    consensus, plain = needed.sel(direction="consensus").values, needed.sel(direction="simultaneous").values
    titles = [str(title).lower() for title in kept["problem_title"].values]
    sooner = [title for title, c, p in zip(titles, consensus, plain, strict=True) if c < p]
    later = [f"{title} ({c / p:.1f} times)" for title, c, p in zip(titles, consensus, plain, strict=True) if c > p]
    parts = [f"Consensus arrives sooner than the plain gradient on {', '.join(sooner)}" if sooner else ""]
    parts.append(f"later on {', '.join(later)}" if later else "")
    return f"{'; '.join(part for part in parts if part)}."


def claims(dataset: xr.Dataset) -> list[Claim]:
    """What is known of the Dirac-GAN (Mescheder, Geiger, Nowozin, 2018) beside what was predicted and found."""
    pair = ("simultaneous", "alternating")
    return [
        *(_diverging(dataset, f"dirac-{game}", game, method) for game in ("minimax", "wasserstein") for method in pair),
        *(_diverging(dataset, "dirac-wgan-gp", "WGAN-GP", method) for method in pair),
        _cycling(dataset),
        _creeping(dataset),
        *(_linearly(dataset, "dirac-r1", method, f"R1, {method}: converges linearly") for method in pair),
        _linearly(dataset, "dirac-minimax", "consensus", "Consensus, minimax: converges linearly"),
        _linearly(dataset, "dirac-nonsaturating", "consensus", "Consensus, non-saturating: converges linearly"),
    ]


def _diverging(dataset: xr.Dataset, game: str, name: str, method: str) -> Claim:
    """Whether a method nowhere converges on a game, at whatever pace, and is nowhere predicted to."""
    chosen = dataset.sel({"game": game, "method": method})
    verdict, rate = chosen["verdict"], chosen["predicted_rate"]
    count = int(verdict.notnull().sum())
    found = [
        f"{what} in {int((verdict == i).sum())}"
        for i, what in enumerate(dataset.attrs["verdicts"])
        if (verdict == i).any()
    ]
    converging, stable = int((verdict <= 1).sum()), int((rate < 1 - NEUTRAL).sum())
    return Claim(
        f"{name[0].upper()}{name[1:]}, {method}: does not converge",
        _predicted(rate),
        f"{f'converges in {converging} of' if converging else 'converges in none of'} {count} settings: "
        f"{', '.join(found)}",
        converging == 0 and stable == 0,
    )


def _predicted(rate: xr.DataArray) -> str:
    """How many settings are predicted to be stable, neutral and unstable."""
    if not bool(rate.notnull().any()):
        return "nothing: the penalty has no derivative at the equilibrium"
    groups = {
        "stable": rate < 1 - NEUTRAL,
        "neutral, a rate of 1": abs(rate - 1) <= NEUTRAL,
        "unstable": rate > 1 + NEUTRAL,
    }
    return ", ".join(f"{int(chosen.sum())} {what}" for what, chosen in groups.items() if chosen.any())


def _cycling(dataset: xr.Dataset) -> Claim:
    """Whether simultaneous descent of the non-saturating loss ends on a cycle of the radius known."""
    steps, radii = dataset["cycle_step"].values, dataset["cycle_radius"].values
    known = np.sqrt(2 * steps)
    return Claim(
        "Non-saturating, simultaneous: a limit cycle of radius about √(2h)",
        f"radii {_listed(known, steps)}",
        f"radii {', '.join(f'{r:.3f}' for r in radii)}: {(radii / known).min():.3f} to {(radii / known).max():.3f} "
        "times those",
        bool((abs(radii / known - 1) < 0.05).all()),
    )


def _creeping(dataset: xr.Dataset) -> Claim:
    """Whether alternating descent of the non-saturating loss converges as the inverse root of time."""
    powers = exponents(dataset)
    rate = dataset["predicted_rate"].sel({"game": "dirac-nonsaturating", "method": "alternating"}).isel(value=0)
    neutral = int((abs(rate - 1) <= NEUTRAL).sum())
    return Claim(
        "Non-saturating, alternating: converges as t to the power −½, slower than at any rate",
        f"a rate of 1 in {neutral} of {int(rate.notnull().sum())} settings with one step of each player: neutral",
        f"powers of t from {int(dataset['time'][-1]) // 10:,} to {int(dataset['time'][-1]):,} steps: "
        f"{_listed(powers, dataset['slow_step'].values)}",
        bool((abs(powers + 0.5) < 0.05).all()),
    )


def _listed(values: np.ndarray, steps: np.ndarray) -> str:
    return ", ".join(f"{v:.3f} (h = {h:g})".replace("-", "−") for v, h in zip(values, steps, strict=True))


def exponents(dataset: xr.Dataset) -> np.ndarray:
    """The powers of t with which the slow approaches fall, over the last decade of time."""
    late = dataset["time"].values >= dataset["time"].values[-1] / 10
    logs = np.log(dataset["slow_distance"].values[:, late])
    return np.polyfit(np.log(dataset["time"].values[late]), logs.T, 1)[0]


def _linearly(dataset: xr.Dataset, game: str, method: str, known: str) -> Claim:
    """Whether all settings that are predicted to be stable converge near the equilibrium, at the rate predicted."""
    chosen = dataset.sel({"game": game, "method": method})
    stable = told(chosen) & (chosen["predicted_rate"] < 1 - NEUTRAL)
    predicted, measured = chosen["predicted_rate"].where(stable), chosen["measured_rate"].where(stable)
    if not bool(stable.any()):
        return Claim(known, "stable in no setting", "nothing to measure", False)
    off, below = float(abs(measured / predicted - 1).max()), int((measured < 1).sum())
    found = (
        f"near the equilibrium all converge, at rates {'less than 0.1%' if off < 1e-3 else f'at most {percent(off)}'} "
        f"off; {_reached(chosen, stable)}"
        if below == int(stable.sum())
        else f"only {below} of them converge near the equilibrium"
    )
    return Claim(
        known,
        f"stable in {int(stable.sum())} of {int(chosen['predicted_rate'].notnull().sum())} settings, at rates from "
        f"{float(predicted.min()):.3g} to {float(predicted.max()):.5f}",
        found,
        bool(below == int(stable.sum()) and off < 0.01),
    )


def _reached(chosen: xr.Dataset, stable: xr.DataArray) -> str:
    """From how far away the settings that are stable converge."""
    everywhere = stable & (chosen["verdict"] == 0)
    reach = chosen["reach"].where(stable & ~everywhere)
    some, none = reach.where(reach > 0), int((reach == 0).sum())
    parts = [f"from all starts, up to {chosen.attrs['farthest']:g} away, in {int(everywhere.sum())}"]
    if bool(some.notnull().any()):
        parts.append(f"from starts up to {float(some.min()):.2g} or more in {int(some.notnull().sum())}")
    if none:
        parts.append(f"not from {chosen.attrs['nearest']:g}, or too slowly to tell, in {none}")
    return ", ".join(parts)


def costs(dataset: xr.Dataset) -> list[tuple[str, int, list[tuple[str, bool]]]]:
    """The table of evaluations needed: a row for each direction, the least of a column marked."""
    least = dataset["needed"].min("direction").values
    return [
        (
            str(each["direction"].values),
            int(each["cost"]),
            [
                (f"{n:.0f}" if np.isfinite(n) else "–", n == low)
                for n, low in zip(each["needed"].values, least, strict=True)
            ],
        )
        for each in _each(dataset, "direction")
    ]


def maps(game: xr.Dataset) -> Picture:
    """One game: for every method a map over step and parameter, and one for the methods that have none."""
    plain = game.isel(method=np.flatnonzero(game["parameter"].values == ""), value=0)
    tuned = [each for each in _each(game, "method") if each["parameter"].values]
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
    for axes, problem in zip(panels, _each(dataset, "problem"), strict=True):
        dress(axes)
        axes.grid(color=RULE, linewidth=0.6)
        for each, (tint, stroke) in zip(_each(problem, "direction"), looks, strict=True):
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
        for each in _each(dataset, "problem")
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
