"""A run restored from a folder at its last checkpoint, with its game, method and setting."""

import functools
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery import plugins
from saddlery.errors import InvalidValue, NotFound
from saddlery.experiments import pictures
from saddlery.experiments.best import BEST, best_setting
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.experiment import KEPT, Experiment
from saddlery.experiments.grid import Setting, expand
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
from saddlery.text.names import nearest
from saddlery.text.places import unplaced
from saddlery.types import Level

Built = BuiltExperiment | BuiltTraining


class Chosen(NamedTuple):
    """A setting chosen in a folder, by its label, with its game and method.

    - `title`: the game and the method in words; `others`: the labels of the folder's other settings.
    """

    label: str
    game: Game
    method: Method
    title: str
    others: tuple[str, ...]


class Restored(NamedTuple):
    """A restored run: its setting, cell and seed, how far it is, and its history along `step`.

    Of a run that diverged, at `diverged_at`, `carry` is the last that was finite, at `step`.
    """

    of: Chosen
    cell: Cell
    seed: int
    step: int
    diverged_at: int
    carry: Carry
    history: xr.Dataset

    @property
    def title(self) -> str:
        """The run in words."""
        return f"{self.of.title}, seed {self.seed}"

    @property
    def untrained(self) -> str:
        """Why there are no trained players, in words, of a run that diverged before its first step's end; else empty.

        What shows or keeps players as trained ones refuses these.
        """
        if self.diverged_at < 0 or self.step > 0:
            return ""
        return f"{self.title} diverged at step {self.diverged_at:,}: no finite players but the untrained ones are left"

    def caveat(self, what: str) -> str:
        """What is to be said beside something made with the players of a run that diverged; else empty.

        **Arguments:** `what` was made, such as `"samples"`.
        """
        if self.diverged_at < 0:
            return ""
        lost = f"{self.title} diverged at step {self.diverged_at:,}"
        return f"{lost}; {what} of the last finite players, at step {self.step:,}"


def restored(
    folder: Path, method: str | None = None, seed: int = 0, built: Built | None = None, **levels: Level
) -> Restored:
    """Restore a run, a seed of a setting in a folder, at its last checkpoint: the only one of `restored_runs`."""
    return next(restored_runs(folder, method, [seed], built, **levels))


def restored_runs(
    folder: Path,
    method: str | None = None,
    seeds: Iterable[int] = (0,),
    built: Built | None = None,
    **levels: Level,
) -> Iterator[Restored]:
    """Restore runs of a setting in a folder at their last checkpoints, one after another.

    **Arguments:**
    - `method`, `levels`: as of `chosen`.
    - `built`: what the folder holds, where it is at hand; by default it is built from what the folder says.

    **Raises:** `FileNotFoundError` when there are no runs or no checkpoint; `ValueError` for a setting or seed that
    they do not have, and when the checkpoints are damaged or of another game.
    """
    built = built_in(folder) if built is None else built
    of = chosen(built, method, folder, **levels)
    cells = [built.cell] if isinstance(built, BuiltTraining) else cells_of(built, folder)
    cell = next(each for each in cells if each.label == of.label)
    records = functools.cache(lambda: open_live(folder))
    for seed in seeds:
        whole("seed", seed, 0, built.seeds - 1)
        place = cell.checkpoints(seed)
        if place is None or not list(place.glob("step-*")):
            raise NotFound(
                f"{plain(folder)} holds no checkpoint of {cell.label}, seed {seed}: there is none in {plain(place)}; "
                f"{_remedy(folder, cell.label)}"
            )
        if built.blank:
            step, diverged_at, carry, history = _of_players(cell, seed, place)
        elif isinstance(built, BuiltTraining):
            step, diverged_at, carry, history = _of_training(cell, seed, place, records())
        else:
            step, diverged_at, carry, history = _of_experiment(cell, seed)
        if step == 0 and diverged_at < 0:
            raise InvalidValue(f"{plain(folder)}: every checkpoint of {cell.label}, seed {seed} is damaged")
        yield Restored(of, cell, seed, step, diverged_at, carry, history)


def _of_experiment(cell: Cell, seed: int) -> tuple[int, int, Carry, xr.Dataset]:
    """How far a run is, with the history that its checkpoint holds."""
    state = start_or_restore(cell, seed)
    history = recording.of_runs([state], cell.probes, cell.records).isel(seed=0, drop=True)
    return state.step, state.diverged_at, state.carry, history


