"""The atlas: every method on every analytic game over a range of steps, predicted by multipliers and measured."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree

from saddlery.call import build
from saddlery.cores import on_all_cores
from saddlery.dynamics.stability import derivative, period, settled_state
from saddlery.game import Pair
from saddlery.games import GAMES
from saddlery.methods import METHODS
from saddlery.names import nearest
from saddlery.optimisers import optimiser
from saddlery.records.datasets import is_there, read_dataset, write_dataset
from saddlery.studies import dirac, second_order

# Games with one equilibrium, the origin. `smooth` is whether the field has a derivative there.
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
    "dirac-wgan-gp": ("dirac(loss='wasserstein', penalty='wgan_gp(weight=1.0)')", "Dirac-GAN, WGAN-GP", False),
}
VERDICTS = (
    "converges",
    "converges slower than any rate",
    "stays bounded",
    "depends on the start",
    "diverges",
    "diverges, then stalls",
)
RESULTS = "atlas.zarr"


class Scale(NamedTuple):
    """How fine the maps are, how long and from how many starts each point is trained, and by which methods, or all."""

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
BLOCKS = 40  # short ones, then as many long ones, of each of which the farthest distance is kept
SHORT = 1 / 16  # of a training are the short blocks together, in which fast rates are measured
NEAR, NEARER = 1e-3, 1e-100  # starts that measure rates: of approach and of departure
FLOOR = 1e-150  # a distance at which rounding ends
GONE = 1e6  # a distance at which training has left
CHANGE = 0.02  # of a distance's logarithm over half a training, from which it counts as movement
ARRIVED = np.log(1e-12)  # a distance's logarithm
STALLED = 0.02  # of its fastest pace, below which training has stalled


class Family(NamedTuple):
    """A method with one parameter, or none: `make(value, h)` is the method under sgd(h), or its own optimiser."""

    name: str
    parameter: str
    values: tuple[float, ...]
    make: Callable[[float, float], Any]


def families(values: int) -> list[Family]:
    """All published methods: parameters that are numbers at `values` values, counts and what is costly at three."""
    span = lambda low, high: tuple(float(f"{x:.3g}") for x in np.geomspace(low, high, values))  # noqa: E731
    line = lambda low, high: tuple(float(f"{x:.3g}") for x in np.linspace(low, high, values))  # noqa: E731
    parameters = {
        "alternating": ("discriminator_steps", (1, 2, 5)),
        "averaged": ("decay", line(0.1, 0.98)),
        "clipped": ("value", span(0.01, 1.0)),
        "clipped_norm": ("value", span(0.01, 1.0)),
        "consensus": ("gamma", span(0.05, 20.0)),
        "consensus_discriminator": ("gamma", span(0.05, 20.0)),
        "delayed": ("steps", (1, 3, 10)),
        "jare": ("gamma", span(0.05, 20.0)),
        "krylov": ("order", (0, 1, 3)),
        "lookahead": ("weight", line(0.1, 0.9)),
        "negative_momentum": ("momentum", line(-0.9, -0.1)),
        "neumann": ("gamma", span(0.05, 20.0)),
        "newton": ("damping", (0.01, 0.3, 10.0)),
        "optimistic": ("optimism", span(0.1, 4.0)),
        "smooth": ("gamma", span(0.05, 20.0)),
        "symplectic": ("weight", span(0.05, 20.0)),
        "two_time_scales": ("ratio", span(0.05, 20.0)),
        "unrolled": ("steps", (1, 3, 10)),
    }

    def published(name):
        parameter, chosen = parameters.get(name, ("", (np.nan,)))

        def make(value, h):
            sgd = optimiser("sgd", learning_rate=h)
            return METHODS[name](**({parameter: value} if parameter else {}), generator=sgd, discriminator=sgd)

        return Family(name, parameter, chosen, make)

    def adaptive(name, argument, chosen):
        def make(value, h):
            own = optimiser(name, learning_rate=h, **{argument: value})
            return METHODS["simultaneous"](generator=own, discriminator=own)

        return Family(name, argument, chosen, make)

    return [
        *(published(name) for name in METHODS),
        adaptive("rmsprop", "eps", span(1e-4, 1.0)),
        adaptive("adam", "b1", line(0.0, 0.9)),
    ]


def run(folder: Path | str, scale: str = "quick", progress: Callable[[int, int], None] | None = None) -> xr.Dataset:
    """Draw the atlas, going on with what the folder holds.

    **Arguments:**
    - `folder`: results are written to `folder/atlas.zarr`; each group of games before that beside it.
    - `scale`: `"quick"` (some minutes on two cores) or `"paper"`.
    - `progress`: called with how many programs are done and of how many.

    **Returns:** a dataset with dimensions `game`, `method`, `value`, `step`: `predicted_rate`, `measured_rate` (by what
    the distance to the equilibrium is multiplied in a step, close to it), `verdict` (index into `verdicts`),
    `reach`, the distance up to which training converges from every start; `parameter` (method) and `values` (method,
    value), NaN where a method has fewer. What `studies.dirac` and `studies.second_order` add has dimensions of its own.

    **Raises:** `ValueError` for another scale.
    """
    if scale not in SCALES:
        raise ValueError(nearest("scale", scale, SCALES))
    folder, size = Path(folder), SCALES[scale]
    chosen = [each for each in families(size.values) if not size.methods or each.name in size.methods]
    steps = np.geomspace(0.02, 5.0, size.steps)
    groups, done = _groups(), 0
    for name, games in groups.items():
        path = folder / "parts" / f"{scale}-{name}.zarr"
        if not is_there(path):
            tell = (lambda n, before=done: progress(before + n, len(groups) * len(chosen))) if progress else None
            write_dataset(path, _group(games, chosen, steps, size, tell))
        done += len(chosen)
    parts = [read_dataset(folder / "parts" / f"{scale}-{name}.zarr") for name in groups]
    maps = xr.concat(parts, "game", combine_attrs="override", join="exact").sel(game=list(ATLAS))
    result = xr.merge([maps, dirac.facts(), second_order.comparison()], combine_attrs="override")
    result = result.assign_attrs(_attributes(scale, size))
    write_dataset(folder / RESULTS, result)
    return open_atlas(folder)


def open_atlas(folder: Path | str) -> xr.Dataset:
    """The atlas that a folder holds.

    **Raises:** `FileNotFoundError` when there is none.
    """
    path = Path(folder) / RESULTS
    if not path.exists():
        raise FileNotFoundError(f"{folder} holds no atlas: there is no {path}")
    return read_dataset(path)


def _attributes(scale, size):
    return {
        "title": "The atlas of methods on analytic games",
        "command": f"saddlery study atlas --scale {scale}",
        "verdicts": list(VERDICTS),
        "length": size.length,
        "starts": size.starts,
        "nearest": float(far(size.starts)[0]),
        "farthest": float(far(size.starts)[-1]),
        "scale": scale,
    }


def _groups() -> dict[str, list[str]]:
    """Games by what differs in their programs; those that differ in their arrays only are mapped over together."""
    named = [(name, build("game", text, GAMES)) for name, (text, _, _) in ATLAS.items()]
    return {alike[0][0]: [name for name, _ in alike] for alike in _alike(named)}


def _group(games: list[str], chosen: Sequence[Family], steps: np.ndarray, size: Scale, tell) -> xr.Dataset:
    """The maps of some games that share their programs, a method in each thread."""
    width = max(len(family.values) for family in chosen)
    shape = (len(games), len(chosen), width, len(steps))
    maps = {name: np.full(shape, np.nan) for name in ("predicted_rate", "measured_rate", "verdict", "reach")}
    finished = []

    def fill(i):
        for name, values in maps_of(games, chosen[i], steps, size).items():
            maps[name][:, i, : len(chosen[i].values)] = values
        finished.append(i)
        if tell:
            tell(len(finished))

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
    """A method's maps on some games that share their programs, `(game, value, step)`, in double precision."""
    with jax.enable_x64(True):
        built = [build("game", ATLAS[name][0], GAMES) for name in games]
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


