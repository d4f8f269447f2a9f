"""Figures of second-order directions; the maps of the atlas are `saddlery.plots.atlas`."""

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from saddlery.plots.atlas import title
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK, RULE, STROKES, canvas, colour, dress
from saddlery.studies.atlas.claims import at_each

TINTS = {"krylov": "#6a3d9a", "newton": INK}  # of methods that would otherwise share another's colour here


def race(dataset: xr.Dataset) -> Picture:
    """Convergence against gradient evaluations: the distance for every direction, a panel for each problem."""
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
        axes.set_title(str(problem["problem_title"].values), **(title() | {"fontsize": 9}))
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
    """The distance of consensus from the damped Newton step, from a pure minimisation to a pure rotation."""
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
