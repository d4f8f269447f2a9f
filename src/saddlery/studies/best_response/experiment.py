"""The experiment of the study `best-response`: how far a discriminator goes between two steps of the generator."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery.analysis import comparison
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.games import Gan
from saddlery.games.random_features import LinearGan
from saddlery.studies.best_response import starts
from saddlery.studies.crossing import CLOSE, coordinates
from saddlery.studies.study import Progress
from saddlery.studies.trained import train_and_measure
from saddlery.types import Key, Players

NEAR = 0.5  # the share of samples near a mode from which a run on a mixture that covers all modes succeeds
LINEAR, NETWORK = "linear", "network"  # in random features, or a multilayer perceptron


class Dynamics(NamedTuple):
    """How far the discriminator goes: the method as text, and gradients of a step; `None` where that is measured."""

    method: str
    gradients: int | None


DYNAMICS = {
    "1 step": Dynamics("simultaneous(schedule='alternating')", 2),
    "5 steps": Dynamics("simultaneous(schedule='alternating(discriminator_steps=5)')", 6),
    "20 steps": Dynamics("simultaneous(schedule='alternating(discriminator_steps=20)')", 21),
    "unrolled K = 5": Dynamics("unrolled(steps=5)", 11),
    "optimal": Dynamics("simultaneous(schedule='best_response')", None),
}


class Scale(NamedTuple):
    """The scale of the experiment: games, features, steps, learning rates, seeds, samples, and that of `starts`."""

    games: dict[str, str]
    number: int
    steps: int
    rates: tuple[float, ...]
    seeds: int
    samples: int
    starts: starts.Scale


SCALES = {
    "tiny": Scale(
        {"ring": "ring(preset='numerics', width=4, batch=16)", "digits": "digits(width=8, batch=16)"},
        16, 4, (1e-3, 1e-2), 2, 100, starts.Scale(3, 20, (0.3,), 16, 8),
    ),
    "quick": Scale(
        {"ring": "ring(preset='numerics', std=0.1, batch=128)"}, 128, 2500, (1e-3, 3e-3), 4, 1000,
        starts.Scale(11, 800, (0.3, 1.0, 3.0), 32, 24),
    ),
    "medium": Scale(
        {
            "ring": "ring(preset='numerics', std=0.1, batch=256)",
            "grid": "grid(preset='numerics', std=0.1, batch=256)",
            "digits": "digits(width=64, batch=128)",
        },
        256, 6000, (3e-4, 1e-3, 3e-3), 8, 2500, starts.Scale(21, 3000, (0.3, 1.0, 3.0), 64, 32),
    ),
}  # fmt: skip
WIDTHS = {"digits": (4.0, 8.0, 16.0)}  # of the features' kernels, in pixels' units; of the others the default ones
ADAM = "adam(learning_rate=1e-3, b1=0.5)"


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train generators against linear and network discriminators, one step, several, unrolled or optimal ones.

    **Returns:** (`setting`, `seed`, `step`) `success`, whether a run works at a record: all modes covered and half of
    the samples near one, or without modes a sliced Wasserstein distance of at most twice a perfect sampler's; its
    settings with the levels `row` (game and discriminator), `column` (dynamics), `learning_rate` and `gradients`, of a
    step. Of linear ones at the end (`setting`, `seed`) `gap`, how much more than the least the discriminator's loss is
    on a fresh batch, `residual`, the largest entry of the gradient at the optimum found there, and `newton`, the steps
    to it. Of two means (`dynamics`, `rate`, `mean1`, `mean2`) `within`: see `starts`.
    """
    rows = [f"{game}, {kind}" for game in size.games for kind in (LINEAR, NETWORK)]
    found = []
    for done, row in enumerate(rows):
        told = None if progress is None else partial(_told, progress, done, len(rows) + 1)
        found.append(_trained(parts / row.replace(", ", "-"), row, size, told))
    told = None if progress is None else partial(_told, progress, len(rows), len(rows) + 1)
    methods = {name: each.method for name, each in DYNAMICS.items()}
    planes = starts.measure(parts / "starts", size.starts, methods, told)
    if progress:
        progress(1000 * (len(rows) + 1), 1000 * (len(rows) + 1))
    whole = xr.concat(found, "setting", join="outer", combine_attrs="drop_conflicts").merge(planes)
    return whole.assign_attrs(
        note=f"Success: all modes covered and at least {NEAR:.0%} of the samples near one; on digits a sliced "
        f"Wasserstein distance of at most {CLOSE:g} times that of as many real images. Both players by {ADAM} at the "
        "learning rates of the sweep.",
        game="; ".join(size.games.values()),
        steps=size.steps,
        number=size.number,
    )