def starting(game: Any, count: int) -> Pair:
    """Where training starts: `NEAR` and `NEARER` along every axis, then as far as `far` in random directions."""
    players, unravel = ravel_pytree(game.init(jax.random.key(0)))
    axes = np.eye(players.size)
    random = np.random.default_rng(0).standard_normal((count, players.size))
    random *= (far(count) / np.linalg.norm(random, axis=1))[:, None]
    return jax.vmap(unravel)(jnp.asarray(np.concatenate([NEAR * axes, NEARER * axes, random])))


def far(count: int) -> np.ndarray:
    """How far from the equilibrium the starts are by which a method is judged."""
    return np.geomspace(0.1, 2.0, count)


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


def lengths(length: int) -> np.ndarray:
    """How many steps each block of a training has."""
    short = max(1, round(length * SHORT / BLOCKS))
    return np.repeat([short, max(1, length // BLOCKS - short)], BLOCKS)


def train(game: Any, method: Any, start: Pair, key: Any, blocks: Any) -> tuple[Any, Any]:
    """The farthest from the origin in each of some blocks of training, of these numbers of steps, and the way gone."""

    def step(_, carry):
        players, state, farthest, way = carry
        after = method.step(game, players, state, key)
        before, now = (ravel_pytree(each)[0] for each in (players, after[0]))
        distance = jnp.linalg.norm(now)
        gone = ~(distance < GONE)  # it stays where it was: linear solves take long on what is not finite
        players, state = jax.tree.map(lambda old, new: jnp.where(gone, old, new), (players, state), after)
        way += jnp.where(gone, 0.0, jnp.linalg.norm(now - before))
        return players, state, jnp.where(gone, jnp.inf, jnp.maximum(farthest, distance)), way

    def block(carry, steps):
        players, state, *told = jax.lax.fori_loop(0, steps, step, (*carry, jnp.zeros(()), jnp.zeros(())))
        return (players, state), tuple(told)

    return jax.lax.scan(block, (start, method.init(game, start)), jnp.asarray(blocks))[1]


def radii(matrices: np.ndarray, of_players: int) -> np.ndarray:
    """Of matrices `(…, n, n)` the largest |μ| whose eigenvector moves the players, the first rows.

    NaN of a matrix that is not finite.
    """
    finite: np.ndarray = np.asarray(np.isfinite(matrices).all((-2, -1)))
    values, vectors = np.linalg.eig(np.where(finite[..., None, None], matrices, 0.0))
    moving = np.linalg.norm(vectors[..., :of_players, :], axis=-2) > 1e-8
    return np.where(finite, np.where(moving, np.abs(values), 0.0).max(-1), np.nan)


def measured(near: np.ndarray, nearer: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """By what small distances are multiplied in a step, from those of the starts at `NEAR` and at `NEARER`.

    Both are `(…, axis, block)`, and together over the axes the Frobenius norm of the update's powers. Where it grows
    from `NEARER`, the slope of its logarithm, else that from `NEAR`. A block's farthest point is its last of a distance
    that grows, its first of one that falls.
    """
    ends = np.cumsum(blocks)
    growth = slope(np.hypot.reduce(nearer, axis=-2), ends)
    fall = slope(np.hypot.reduce(near, axis=-2), ends - blocks + 1)
    return np.exp(np.where(growth > 0, growth, fall))


def slope(paths: np.ndarray, times: np.ndarray) -> np.ndarray:
    """That of the logarithm of distances `(…, block)` over the later half of those that are small and above rounding.

    NaN where there are fewer than three.
    """
    with np.errstate(all="ignore"):
        logs = np.log(paths)
    usable = np.cumprod((logs > np.log(FLOOR)) & (logs < np.log(10 * NEAR)), axis=-1)  # until it first leaves
    count, block = usable.sum(-1, keepdims=True), np.arange(len(times))
    chosen = (block >= np.maximum(1, count // 2)) & (block < count)
    total = np.maximum(1, chosen.sum(-1, keepdims=True))
    off = np.where(chosen, times - (chosen * times).sum(-1, keepdims=True) / total, 0.0)
    slopes = (off * np.where(chosen, logs, 0.0)).sum(-1) / np.maximum(1, (off**2).sum(-1))
    return np.where(chosen.sum(-1) >= 3, slopes, np.nan)


def judge(
    paths: np.ndarray, ways: np.ndarray, near: np.ndarray, blocks: np.ndarray, begun: np.ndarray
) -> dict[str, np.ndarray]:
    """What became of training begun at some distances, nearest first: what `train` told, `(…, start, block)`.

    A distance falls, or rises, when its logarithm changes by more than `CHANGE` in the second half of training, in the
    quarter before in the same direction by a quarter of that, and also from where it began; one that never falls need
    not have risen in the quarter before. Training converges slower than at any rate when the distance `near`
    `(…, block)`, from starts at `NEAR`, does not fall by a quarter of `CHANGE`: at a rate it falls as others do. It
    stalls where a loss is flat: it is farther than it began, does not fall, and in the second half goes at less than
    `STALLED` of its fastest pace. It leaves when it rises or stalls beyond all that it began at, or is beyond numbers.

    | verdict | starts |
    |---|---|
    | converges, converges slower than any rate | all fall; near ones too, or not |
    | diverges | some leave, and all rise or are gone |
    | diverges, then stalls | some leave, and all rise, are gone, or have stalled |
    | depends on the start | else some leave, or some arrive |
    | stays bounded | none leaves |

    **Returns:** `verdict`, an index into `VERDICTS`, and `reach`, the largest of the distances such that training falls
    from there and from all that are nearer, 0 when it does not from the nearest.
    """
    times, paces = np.cumsum(blocks), ways / blocks
    end, late, before = _changes(paths, times)
    gone = ~(paths.max(-1) < GONE)
    with np.errstate(invalid="ignore"):
        total, never = end - np.log(begun), (np.diff(paths) >= 0).all(-1)
    arrived = ~gone & (end < ARRIVED)
    falls = ~gone & (arrived | ((late < -CHANGE) & (before < -CHANGE / 4) & (total < 0)))
    rises = gone | ((late > CHANGE) & ((before > CHANGE / 4) | never) & (total > 0))
    slowed = paces[..., np.searchsorted(times, times[-1] / 2) + 1 :].mean(-1) < STALLED * paces.max(-1)
    stalls = ~gone & ~falls & slowed & (total > 0)
    leaves = gone | ((rises | stalls) & (end > np.log(begun.max())))
    near_end, near_late, _ = _changes(near, times)
    at_a_rate = (near_end < ARRIVED) | (near_late < -CHANGE / 4)
    verdict = np.select(
        [
            falls.all(-1) & at_a_rate,
            falls.all(-1),
            leaves.any(-1) & rises.all(-1),
            leaves.any(-1) & (rises | stalls).all(-1),
            leaves.any(-1) | arrived.any(-1),
        ],
        [0, 1, 4, 5, 3],
        2,
    )
    reached = np.append(0.0, begun)[np.cumprod(falls, axis=-1).sum(-1)]
    return {"verdict": verdict.astype(float), "reach": reached}


def _changes(paths: np.ndarray, times: np.ndarray) -> list[np.ndarray]:
    """The last logarithm of distances `(…, block)`, and how it changed in the second half and the quarter before."""
    with np.errstate(all="ignore"):
        logs = np.log(np.maximum(paths, 1e-300))
        quarter, half, end = (logs[..., np.searchsorted(times, times[-1] / n)] for n in (4, 2, 1))
        return [end, end - half, half - quarter]
