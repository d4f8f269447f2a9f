"""Facts of an experiment known before it runs: of each setting its game and optimisers, and what is shared."""

import platform
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr

from saddlery import __version__
from saddlery.data.images import shape_of
from saddlery.dynamics.positions import Positions
from saddlery.experiments.built import BuiltExperiment
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.plane import STARTS, is_plane, plane, probes_of
from saddlery.game import Game
from saddlery.games import as_gan
from saddlery.method import Method
from saddlery.metrics.probes import IMAGES, PIXELS, Samples, pixels
from saddlery.metrics.suited import perfect, suited
from saddlery.optimisers import as_text
from saddlery.records.rows import rows
from saddlery.runs.cell import Cell
from saddlery.runs.keys import RunKeys, SeedKeys, key_text
from saddlery.text.places import unplaced, unplaced_command
from saddlery.types import Key, Pair, Players

TAKEN = ("setting", "seed", "step", "label", "samples", "modes")  # names that no level may have


def facts(built: BuiltExperiment) -> xr.Dataset:
    """A dataset of facts along `setting`, `seed` and `step`: all that is known of an experiment's settings.

    - `game`, `generator_optimiser`, `discriminator_optimiser` (setting): as texts.
    - `modes_total`, `mode_std`, `perfect_<measure>` (setting): of the game's data, and what a perfect sampler scores on
      as many samples; NaN of games that have none.
    - `centres` (mode, coordinate), `real` (sample, y, x, channel), `real_points` (point, coordinate): the modes, and
      where samples are kept real images, or real points of data in the plane without modes; with a first dimension
      `setting` where games differ in them, and then filled up with NaN or white.
    - `field_…`: of games of few numbers the field in the plane that their players move in, see
      `saddlery.experiments.plane.plane`.

    What the settings were set to are coordinates along `setting`; what holds for all are attributes.
    """
    experiment = built.experiment
    games = [str(setting.game) for setting in experiment.settings]
    drawn = bool(probes_of(built.games.values()))
    keys = SeedKeys(jax.random.key(experiment.key), experiment.seeds)
    of_game = {
        text: _of_game(game, experiment.samples, experiment.shown, _starts(game, keys) if drawn else ())
        for text, game in built.games.items()
    }
    variables: dict[str, Any] = {"game": ("setting", [unplaced(game) for game in games])}
    used = [optimisers(built.methods[label]) for label in experiment.labels]
    variables |= {name: ("setting", [each[name] for each in used]) for name in used[0]}
    if experiment.note:
        variables["note"] = "setting", [experiment.note] * len(games)
    for name in dict.fromkeys(name for numbers, _ in of_game.values() for name in numbers):
        variables[name] = "setting", np.array([of_game[text][0].get(name, np.nan) for text in games])
    for name in dict.fromkeys(name for _, arrays in of_game.values() for name in arrays):
        variables[name] = _array([of_game[text][1].get(name) for text in games])
    return xr.Dataset(variables, _coordinates(experiment), attrs=_attributes(experiment))


def _coordinates(experiment: Experiment) -> dict[str, Any]:
    """The axes, and the levels along `setting`."""
    found: dict[str, Any] = {
        "setting": list(experiment.labels),
        "seed": np.arange(experiment.seeds),
        "step": np.asarray(rows(experiment.steps, experiment.every)),  # type: ignore[arg-type]
    }
    for name in dict.fromkeys(name for setting in experiment.settings for name in setting.levels):
        column = _column([setting.levels.get(name) for setting in experiment.settings])
        found[name if name not in TAKEN else f"{name}_"] = "setting", column
    return found


def _column(levels: list[Any]) -> np.ndarray:
    """A level's values as an array: numbers, with NaN for what is not set, or text."""
    if all(level is None or (isinstance(level, int | float) and not isinstance(level, bool)) for level in levels):
        return np.array([np.nan if level is None else level for level in levels])
    return np.array(["" if level is None else str(level) for level in levels])


