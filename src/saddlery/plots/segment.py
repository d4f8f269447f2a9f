"""The angle and the norm of the field v along the segment from a run's start to its end."""

from typing import Protocol, runtime_checkable

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from saddlery.analysis.numbers import number
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress, looks


@runtime_checkable
class Path(Protocol):
    """The protocol of what is drawn of a `saddlery.dynamics.Path`."""

    @property
    def position(self) -> np.ndarray: ...  # noqa: D102

    @property
    def angle(self) -> np.ndarray: ...  # noqa: D102

    @property
    def norm(self) -> np.ndarray: ...  # noqa: D102

    @property
    def distance(self) -> float: ...  # noqa: D102


def of_path(path: Path) -> xr.Dataset:
    """The dataset that is drawn of a `saddlery.dynamics.Path`."""
    along = ("setting", "seed", "position")
    return xr.Dataset(
        {
            "path_angle": (along, np.asarray(path.angle)[None, None]),
            "path_norm": (along, np.asarray(path.norm)[None, None]),
            "distance": (("setting", "seed"), [[float(path.distance)]]),
        },
        {"setting": ["path"], "method": ("setting", ["consensus"]), "seed": [0], "position": np.asarray(path.position)},
    )


def segment(dataset: xr.Dataset) -> Picture:
    """The angle and norm of v along the segment from each run's start to its end, every seed.

    **Arguments:** `dataset`: `path_angle` and `path_norm` (setting, seed, position), `distance` (setting, seed).
    """
    figure = canvas(9.4, 3.1, layout="constrained")
    panels, styles = figure.subplots(1, 2), looks(dataset)
    named = {"path_angle": "cosine between v and end − start", "path_norm": "‖v‖ (loss per unit)"}
    for axes, (name, label) in zip(panels, named.items(), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        axes.axvline(1, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
        for i, look in enumerate(styles):
            axes.plot(dataset["position"], dataset[name].isel(setting=i).values.T, color=look.color, linewidth=1.2)
        axes.set_xlabel("position between start (0) and end (1)", fontsize=8, color=INK)
        axes.set_ylabel(label, fontsize=8, color=INK)
    panels[0].axhline(0, color=GREY, linewidth=0.8)
    panels[1].set_yscale("log")
    if len(styles) > 1:
        handles = [Line2D([], [], color=look.color, label=look.label) for look in styles]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False, labelcolor=INK)
    moved = ", ".join(
        f"{look.label} {number(float(dataset['distance'].isel(setting=i).median()))}" for i, look in enumerate(styles)
    )
    alt = f"Path angle and path norm from the start to the end of each run. Median distance moved: {moved}."
    return render(figure, "path", alt)
