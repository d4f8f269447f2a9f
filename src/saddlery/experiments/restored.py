"""A run restored from a folder at its last checkpoint, with its game, method and setting."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery import plugins
from saddlery.errors import InvalidValue, NotFound
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.experiment import KEPT, Experiment
from saddlery.experiments.grid import Setting
from saddlery.experiments.opening import open_live, open_results
from saddlery.experiments.trained import BuiltTraining, prepare_training
from saddlery.game import Game
from saddlery.method import Method
from saddlery.records import description
from saddlery.runs import checkpoints, recording
from saddlery.runs.cell import Carry, Cell, RunState
from saddlery.runs.fingerprint import run_identity
from saddlery.runs.keys import RunKeys
from saddlery.runs.loop import start_or_restore
from saddlery.runs.steps import before
from saddlery.text.arguments import plain, quoted, whole
from saddlery.text.call import parse
from saddlery.text.names import nearest
from saddlery.types import Key, Level

Built = BuiltExperiment | BuiltTraining


class Chosen(NamedTuple):
    """A setting chosen in a folder, with its game and cell.

    - `game`, `method`: which it trains, and by what; `cell`: its runs.
    - `title`: the game and the method in words; `others`: the labels of the folder's other settings.
    """

    game: Game
    method: Method
    cell: Cell
    title: str
    others: tuple[str, ...]


class Restored(NamedTuple):
    """A restored run: its setting, seed and key, how far it is, and its history along `step`."""

    of: Chosen
    seed: int
    key: Key
    step: int
    diverged_at: int
    carry: Carry
    history: xr.Dataset


def restored(
    folder: Path,
    method: str | None = None,
    seed: int = 0,
    built: Built | None = None,
    **levels: Level,
) -> Restored:
    """Restore a run, a seed of a setting in a folder, at its last checkpoint.

    **Arguments:**
    - `method`, `levels`: as of `chosen`.
    - `built`: what the folder holds, where it is at hand; by default it is built from what the folder says.

    **Raises:** `FileNotFoundError` when there are no runs or no checkpoint; `ValueError` for a setting or seed that
    they do not have, and when the checkpoints are damaged or of another game.
    """
    built = built_in(folder) if built is None else built
    of = chosen(built, folder, method, **levels)
    cell = of.cell
    whole("seed", seed, 0, built.seeds - 1)
    place = cell.checkpoints(seed)
    if place is None or not list(place.glob("step-*")):
        raise NotFound(
            f"{plain(folder)} holds no checkpoint of {cell.label}, seed {seed}: there is none in {plain(place)}; "
            f"{_remedy(folder, cell.label)}"
        )
    step, diverged_at, carry, history = (_of_training if isinstance(built, BuiltTraining) else _of_experiment)(
        cell, seed
    )
    if step == 0 and diverged_at < 0:
        raise InvalidValue(f"{plain(folder)}: every checkpoint of {cell.label}, seed {seed} is damaged")
    return Restored(of, seed, cell.keys[seed], step, diverged_at, carry, history)


def _of_experiment(cell: Cell, seed: int) -> tuple[int, int, Carry, xr.Dataset]:
    """How far a run is, with the history that its checkpoint holds."""
    state = start_or_restore(cell, seed)
    history = recording.of_runs([state], cell.probes, cell.records).isel(seed=0, drop=True)
    return state.step, state.diverged_at, state.carry, history


def _of_training(cell: Cell, seed: int) -> tuple[int, int, Carry, xr.Dataset]:
    """How far a run is, with the history that its folder holds: the probes that recorded it may be one's own."""
    folder, place, key = cell.folder, cell.checkpoints(seed), cell.keys[seed]
    assert folder is not None
    assert place is not None
    results = open_live(folder)
    recorded = [name for name, each in results.data_vars.items() if each.dims[:3] == ("setting", "seed", "step")]
    init = RunKeys.of(key).init
    carry = eqx.filter_eval_shape(before, cell.game, cell.method, init, None, cell.average is not None)
    like = RunState(0, -1, 0.0, carry, dict.fromkeys(map(str, recorded), np.zeros(())))
    found = checkpoints.restore(place, like, run_identity(cell, key))
    history = results[[*recorded, "diverged_at", "steps_per_second"]].isel(setting=0, seed=seed, drop=True)
    history.attrs.clear()
    if found is None:
        return 0, -1, carry, history
    return int(found.step), int(found.diverged_at), jax.tree.map(jnp.asarray, found.carry), history


