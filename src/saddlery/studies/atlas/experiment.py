"""The experiment of the study `atlas`: every method on every analytic game, predicted by multipliers and measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree

from saddlery._system.cores import on_all_cores
from saddlery.dynamics.stability import derivative, period, settled_state
from saddlery.game import Pair
from saddlery.games import GAMES
from saddlery.studies.atlas import dirac, second_order
from saddlery.studies.atlas.families import Family, families
from saddlery.studies.atlas.training import far, lengths, starting, train
from saddlery.studies.atlas.verdicts import VERDICTS, judge, measured, radii
from saddlery.studies.study import Progress, kept
from saddlery.text.call import build

# Games whose equilibrium is the origin. `smooth` is whether the field has a derivative there. WGAN-GP of weight w has
# rest points at ψ = 0, θ = ±2w besides, to which training comes without turning where w is at least 1; below, it turns
# about them, crosses ψ = 0 and is thrown across.
DIAGONAL = "A=[[{0}, 0], [0, {1}]], B=[[{2}, 0], [0, {3}]], C=[[{4}, 0], [0, {5}]]"
ATLAS = {
    "bilinear": ("bilinear", "Bilinear game", True),
    "minimisation": (f"quadratic({DIAGONAL.format(1.0, 0.1, 0, 0, 1.0, 0.1)})", "Two minimisations", True),
    "spiral": (f"quadratic({DIAGONAL.format(0.1, 0.1, 1.0, 0.3, 0.1, 0.1)})", "Spiral, both players curved", True),
    "one-sided": (f"quadratic({DIAGONAL.format(0, 0, 1.0, 0.3, 0.5, 0.5)})", "Spiral, one player curved", True),
    "repelling": (f"quadratic({DIAGONAL.format(-0.2, -0.2, 1.0, 0.3, -0.2, -0.2)})", "Repelling equilibrium", True),
    "dirac-minimax": ("dirac(loss='minimax')", "Dirac-GAN, minimax", True),
    "dirac-nonsaturating": ("dirac(loss='nonsaturating')", "Dirac-GAN, non-saturating", True),
    "dirac-wasserstein": ("dirac(loss='wasserstein')", "Dirac-GAN, Wasserstein", True),
    "dirac-r1": ("dirac(loss='nonsaturating', penalty='r1(weight=0.5)')", "Dirac-GAN, non-saturating with R1", True),
    "dirac-wgan-gp": (
        "dirac(loss='wasserstein', penalty='wgan_gp(weight=1.0)')",
        "Dirac-GAN, WGAN-GP of weight 1",
        False,
    ),
    "dirac-wgan-gp-light": (
        "dirac(loss='wasserstein', penalty='wgan_gp(weight=0.5)')",
        "Dirac-GAN, WGAN-GP of weight 0.5",
        False,
    ),
}


class Scale(NamedTuple):
    """The scale of the experiment: resolution of the maps, steps and starts of each point, and the methods, or all."""

    steps: int
    values: int
    starts: int
    length: int
    methods: tuple[str, ...] = ()


SCALES = {
    "tiny": Scale(6, 2, 3, 400, ("simultaneous", "alternating", "consensus", "adam")),
    "quick": Scale(28, 8, 10, 1600),
    "paper": Scale(72, 24, 48, 20000),
}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Compute the atlas, each group of games that share their programs by itself.

    **Returns:** a dataset with dimensions `game`, `method`, `value`, `step`: `predicted_rate`, `measured_rate` (by what
    the distance to the equilibrium is multiplied in a step, close to it), `verdict` (index into `verdicts`),
    `reach`, the distance up to which training converges from every start; `parameter` (method) and `values` (method,
    value), NaN where a method has fewer. What `dirac` and `second_order` add has dimensions of its own.
    """
    chosen = [each for each in families(size.values) if not size.methods or each.name in size.methods]
    steps = np.geomspace(0.02, 5.0, size.steps)
    groups, done = _groups(), 0
    found: list[xr.Dataset] = []
    for name, games in groups.items():
        on_progress = (lambda n, before=done: progress(before + n, len(groups) * len(chosen))) if progress else None
        make = lambda games=games, on_progress=on_progress: _group(games, chosen, steps, size, on_progress)  # noqa: E731
        found.append(kept(parts / f"{name}.zarr", make))
        done += len(chosen)
    maps = xr.concat(found, "game", combine_attrs="override", join="exact").sel(game=list(ATLAS))
    result = xr.merge([maps, dirac.facts(), second_order.comparison()], combine_attrs="override")
    begun = far(size.starts)
    return result.assign_attrs(
        verdicts=list(VERDICTS),
        length=size.length,
        starts=size.starts,
        nearest=float(begun[0]),
        farthest=float(begun[-1]),
    )


