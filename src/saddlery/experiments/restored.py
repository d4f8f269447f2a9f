"""A run of an experiment as its last checkpoint left it, with the setting that it belongs to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from saddlery import plugins
from saddlery.errors import InvalidValue, NotFound
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.experiment import KEPT, Experiment
from saddlery.experiments.grid import Setting
from saddlery.experiments.opening import open_results
from saddlery.game import Game
from saddlery.records import description
from saddlery.runs.cell import Cell, RunState
from saddlery.runs.loop import start_or_restore
from saddlery.text.arguments import plain, quoted, whole
from saddlery.text.call import parse
from saddlery.text.names import nearest
from saddlery.types import Level


class Restored(NamedTuple):
    """A run: its setting, game and method, its cell, its seed, how far it is, and the labels of the other settings."""

    setting: Setting
    game: Game
    method: Any
    cell: Cell
    seed: int
    state: RunState
    others: tuple[str, ...]


def restored(
    folder: Path,
    method: str | None = None,
    seed: int = 0,
    built: BuiltExperiment | None = None,
    **levels: Level,
) -> Restored:
    """A seed of a setting in an experiment's folder, at its last checkpoint.

    **Arguments:**
    - `method`, `levels`: as of `chosen`.
    - `built`: the experiment, where it is at hand; by default it is built from what the folder says.

    **Raises:** `FileNotFoundError` when there is no experiment or no checkpoint; `ValueError` for a setting or seed
    that it does not have, and when the checkpoints are damaged or of another game.
    """
    built = built_in(folder) if built is None else built
    experiment = built.experiment
    setting = chosen(experiment, method, **levels)
    whole("seed", seed, 0, experiment.seeds - 1)
    cell = cells_of(built, folder)[experiment.settings.index(setting)]
    place = cell.checkpoints(seed)
    if place is None or not list(place.glob("step-*")):
        raise NotFound(
            f"{plain(folder)} holds no checkpoint of {setting.label}, seed {seed}: there is none in {plain(place)}; "
            f"{_remedy(folder, setting.label)}"
        )
    state = start_or_restore(cell, seed)
    if state.step == 0 and state.diverged_at < 0:
        raise InvalidValue(f"{plain(folder)}: every checkpoint of {setting.label}, seed {seed} is damaged")
    others = tuple(label for label in experiment.labels if label != setting.label)
    return Restored(setting, built.games[str(setting.game)], built.methods[setting.label], cell, seed, state, others)


def built_in(
    folder: Path, games: dict[str, Any] | None = None, methods: dict[str, Callable] | None = None
) -> BuiltExperiment:
    """The experiment that a folder holds, built; its plugins must have been given.

    **Arguments:** `games` and `methods`: one's own, as of `prepare`.
    """
    held = description.read(folder)
    plugins.require(folder, held.plugins)
    return prepare(Experiment.of(held, folder), games, methods)


def chosen(experiment: Experiment, method: str | None = None, **levels: Level) -> Setting:
    """The setting meant: the first, the one with this label or method's text, or the only one with this name.

    **Arguments:** `levels`: what it was set to, by name, such as `gamma=1.0`.

    **Raises:** `ValueError` naming what the experiment does not have, or the settings among which it cannot tell.
    """
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