def built_in(
    folder: Path,
    games: Mapping[str, Any] | None = None,
    methods: Mapping[str, Callable[..., Method] | Method] | None = None,
) -> Built:
    """The experiment, or the runs of `saddlery.train`, of a folder, built; its plugins must have been given.

    **Arguments:** one's own games and methods, as of `saddlery.load`.
    """
    held = description.read(folder)
    plugins.require(folder, held.plugins)
    if held.kind == "training":
        return prepare_training(held, folder, games, methods)
    return prepare(Experiment.of(held, folder), games, methods)


def chosen(built: Built, folder: Path, method: str | None = None, **levels: Level) -> Chosen:
    """The setting chosen by label or method's text, or the only one with this name; by default the first.

    **Arguments:** `levels`: what it was set to, by name, such as `gamma=1.0`.

    **Raises:** `ValueError` naming what the folder does not have, or the settings among which it cannot tell.
    """
    if isinstance(built, BuiltTraining):
        cell = built.cell
        for name, value in levels.items():
            raise InvalidValue(f"{plain(name)}: got {quoted(value)}; runs of saddlery.train have no levels")
        if method is not None and method not in (cell.label, cell.label.partition("(")[0]):
            raise InvalidValue(nearest("method of this run", method, built.labels))
        return Chosen(cell.game, cell.method, cell, f"{built.again['game']}, {cell.label}", ())
    experiment = built.experiment
    setting = setting_of(experiment, method, **levels)
    cell = cells_of(built, folder)[experiment.settings.index(setting)]
    others = tuple(label for label in experiment.labels if label != setting.label)
    game = built.games[str(setting.game)]
    return Chosen(game, built.methods[setting.label], cell, f"{setting.game}, {setting.label}", others)


def setting_of(experiment: Experiment, method: str | None = None, **levels: Level) -> Setting:
    """The setting of an experiment, chosen as `chosen` does."""
    found = list(experiment.settings)
    for name, value in levels.items():
        known = dict.fromkeys(name for each in experiment.settings for name in each.levels)
        if name not in known:
            raise InvalidValue(nearest("level", name, tuple(known)))
        if not (kept := [each for each in found if each.levels.get(name) == value]):
            there = ", ".join(dict.fromkeys(quoted(each.levels.get(name)) for each in found))
            raise InvalidValue(f"{name}: got {quoted(value)}, expected one of {there}")
        found = kept
    if method is None:
        if levels and len(found) > 1:
            raise InvalidValue(f"levels: the run holds several of these: {', '.join(each.label for each in found)}")
        return found[0]
    if exact := [each for each in found if method == each.label]:
        return exact[0]
    text = str(parse(method))
    named = [each for each in found if text in (each.label, each.levels.get("method"), each.method.name)]
    exact = [each for each in named if each.label == text]
    if exact or len(named) == 1:
        return (exact or named)[0]
    if named:
        raise InvalidValue(f"method: the run holds several of {method!r}: {', '.join(each.label for each in named)}")
    raise InvalidValue(nearest("method of this run", method, experiment.labels))


def _remedy(folder: Path, label: str) -> str:
    """How a setting without checkpoints comes to have some: what is finished is not trained again."""
    try:
        finished = label in open_results(folder)["setting"].values
    except (FileNotFoundError, ValueError):
        finished = False
    if not finished:
        return f"make it with: saddlery resume {plain(folder)}"
    return (
        f"it is finished, and keeps none; train it again with saddlery run, among at most {KEPT} runs: more keep none"
    )
