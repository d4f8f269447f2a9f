"""The vector field of a game of two numbers, and the paths of training through it."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.quiver import Quiver

from saddlery.analysis.numbers import number
from saddlery.errors import InvalidType, InvalidValue
from saddlery.plots import given
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, STROKES, canvas, colour, dress

PARTS = ("generator_velocity", "discriminator_velocity")
DECADES = 2  # of speeds from which colours are logarithmic
ROUNDING = 1e-6  # of the largest speed: smaller ones are those of a point at rest


def field(of: xr.Dataset, history: given.Records | None = None) -> Picture:
    """The vector field v of a game of one number for each player: arrows of its direction, in the colour of ‖v‖.

        >>> import jax
        >>> import saddlery as sd
        >>> game, method = sd.games.dirac(), sd.methods.consensus(gamma=1.0)
        >>> probes = {"position": sd.dynamics.Positions()}
        >>> run = sd.train(game, method, steps=20, key=0, probes=probes)
        >>> field(sd.dynamics.field(game, limits=2.0, n=9, key=jax.random.key(0)), run).alt  # doctest: +ELLIPSIS
        'The direction of v over both players, -2 to 2 and -2 to 2, in the colour of its norm, ... and 1 run...'

    **Arguments:**
    - `of`: what `saddlery.dynamics.field` makes of a game: `generator_velocity` and `discriminator_velocity`
      (discriminator, generator).
    - `history`: a `Run`, a `Results` or a dataset that holds `position` (step, axis) of runs, as
      `saddlery.dynamics.Positions` records it; each begins at its ring.

    **Raises:** `TypeError` for a game itself and what holds no records; `ValueError` for a dataset that is no field,
    and positions of more than two numbers.
    """
    if not isinstance(of, xr.Dataset):
        needed = "the xarray.Dataset that saddlery.dynamics.field(game) makes"
        raise InvalidType(given.refused("field", of, needed))
    given.require("field", of, *PARTS, made_by="saddlery.dynamics.field(game) makes them")
    ways = None if history is None else _ways(history)
    v = np.stack([of[name].transpose("discriminator", "generator").values for name in PARTS], -1)
    speed = np.linalg.norm(v, axis=-1)
    figure = canvas(4.9, 4.1, layout="constrained")
    axes = dress(figure.add_subplot())
    x, y = of["generator"].values, of["discriminator"].values
    drawn = arrows(axes, x, y, v, norm_of(speed))
    for way, color, stroke in ways or ():
        axes.plot(*way.T, color=color, linewidth=1.6, linestyle=stroke)
        axes.plot(*way[0], "o", color="white", markeredgecolor=color, markersize=6, zorder=4)
    for ends, limit in ((x, axes.set_xlim), (y, axes.set_ylim)):
        limit(ends[0] - (ends[1] - ends[0]) / 2, ends[-1] + (ends[1] - ends[0]) / 2)
    axes.set_xlabel("generator", fontsize=8, color=INK)
    axes.set_ylabel("discriminator", fontsize=8, color=INK)
    title = "The field v" if ways is None else "The field v, and training in it"
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("‖v‖ (loss per unit)", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7.5, colors=GREY, labelcolor=INK)
    spans = " and ".join(f"{number(float(each[0]))} to {number(float(each[-1]))}" for each in (x, y))
    alt = (
        f"The direction of v over both players, {spans}, in the colour of its norm, "
        f"{number(float(speed.min()))} to {number(float(speed.max()))}{_in_words(ways)}."
    )
    return render(figure, "field", alt)


def norm_of(speed: np.ndarray) -> Normalize | LogNorm:
    """The scale of colours for speeds: logarithmic where they span decades."""
    some = speed[speed > ROUNDING * speed.max(initial=0.0)]
    steep = len(some) and some.max() > 10**DECADES * some.min()
    return LogNorm(some.min(), some.max()) if steep else Normalize(0, some.max(initial=1e-30))


def arrows(axes: Axes, x: np.ndarray, y: np.ndarray, v: np.ndarray, norm: Normalize | LogNorm) -> Quiver:
    """The arrows of a field `v` (row, column, part), all of one length, in the colours of their speeds."""
    speed = np.linalg.norm(v, axis=-1)
    some = speed[speed > 0]
    unit = np.divide(v, speed[..., None], out=np.zeros(v.shape), where=speed[..., None] > 0)
    shown = np.where(speed > 0, speed, some.min(initial=np.inf) if len(some) else 0.0)
    return axes.quiver(x, y, unit[..., 0], unit[..., 1], shown, cmap="viridis_r", norm=norm, pivot="mid", angles="xy",
                       width=0.0045, scale=1.15 * max(len(x), len(y)), scale_units="width")  # fmt: skip


def _in_words(ways: list | None) -> str:
    """How many runs are drawn, in words."""
    return "" if ways is None else f", and {len(ways)} run{'' if len(ways) == 1 else 's'} from the ring on"


def _ways(history: given.Records) -> list[tuple[np.ndarray, str, Any]]:
    """Each run's positions `(step, 2)`, those that are numbers, in the colour of its method."""
    dataset = given.experiment("field", history)
    made_by = 'train with probes={"position": saddlery.dynamics.Positions()}'
    given.require("field", dataset, "position", made_by=made_by)
    positions = dataset["position"].transpose("setting", "seed", "step", ...)
    if positions.shape[3:] != (2,):
        raise InvalidValue(
            f"field: got positions of shape {positions.shape[3:]}, expected two numbers: the generator's and the "
            "discriminator's"
        )
    found = []
    for i, method in enumerate(map(str, dataset["method"].values)):
        stroke = STROKES[list(dataset["method"].values[:i]).count(method) % len(STROKES)]
        for way in positions.values[i].astype(float):
            known = way[np.isfinite(way).all(-1)]
            if len(known):
                found.append((known, colour(method), stroke))
    return found