def _of_players(cell: Cell, seed: int, place: Path) -> tuple[int, int, Carry, xr.Dataset]:
    """How far a run is, without its history: its players need no data."""
    carry = _like(cell, seed)
    nothing = xr.Dataset(coords={"step": np.asarray(cell.records)})
    found = checkpoints.restore(place, (0, -1, 0.0, carry), beginning=True)
    if found is None:
        return 0, -1, carry, nothing
    return int(found[0]), int(found[1]), jax.tree.map(jnp.asarray, found[3]), nothing


def _like(cell: Cell, seed: int) -> Carry:
    """The shapes of what a run carries from step to step."""
    init = RunKeys.of(cell.keys[seed]).init
    return eqx.filter_eval_shape(before, cell.game, cell.method, init, None, cell.average is not None)


def _of_training(cell: Cell, seed: int, place: Path, records: xr.Dataset) -> tuple[int, int, Carry, xr.Dataset]:
    """How far a run is, with the history that its folder holds: the probes that recorded it may be one's own."""
    key = cell.keys[seed]
    recorded = [name for name, each in records.data_vars.items() if each.dims[:3] == ("setting", "seed", "step")]
    carry = _like(cell, seed)
    like = RunState(0, -1, 0.0, carry, dict.fromkeys(map(str, recorded), np.zeros(())))
    found = checkpoints.restore(place, like, run_identity(cell, key))
    history = records[[*recorded, "diverged_at", "steps_per_second"]].isel(setting=0, seed=seed, drop=True)
    history.attrs.clear()
    if found is None:
        return 0, -1, carry, history
    return int(found.step), int(found.diverged_at), jax.tree.map(jnp.asarray, found.carry), history


def built_in(
    folder: Path,
    games: Mapping[str, Any] | None = None,
    methods: Mapping[str, Callable[..., Method] | Method] | None = None,
    data: str | None = None,
    *,
    with_data: bool = True,
) -> Built:
    """The experiment, or the runs of `saddlery.train`, of a folder, built; its plugins must have been given.

    Pictures that its games are on are looked for where they were, then from the folder.

    **Arguments:** one's own games and methods, and where the pictures are, as of `saddlery.load`; `with_data`: whether
    they are needed, or trained players are enough, for which stand-ins of the pictures' shape do.

    **Raises:** as `prepare`, `prepare_training` and `saddlery.experiments.pictures.placed`.
    """
    held = description.read(folder)
    description.require_game(held, folder)
    plugins.require(folder, held.plugins)
    experiment = Experiment.of(held, folder) if held.kind == "experiment" else None
    texts = list(dict.fromkeys(str(each.game) for each in experiment.settings)) if experiment else _text_of(held)
    bare = not with_data and data is None and bool(held.data)
    calls = pictures.blank(held, texts) if bare else pictures.placed(folder, held, texts, data)
    bare = bare and bool(calls)
    if experiment is None:
        return prepare_training(held, folder, games, methods, calls, bare)
    return prepare(experiment, games, methods, calls, bare)


def _text_of(held: description.Description) -> list[str]:
    """The text of the game of runs of `saddlery.train`, where there is one that makes it again."""
    again = held.what.get("again") or {}
    return [again["game"] if "game" not in again["own"] else "own"]


def chosen(built: Built, method: str | None = None, folder: Path | None = None, **levels: Level) -> Chosen:
    """The setting chosen by label or method's text, or the only one with this name or beginning; by default the first.

    `"best"` is that of `best_setting`, with a warning that says what it is best by, and that it was chosen on the runs
    that are shown.

    **Arguments:** `folder`: of the results, which `"best"` needs; `levels`: what it was set to, by name, such as
    `gamma=1.0`.

    **Raises:** `ValueError` naming what the folder does not have, or the settings among which it cannot tell.
    """
    if isinstance(built, BuiltTraining):
        cell = built.cell
        for name, value in levels.items():
            raise InvalidValue(f"{plain(name)}: got {quoted(value)}; runs of saddlery.train have no levels")
        if method not in (None, BEST, cell.label.partition("(")[0]):
            _named_by(method, built.labels)
        return Chosen(cell.label, cell.game, cell.method, f"{unplaced(built.again['game'])}, {cell.label}", ())
    experiment = built.experiment
    names = {each.method.name for each in experiment.settings}
    if method == BEST and BEST not in names and folder is not None:
        setting = _best_of(experiment, folder, **levels)
    else:
        setting = setting_of(experiment, method, **levels)
    label = setting.label
    others = tuple(each for each in experiment.labels if each != label)
    return Chosen(
        label, built.games[str(setting.game)], built.methods[label], f"{unplaced(str(setting.game))}, {label}", others
    )


