"""Figures of the study `forecast`: areas along the run, by kind of failure, forks, trials."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from saddlery.analysis.numbers import number, percent
from saddlery.plots.frame import panelled
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import COLOURS, GREY, INK, RULE, canvas, dress
from saddlery.studies.forecast.forks import BRANCHES
from saddlery.studies.forecast.scores import plain
from saddlery.studies.forecast.trials import advice, sooner_of

PALETTE = list(COLOURS.values())
SETS = ("settings", "losses", "norms", "diversity", "path", "jacobian", "jacobian alone", "quality now")
LOOKS: dict[str, dict[str, Any]] = {
    "settings": {"color": INK, "ls": "--"},
    "losses": {"color": PALETTE[0]},
    "norms": {"color": PALETTE[2]},
    "diversity": {"color": PALETTE[3]},
    "path": {"color": PALETTE[5]},
    "jacobian": {"color": PALETTE[6], "lw": 2.4},
    "jacobian alone": {"color": PALETTE[6], "ls": ":"},
    "quality now": {"color": GREY, "ls": ":"},
}
OF_KIND = {"none": INK, "steps": PALETTE[2], "rotation": PALETTE[0], "curvature": PALETTE[3], "random": GREY}
BESIDE: dict[str, Any] = {  # of a legend, where lines leave it no room
    "fontsize": 7, "frameon": False, "labelcolor": INK, "loc": "center left", "bbox_to_anchor": (1.0, 0.5)
}  # fmt: skip
OF_ADVICE = {"rates": PALETTE[2], "steps": PALETTE[5], "method": PALETTE[0], "loss": PALETTE[3]}


def along(dataset: xr.Dataset) -> Picture:
    """The AUROC of each set of signals by the share of the run that it has seen, alone and with the settings."""
    figure, panels = panelled("What foretells failure, and how early", "share of the run seen", "AUROC", 2)
    failed, other = dataset["failed"].values.astype(bool), ~dataset["fit"].values.astype(bool)
    looks, told = dataset["look"].values, []
    for axes, title, beside in ((panels[0], "alone", ""), (panels[1], "with the settings", ", settings")):
        axes.set_title(title, fontsize=9, color=INK, loc="left")
        axes.axhline(0.5, color=GREY, lw=0.8)
        for name in SETS:
            full = name if name == "settings" else f"{name}{beside}"
            if full not in dataset["signals"].values:
                continue
            areas = [plain(dataset["risk"].sel(signals=full, look=look).values, failed, other) for look in looks]
            look: dict[str, Any] = {"lw": 1.6, "label": _words(name)} | LOOKS[name]
            axes.plot(looks, areas, **look)
            if not beside:
                told.append(f"{_words(name)} {number(areas[0])} to {number(areas[-1])}")
        axes.set_xlim(0, 1)
    handles, names = panels[0].get_legend_handles_labels()
    panels[1].legend(handles, names, **BESIDE)
    return render(figure, "areas", f"AUROC from the first look to the last, of signals alone: {'; '.join(told)}.")


def _words(name: str) -> str:
    """What a set of signals is called in a figure: nested ones by what they add."""
    return f"+ {name}" if name in ("norms", "diversity", "path", "jacobian") else name


def by_failure(dataset: xr.Dataset) -> Picture:
    """The AUROC of sets of signals against healthy runs for each kind of failure, with intervals."""
    kinds = [str(kind) for kind in dataset["kind_of_failure"].values]
    names = [name for name in SETS if name in dataset["signals"].values]
    figure = canvas(9.6, 0.62 * max(len(kinds), 1) + 1.2, layout="constrained")
    axes, told = dress(figure.add_subplot()), []
    axes.grid(color=RULE, linewidth=0.6)
    axes.axvline(0.5, color=GREY, lw=0.8)
    for i, kind in enumerate(kinds):
        for j, name in enumerate(names):
            at = i + 0.7 * (j / max(len(names) - 1, 1) - 0.5)
            found = dataset["area_of_failure"].sel(kind_of_failure=kind, signals=name).values
            _bar(axes, at, found, LOOKS[name]["color"], _words(name) if i == 0 else None, LOOKS[name].get("ls", "-"))
            if name in ("path", "jacobian"):
                told.append(f"{kind}, {_words(name)} {number(found[0])}")
    axes.set_yticks(range(len(kinds)), kinds, fontsize=8)
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlabel("AUROC against healthy runs, at a quarter of the run", fontsize=8, color=INK)
    axes.legend(**BESIDE)
    return render(figure, "failures", f"AUROC for each kind of failure: {'; '.join(told)}.")


def branches(dataset: xr.Dataset) -> Picture:
    """The share of failing runs that recovers by each branch, and of healthy ones that is harmed, with intervals."""
    figure, panels = panelled("Forks from a quarter of the run", "share of runs", "", 2)
    names, told = [str(name) for name in dataset["branch"].values], []
    for axes, variable, title in (
        (panels[0], "recovers", "failing runs recover"),
        (panels[1], "harms", "healthy fail"),
    ):
        axes.set_title(title, fontsize=9, color=INK, loc="left")
        for i, name in enumerate(names):
            found = dataset[variable].sel(branch=name).values
            _bar(axes, i, found, OF_KIND.get(BRANCHES[name].kind, PALETTE[5]))
            if variable == "recovers":
                told.append(f"{name} {percent(found[0]) if np.isfinite(found[0]) else '–'}")
        axes.set_xlim(-0.02, 1.02)
    panels[0].set_yticks(range(len(names)), names, fontsize=8)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return render(figure, "forks", f"Failing runs that recover: {'; '.join(told)}.")


def gained(dataset: xr.Dataset) -> Picture:
    """The gain of advice in one trial against the mean gain in full training, a point for each case."""
    steps = int(dataset.attrs["trial_steps"])
    figure, panels = panelled(
        "Advice: a short trial against full training", "gain in one trial", "gain in full training (mean)", 2
    )
    full = dataset["full"].mean("trial").values
    kinds = dataset["advised"].values
    for axes, name, after in ((panels[0], "sooner", sooner_of(steps)), (panels[1], "short", steps)):
        axes.set_title(f"after {after:,} steps", fontsize=9, color=INK, loc="left")
        axes.axhline(0, color=GREY, lw=0.8)
        axes.axvline(0, color=GREY, lw=0.8)
        one = dataset[name].isel(trial=0).values
        for kind in dict.fromkeys(kinds.tolist()):
            own = kinds == kind
            axes.plot(one[own], full[own], "o", ms=4, color=OF_ADVICE[kind], alpha=0.8, label=kind)
    panels[0].legend(fontsize=7, frameon=False, labelcolor=INK)
    known = {each.kind for each in advice().values()} & {*kinds.tolist()}
    return render(figure, "trials", f"Gains of {len(full)} cases of advice on {', '.join(sorted(known))}.")


def _bar(axes: Axes, at: float, found: np.ndarray, color: str, label: str | None = None, stroke: Any = "-") -> None:
    """A number with its interval, where it is known."""
    middle, low, high = found
    axes.plot([low, high], [at, at], color=color, lw=1.6, ls=stroke, solid_capstyle="butt")
    axes.plot(middle, at, "o", ms=4.5, color=color, label=label)