def facts_of_training(cell: Cell, every: int, game: str) -> xr.Dataset:
    """The facts of runs of `saddlery.train` on a game in words: those of `facts` but a perfect sampler's scores."""
    shown = next((probe.shown for probe in cell.probes.values() if isinstance(probe, Samples)), None)
    drawn = is_plane(cell.game) and any(isinstance(probe, Positions) for probe in cell.probes.values())
    starts = () if not drawn else _starts(cell.game, cell.keys) if cell.players is None else [cell.players]
    numbers, arrays = _of_game(cell.game, samples=None, shown=shown, starts=starts)
    game = unplaced(game)
    of_setting = {"game": game} | attributes(cell) | numbers
    variables: dict[str, Any] = {name: ("setting", [value]) for name, value in of_setting.items()} | arrays
    coordinates = {
        "setting": [cell.label],
        "method": ("setting", [cell.label.partition("(")[0]]),
        "seed": np.arange(len(cell.keys)),
        "step": np.asarray(cell.records),
    }
    return xr.Dataset(
        variables,
        coordinates,
        attrs={
            "game": game, "command": "", "title": "", "note": "", "steps": cell.steps,
            "every": every, "key": key_text(cell.keys[0]), "versions": _versions(),
        },
    )  # fmt: skip


def attributes(cell: Cell) -> dict[str, str]:
    """The attributes of a cell: the optimisers that train its players."""
    return optimisers(cell.method)


def optimisers(method: Method) -> dict[str, str]:
    """The optimisers by which a method moves the players, as texts: `none` for one that it moves otherwise.

    >>> import saddlery as sd
    >>> method = sd.methods.simultaneous(learning_rate=0.1, schedule="best_response")
    >>> optimisers(method.for_game(sd.games.two_gaussians()))
    {'generator_optimiser': 'sgd(learning_rate=0.1)', 'discriminator_optimiser': 'none'}
    """
    moved = getattr(method.schedule, "moved", Pair._fields)
    return {
        f"{player}_optimiser": as_text(each) if player in moved else "none"
        for player, each in method.optimisers._asdict().items()
    }


def _versions() -> str:
    return f"saddlery {__version__}, jax {jax.__version__}, Python {platform.python_version()}"


def _attributes(experiment: Experiment) -> dict[str, Any]:
    """What is one value for the whole experiment."""
    return {
        "game": unplaced(experiment.game),
        "command": unplaced_command(experiment.command),
        "title": experiment.title,
        "note": experiment.note,
        "steps": experiment.steps,
        "every": experiment.every,
        "key": experiment.key,
        "samples_measured": experiment.samples,
        "versions": _versions(),
    }


def _of_game(
    game: Game, samples: int | None, shown: int | None, starts: Sequence[Players] = ()
) -> tuple[dict[str, float], dict[str, tuple[tuple[str, ...], Any]]]:
    """What is known of one game: numbers, and arrays with their axes.

    **Arguments:** `samples`: of a perfect sampler, whose scores are left out without; `shown`: real images that are
    kept; `starts`: where training begins, of games that are drawn in a plane.
    """
    scores = {} if samples is None else perfect(game, samples)
    numbers = {f"perfect_{name}": value for name, value in scores.items()}
    gan = as_gan(game)
    if starts:
        of_plane, arrays = plane(game, starts)
        numbers |= of_plane
    else:
        arrays = {}
    if gan is None:
        return numbers, arrays
    numbers |= suited(gan.data).facts(gan.data)
    if hasattr(gan.data, "centres"):
        return numbers, arrays | {"centres": (("mode", "coordinate"), jax.device_get(gan.data.centres))}
    if not shown:
        return numbers, arrays
    shape = shape_of(gan.data)
    if shape == (2,):
        points = np.asarray(gan.data.draw(jax.random.key(0), shown), np.float32)
        return numbers, arrays | {"real_points": (("point", "coordinate"), points)}
    if len(shape) != 3:
        return numbers, arrays
    real = gan.data.draw(jax.random.key(0), min(shown, IMAGES))
    return numbers, arrays | {"real": (("sample", *PIXELS), jax.device_get(pixels(real)))}


def _starts(game: Game, keys: Sequence[Key]) -> list[Players]:
    """Where the first runs begin."""
    return [game.init(RunKeys.of(keys[seed]).init) for seed in range(min(len(keys), STARTS))]


def _array(each: list[tuple[tuple[str, ...], Any] | None]) -> tuple[tuple[str, ...], np.ndarray]:
    """An array of every setting: once, where all have the same, else along `setting`, filled up to the largest."""
    known = {id(one): one for one in each if one is not None}
    axes, first = next(iter(known.values()))
    if all(one is not None for one in each) and all(np.array_equal(one[1], first) for one in known.values()):
        return axes, first
    largest = tuple(max(one[1].shape[axis] for one in known.values()) for axis in range(first.ndim))
    filled = np.full((len(each), *largest), 255 if first.dtype == np.uint8 else np.nan, first.dtype)
    for place, one in enumerate(each):
        if one is not None:
            filled[(place, *map(slice, one[1].shape))] = one[1]
    return ("setting", *axes), filled
