"""The path of a run in the plane of its two principal components, or the field along a segment."""

import numpy as np
import xarray as xr

from saddlery.errors import InvalidType, InvalidValue
from saddlery.plots import given
from saddlery.plots.frame import frame
from saddlery.plots.picture import Picture, render
from saddlery.plots.segment import Path, of_path, segment
from saddlery.plots.style import GREY, INK
from saddlery.plots.trends import Diagnosed, is_diagnosis

NEEDED = "a Diagnosis, a saddlery.dynamics.Path, or records of positions"


def path(of: given.Records | Diagnosed | Path, *, setting: str | None = None, seed: int = 0) -> Picture:
    """The path of the players in the plane of its two principal components, from the ring at the start to dark.

    Of a `saddlery.dynamics.Path` it is the angle and the norm of v along the segment from start to end.

        >>> import jax
        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game = sd.games.bilinear()
        >>> along = sd.dynamics.path(game, sd.Pair(jnp.ones(1), jnp.ones(1)), game.equilibrium(), key=jax.random.key(0))
        >>> path(along).alt
        'Path angle and path norm from the start to the end of each run. Median distance moved: path 1.41.'

    **Arguments:**
    - `of`: a `Diagnosis`; a `saddlery.dynamics.Path`; or what holds `position` (step, and one axis) of each run, such
      as a `Run` with `saddlery.dynamics.Positions` among its probes.
    - `setting`, `seed`: of records, which run: by default the first.

    **Raises:** `TypeError` for what holds no path; `ValueError` where no positions were recorded, or the players never
    moved.
    """
    if is_diagnosis(of):
        return plane(of.trial.path, of.facts.trends.turns)
    if isinstance(of, Path) and not given.held(of):
        return segment(of_path(of))
    if isinstance(of, xr.Dataset) and {"path_angle", "path_norm"} <= {*of.data_vars}:
        return segment(of)
    if given.held(of) is None:
        raise InvalidType(given.refused("path", of, NEEDED))
    dataset = given.experiment("path", of, NEEDED)
    given.require("path", dataset, "position", made_by='train with probes={"position": saddlery.dynamics.Positions()}')
    return plane(given.run("path", dataset, setting, seed))


def plane(record: xr.Dataset, turns: float | None = None) -> Picture:
    """The path of one run's `position` (step, axis), drawn in the plane of its two principal components.

    **Arguments:** `turns`: about its mean, where they are known.
    """
    positions = record["position"].transpose("step", ...).values.astype(float)
    known = np.isfinite(positions.reshape(len(positions), -1)).all(1)
    steps, positions = record["step"].values[known], positions.reshape(len(positions), -1)[known]
    centred = positions - positions.mean(0)
    if not centred.any():
        raise InvalidValue("path: the players never moved")
    left, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    seen = np.zeros((len(positions), 2))
    count = min(2, len(strengths))
    seen[:, :count] = left[:, :count] * strengths[:count]
    share = (strengths[:2] ** 2).sum() / (strengths**2).sum()
    figure, axes = frame("The path of the trial run" if turns is not None else "The path of training",
                         "first component", "second component")  # fmt: skip
    axes.plot(*seen.T, color=GREY, linewidth=0.7)
    axes.scatter(*seen.T, c=steps, cmap="viridis_r", s=9, linewidth=0, zorder=3)
    axes.plot(*seen[0], "o", color="white", markeredgecolor=INK, markersize=6, zorder=4)
    axes.set_aspect("equal", adjustable="datalim")
    alt = (
        f"The players' path in the plane of its two principal components, {share:.0%} of its variance, from the ring "
        f"at the start to dark{'' if turns is None else f': {turns:.1f} turns about its mean'}."
    )
    return render(figure, "path", alt)