def setting_of(experiment: Experiment, method: str | None = None, **levels: Level) -> Setting:
    """The setting of an experiment, chosen as `chosen` does, but for `"best"`."""
    found = with_levels(experiment, **levels)
    if method is None:
        if levels and len(found) > 1:
            raise InvalidValue(f"levels: the run holds several of these: {', '.join(each.label for each in found)}")
        return found[0]
    labelled = {each.label: each for each in found}
    if method in labelled:
        return labelled[method]
    text = _normalised(method)
    named = [each for each in found if text in _names(each)]
    exact = [each for each in named if each.label == text]
    if exact or len(named) == 1:
        return (exact or named)[0]
    if named:
        raise InvalidValue(f"method: the run holds several of {method!r}: {', '.join(each.label for each in named)}")
    return labelled[_named_by(method, tuple(labelled))]


def _names(setting: Setting) -> tuple[Any, ...]:
    """What a setting may be called: its label, which rounds numbers, its text, its method's name."""
    return setting.label, str(setting.method), setting.levels.get("method"), setting.method.name


def _nearly(found: list[Setting], name: str, value: Level) -> list[Setting]:
    """The settings with a level that is a number as labels write it, rounded to four digits, where only one is."""
    if not isinstance(value, float):
        return []
    levels = {each.levels[name] for each in found if isinstance(each.levels.get(name), float)}
    near = {each for each in levels if f"{each:.4g}" == f"{value:.4g}"}
    return [each for each in found if each.levels.get(name) in near] if len(near) == 1 else []


def _best_of(experiment: Experiment, folder: Path, **levels: Level) -> Setting:
    """The best setting of an experiment among those with some levels; it is warned of what that is worth."""
    found = {each.label: each for each in with_levels(experiment, **levels)}
    best = best_setting(folder, len(found), list(found) if levels else None, None)
    if best.caveat:
        warnings.warn(best.caveat, stacklevel=4)
    return found[best.label]


def _normalised(method: str) -> str:
    """A method's text as labels write it; what is no call stays as it is."""
    try:
        calls = list(itertools.islice(expand(method), 2))
    except InvalidValue:
        return method
    return calls[0][0].label if len(calls) == 1 else method


def _named_by(method: str, labels: tuple[str, ...]) -> str:
    """The only label that a text is the beginning of, whatever its spaces and quotation marks.

    **Raises:** `ValueError` naming several, or the nearest where there is none.
    """
    begins = _bare(method)
    found = [label for label in labels if begins and _bare(label).startswith(begins)]
    if len(found) > 1:
        raise InvalidValue(f"method: several of this run begin with {quoted(method)}: {', '.join(found)}")
    if not found:
        raise InvalidValue(nearest("method of this run", method, labels))
    return found[0]


def _bare(text: str) -> str:
    """A text without its spaces, and with one kind of quotation marks."""
    return "".join(text.split()).replace('"', "'")


def with_levels(experiment: Experiment, **levels: Level) -> list[Setting]:
    """The settings of an experiment that were set to some levels.

    **Raises:** `ValueError` naming the level, or the value, that none has.
    """
    found = list(experiment.settings)
    for name, value in levels.items():
        known = dict.fromkeys(name for each in experiment.settings for name in each.levels)
        if name not in known:
            raise InvalidValue(nearest("level", name, tuple(known)))
        kept = [each for each in found if each.levels.get(name) == value] or _nearly(found, name, value)
        if not kept:
            there = ", ".join(dict.fromkeys(quoted(each.levels.get(name)) for each in found))
            raise InvalidValue(f"{name}: got {quoted(value)}, expected one of {there}")
        found = kept
    return found


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