def _groups() -> dict[str, list[str]]:
    """Games by what differs in their programs; those that differ in their arrays only are mapped over together."""
    named = [(name, build("game", text, GAMES)) for name, (text, _, _) in ATLAS.items()]
    return {alike[0][0]: [name for name, _ in alike] for alike in _alike(named)}


def _group(games: list[str], chosen: Sequence[Family], steps: np.ndarray, size: Scale, on_progress) -> xr.Dataset:
    """The maps of some games that share their programs, a method in each thread."""
    width = max(len(family.values) for family in chosen)
    shape = (len(games), len(chosen), width, len(steps))
    maps = {name: np.full(shape, np.nan) for name in ("predicted_rate", "measured_rate", "verdict", "reach")}
    finished = []

    def fill(i):
        for name, values in maps_of(games, chosen[i], steps, size).items():
            maps[name][:, i, : len(chosen[i].values)] = values
        finished.append(i)
        if on_progress:
            on_progress(len(finished))

    on_all_cores(fill, range(len(chosen)))
    values = [[*family.values, *[np.nan] * (width - len(family.values))] for family in chosen]
    return xr.Dataset(
        {name: (("game", "method", "value", "step"), array) for name, array in maps.items()},
        coords={
            "game": games,
            "title": ("game", [ATLAS[name][1] for name in games]),
            "text": ("game", [ATLAS[name][0] for name in games]),
            "smooth": ("game", [ATLAS[name][2] for name in games]),
            "method": [family.name for family in chosen],
            "parameter": ("method", [family.parameter for family in chosen]),
            "values": (("method", "value"), np.array(values, float)),
            "step": steps,
        },
    )


def maps_of(games: Sequence[str], family: Family, steps: np.ndarray, size: Scale) -> dict[str, np.ndarray]:
    """The maps of a method on some games that share their programs, `(game, value, step)`, in double precision."""
    with jax.enable_x64(True):
        built: list[Any] = [build("game", ATLAS[name][0], GAMES) for name in games]
        starts, blocks = starting(built[0], size.starts), lengths(size.length)
        of_players = ravel_pytree(built[0].equilibrium())[0].size
        close = 2 * of_players
        shape = (len(games), len(family.values), len(steps))
        predicted, trainings = np.empty(shape), np.empty((2, *shape, close + size.starts, len(blocks)))
        cells = [((j, k), family.make(v, h)) for j, v in enumerate(family.values) for k, h in enumerate(steps)]
        for alike in _alike(cells):
            places, methods = zip(*alike, strict=True)
            found = _explore(_stack(built), len(built), _stack(methods), starts, jax.random.key(0), blocks)
            rates = radii(np.asarray(found[0]), of_players) ** (1 / period(methods[0]))
            for at, (j, k) in enumerate(places):
                predicted[:, j, k] = rates[:, at]
                trainings[:, :, j, k] = [each[:, at] for each in found[1]]
    smooth = np.array([ATLAS[name][2] for name in games])
    near, nearer = np.split(trainings[0, ..., :close, :], 2, axis=-2)
    paths, ways = trainings[..., close:, :]
    return {
        "predicted_rate": np.where(smooth[:, None, None], predicted, np.nan),
        "measured_rate": measured(near, nearer, blocks),
        **judge(paths, ways, np.hypot.reduce(near, axis=-2), blocks, far(size.starts)),
    }


def _alike(pairs: Sequence[tuple[Any, Any]]) -> list[list[tuple[Any, Any]]]:
    """Pairs of a name and a game or method, in groups of which one program serves all: only arrays' values differ."""
    groups: dict[Any, list] = {}
    for name, thing in pairs:
        leaves = (leaf.shape if eqx.is_array(leaf) else leaf for leaf in jax.tree.leaves(thing))
        groups.setdefault((jax.tree.structure(thing), *leaves), []).append((name, thing))
    return list(groups.values())


def _stack(things: Sequence[Any]) -> Any:
    """Games or methods that are alike as one, their arrays with another axis in front."""
    return jax.tree.map(lambda *leaves: np.stack(leaves) if eqx.is_array(leaves[0]) else leaves[0], *things)


@eqx.filter_jit
def _explore(games, count, methods, starts, key, blocks):
    """Of every game and method the derivative of its update at the origin, and what `train` tells of each start."""

    def explored(game, method):
        origin = jax.tree.map(jnp.zeros_like, Pair(*jax.tree.map(lambda x: x[0], starts)))
        state = settled_state(game, method, origin, key)
        matrix = derivative(game, method, origin, state, key[None], period(method))
        return matrix, jax.vmap(lambda start: train(game, method, start, key, blocks))(starts)

    over_methods = eqx.filter_vmap(explored, in_axes=(None, eqx.if_array(0)))
    return eqx.filter_vmap(over_methods, in_axes=(eqx.if_array(0), None), axis_size=count)(games, methods)