def _told(progress: Progress, done: int, of: int, now: int, whole: int) -> None:
    """Report the progress of one row among all."""
    progress(round(1000 * (done + now / max(1, whole))), 1000 * of)


def _trained(parts: Path, row: str, size: Scale, progress: Progress | None) -> xr.Dataset:
    """The successes of one game with one kind of discriminator, and the gap at the end."""
    results = train_and_measure(parts, experiments(row, size), gap, partial(named, row), progress)
    close = NEAR if "modes" in results else CLOSE
    success = comparison.success(results.assign_attrs(close=close))
    names = ("gap", "residual", "newton", "diverged_at")
    bare = xr.Dataset({"success": success.astype(float)} | {name: results[name] for name in names})
    levels = ("row", "column", "learning_rate", "gradients", "method")
    return bare.assign_coords({name: results[name] for name in levels})


def experiments(row: str, size: Scale) -> dict[str, Experiment]:
    """The experiments of a row by their dynamics: every learning rate."""
    name, _, kind = row.partition(", ")
    game = size.games[name]
    if kind == LINEAR:
        widths = f", scales={WIDTHS[name]!r}" if name in WIDTHS else ""
        game = f"random_features(game={game!r}, number={size.number}{widths})"
    return {
        column: Experiment(
            game, (each.method,), steps=size.steps, every=max(1, size.steps // 50), seeds=size.seeds,
            generator_optimiser=ADAM, discriminator_optimiser=ADAM, learning_rate=list(size.rates),
            samples=size.samples, shown=0,
        )
        for column, each in DYNAMICS.items()
        if kind == LINEAR or column != "optimal"  # of a network nobody knows the best response
    }  # fmt: skip


def named(row: str, column: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting."""
    rate, dynamics = float(setting.levels["learning_rate"]), DYNAMICS[column]
    gradients = float("nan") if dynamics.gradients is None else float(dynamics.gradients)
    return coordinates(row, column, setting.method.name, rate) | {"gradients": gradients}


def gap(game: Gan, players: Players, key: Key) -> dict[str, Any]:
    """How far the discriminator of a linear GAN is from its best response on a fresh batch; NaN of others."""
    if not isinstance(game, LinearGan):
        return {"gap": np.nan, "residual": np.nan, "newton": np.nan}
    return _gap(game, players, key)


@eqx.filter_jit
def _gap(game, players, key):
    batch = game.draw(key)
    samples = game.act(players.generator, batch)
    best = game.minimum(players.generator, batch, players.discriminator)
    played, least = (game.losses(d, samples, batch).discriminator for d in (players.discriminator, best.at))
    return {"gap": played - least, "residual": best.residual, "newton": jnp.asarray(best.steps, float)}


def at_equal(dataset: xr.Dataset, gradients: bool) -> xr.DataArray:
    """The successes (`setting`, `seed`) at the end, or where each has computed the gradients of the cheapest by then.

    Where the dynamics are optimal, a step counts as one gradient and its steps of Newton's method, each a gradient and
    a Hessian: of m features as many products as m/2 gradients.
    """
    if not gradients:
        return dataset["success"].isel(step=-1, drop=True)
    costs = cost(dataset)
    last = float(dataset["step"][-1]) * float(costs.min())
    steps = dataset["step"].values
    places = [int(np.searchsorted(steps, last / each, side="right")) - 1 for each in costs.values]
    values = dataset["success"].transpose("setting", "seed", "step").values
    return xr.DataArray(np.stack([values[i, :, at] for i, at in enumerate(places)]), dims=("setting", "seed"))


def cost(dataset: xr.Dataset) -> xr.DataArray:
    """The gradients of a step of each setting, (`setting`)."""
    newton = dataset["newton"].max("seed").fillna(0.0)
    optimal = 1 + newton * (1 + float(dataset.attrs["number"]) / 2)
    return dataset["gradients"].where(dataset["gradients"].notnull(), optimal)
