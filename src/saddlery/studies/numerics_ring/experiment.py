"""The experiment of the study `numerics-ring`: simultaneous against consensus optimisation, and eigenvalues."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree

from saddlery._system.cores import Completed, threads
from saddlery.dynamics.jacobian import consensus, jacobian
from saddlery.dynamics.path import path
from saddlery.dynamics.spectrum import Spectrum, from_matrix
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.facts import facts
from saddlery.game import Game
from saddlery.method import Method
from saddlery.metrics.suited import probes
from saddlery.studies.numerics_ring import kinks
from saddlery.studies.study import Progress, kept
from saddlery.training import train
from saddlery.types import Key, Players

GAMMA, BATCHES = 10.0, 10  # of consensus optimisation; and over how many batches the Jacobian is averaged
SETTINGS = ("simultaneous", f"consensus(gamma={GAMMA})")
FIELDS = ("v", "consensus")  # whose Jacobians: v′, and v′ − γ v′ᵀ v′
INSTANTS = 5  # of training, evenly spaced beside its start, at which Jacobian and finite differences are compared
MODES = 200  # of those that carry the field, how many are kept


class Scale(NamedTuple):
    """The scale of the experiment: steps, records, learning rate, seeds, moments of eigenvalues, and the ring."""

    steps: int
    every: int
    learning_rate: float
    seeds: int
    moments: tuple[int, ...]
    game: str = "ring(preset='numerics')"


SCALES = {
    "tiny": Scale(6, 2, 1e-3, 2, (0, 6), "ring(preset='numerics', width=4, batch=64)"),
    "quick": Scale(5000, 100, 1e-3, 3, (0, 1000, 5000)),
    "paper": Scale(50_000, 1000, 1e-4, 5, tuple(range(0, 50_001, 5000))),
}
NUMBERS = ("field_norm", "symmetric", "antisymmetric", "rotation", "turning", "angle", "stable_step", "tolerance")


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train on the ring as in the paper (Mescheder, Nowozin, Geiger, 2017), and take eigenvalues along the way.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`), and beside its measures
    `eigenvalues_real` and `eigenvalues_imaginary` (setting, seed, moment, field, eigenvalue), of v′ and of
    v′ − γ v′ᵀ v′, each of a Jacobian averaged over 10 batches; of each of these its norms, rotation and tolerance, as
    in `Spectrum`; `mode_real`, `mode_imaginary`, `mode_weight` and `mode_left` (…, part), the modes that carry the
    field, the largest part first, and `carrying`, how many it takes to leave a tenth of it; along the segment from
    start to end `path_angle` and `path_norm` (setting, seed, position), and `distance` (setting, seed); and
    `curvature`, `seen` and `missed` (network, setting, seed, instant, direction, h) of `kinks.kinks`, of these
    trainings and of the same with networks of tanh.
    """
    built, of = prepare(_experiment(size)), len(SETTINGS) * (3 + size.seeds * len(size.moments))
    done = 0

    def advance():
        nonlocal done
        done += 1
        if progress:
            progress(done, of)

    histories = {}
    for text, method in built.methods.items():
        histories[text] = _trained(built, built.game, method, parts / _name(built.experiment, text))
        advance()
    compared = _compared(built, histories, parts, advance)
    spectra = _spectra(built, histories, parts, size, advance)
    measures = [history.drop_vars("parameters").assign_coords(setting=text) for text, history in histories.items()]
    results = facts(built).merge(xr.concat(measures, "setting"), combine_attrs="override")
    for more in (spectra, compared, _paths(built, histories)):
        results = results.merge(more)
    return results.assign_attrs(gamma=GAMMA, batches=BATCHES)


def _experiment(size: Scale) -> Experiment:
    """The trainings, as an experiment."""
    steps, every, learning_rate, seeds, _, game = size
    paper = SCALES["paper"]
    note = "The ring of Mescheder, Nowozin and Geiger (2017) with their networks, losses and optimiser"
    if size != paper:
        note += (
            f"; {steps:,} steps of learning rate {learning_rate:g} in the place of their {paper.steps:,} of "
            f"{paper.learning_rate:g}"
        )
    return Experiment(
        game=game,
        methods=SETTINGS,
        steps=steps,
        every=every,
        seeds=seeds,
        learning_rate=learning_rate,
        note=f"{note}. Eigenvalues are of Jacobians averaged over {BATCHES} batches, one row for every parameter.",
    )


def parameters(game: Game, players: Players, key: Key) -> np.ndarray:
    """A probe of both players' parameters, in one vector."""
    return np.asarray(ravel_pytree(players)[0])


parameters.dims = {"parameters": ("parameter",)}  # type: ignore[attr-defined]


def _name(experiment: Experiment, text: str) -> str:
    """The name of a method's folder: its place and its text, in letters that any file system takes."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")[:80]
    return f"{experiment.labels.index(text) + 1}-{readable}"


def _trained(built: BuiltExperiment, game: Any, method: Method, out: Path) -> xr.Dataset:
    """One method's history, its players among what is recorded."""
    return train(
        game,
        method,
        steps=built.experiment.steps,
        every=built.experiment.every,
        seeds=built.experiment.seeds,
        key=jax.random.key(built.experiment.key),
        probes=probes(game, built.experiment.samples) | {"parameters": parameters},
        out=out,
        resume=out.exists(),
    ).history


def _compared(
    built: BuiltExperiment, histories: dict[str, xr.Dataset], parts: Path, advance: Callable[[], None]
) -> xr.Dataset:
    """Jacobian and finite differences along each training, and along that of the same networks with tanh."""
    games = {"relu": built.game, "tanh": kinks.without_kinks(built.game)}

    def along(network, text, method):
        name = _name(built.experiment, text)

        def make():
            history = histories[text]
            if network == "tanh":
                history = _trained(built, games[network], method, parts / "tanh" / name)
            return _kinks(games[network], history["parameters"])

        found = kept(parts / "kinks" / f"{network}-{name}.zarr", make)
        advance()
        return found

    return _along(
        "network",
        (_along("setting", (along(network, *each) for each in built.methods.items())) for network in games),
    ).assign_coords(
        network=list(games),
        direction=list(kinks.DIRECTIONS),
        h=list(kinks.DISTANCES),
    )


def _kinks(game: Any, positions: xr.DataArray) -> xr.Dataset:
    """The comparison at evenly spaced records of every seed; NaN where training had left the finite numbers."""

    def at(flat):
        players = _players(game, flat) if np.isfinite(flat).all() else None
        return kinks.kinks(game, players, key=jax.random.key(1))

    last = positions.sizes["step"] - 1
    chosen = positions.isel(step=np.unique(np.linspace(0, last, min(INSTANTS, last) + 1).round().astype(int)))
    seeds = (_along("instant", (at(flat) for flat in seed.values)) for seed in chosen.transpose("seed", "step", ...))
    return _along("seed", seeds).assign_coords(instant=chosen["step"].values)


def _spectra(
    built: BuiltExperiment, histories: dict[str, xr.Dataset], parts: Path, size: Scale, advance: Callable[[], None]
) -> xr.Dataset:
    """The spectra of every setting, seed and moment, a thread for each core."""

    def spectrum(text, seed, moment):
        flat = histories[text]["parameters"].sel(seed=seed, step=moment).values
        path = parts / "spectra" / f"{SETTINGS.index(text) + 1}-{seed}-{moment}.zarr"
        return kept(path, lambda: _spectrum(built.game, flat))

    cells = [(text, seed, moment) for text in SETTINGS for seed in range(size.seeds) for moment in size.moments]
    found = {}
    with threads() as pool:
        found[cells[0]] = spectrum(*cells[0])  # here, so that the program is compiled once
        advance()
        waiting = {pool.submit(spectrum, *cell): cell for cell in cells[1:]}
        for ended in Completed(waiting):
            found[waiting[ended]] = ended.result()
            advance()
    return _along(
        "setting",
        (
            _along(
                "seed", (_along("moment", (found[text, seed, m] for m in size.moments)) for seed in range(size.seeds))
            )
            for text in SETTINGS
        ),
    ).assign_coords(moment=list(size.moments), field=list(FIELDS))


def _along(dimension: str, datasets: Iterable[xr.Dataset]) -> xr.Dataset:
    return xr.concat(list(datasets), dimension)


def _players(game: Any, flat: np.ndarray) -> Any:
    """Both players out of one vector."""
    return ravel_pytree(game.init(jax.random.key(0)))[1](jnp.asarray(flat))


def _spectrum(game: Any, flat: np.ndarray) -> xr.Dataset:
    """The spectra of both fields at a position; NaN where training had left the finite numbers."""
    if not np.isfinite(flat).all():
        return _along("field", [_described(None, len(flat)) for _ in FIELDS])
    J = jacobian(game, _players(game, flat), key=jax.random.key(1), batches=BATCHES)
    return _along("field", [_described(from_matrix(each, BATCHES), J.size) for each in (J, consensus(J, GAMMA))])


def _described(found: Spectrum | None, size: int) -> xr.Dataset:
    """What is kept of a spectrum."""
    values, modes = np.full(size, complex(np.nan, np.nan)), np.full((MODES, 3), np.nan, complex)
    numbers, carrying = dict.fromkeys(NUMBERS, np.nan), np.nan
    if found is not None:
        values = found.eigenvalues
        kept = np.stack([found.modes.eigenvalues, found.modes.weights, found.modes.left], axis=1)[:MODES]
        modes[: len(kept)] = kept
        numbers = {name: getattr(found, name) for name in NUMBERS}
        carrying = len(found.modes.carrying())
    return xr.Dataset(
        {
            "eigenvalues_real": ("eigenvalue", np.real(values)),
            "eigenvalues_imaginary": ("eigenvalue", np.imag(values)),
            "mode_real": ("part", np.real(modes[:, 0])),
            "mode_imaginary": ("part", np.imag(modes[:, 0])),
            "mode_weight": ("part", np.real(modes[:, 1])),
            "mode_left": ("part", np.real(modes[:, 2])),
            "carrying": ((), float(carrying)),
            **{name: ((), float(value)) for name, value in numbers.items()},
        }
    )


def _paths(built: BuiltExperiment, histories: dict[str, xr.Dataset]) -> xr.Dataset:
    """Angle and norm of the field from the start of each run to its end."""

    def one(flat):
        ends = flat.dropna("step")  # of a run that left the finite numbers, up to there
        start, end = (_players(built.game, ends.isel(step=i).values) for i in (0, -1))
        found = path(built.game, start, end, key=jax.random.key(1), batches=BATCHES)
        return xr.Dataset(
            {
                "path_angle": ("position", found.angle),
                "path_norm": ("position", found.norm),
                "distance": ((), found.distance),
            },
            {"position": found.position},
        )

    return _along(
        "setting",
        (
            _along("seed", (one(history["parameters"].sel(seed=seed)) for seed in history["seed"].values))
            for history in histories.values()
        ),
    )
