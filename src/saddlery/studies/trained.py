"""Training and measuring in studies of images: settings of several experiments, and their players at the end."""

import io
import threading
import zipfile
import zlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
import xarray as xr

from saddlery._system.cores import Completed, threads
from saddlery.errors import Damaged, InvalidValue
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import all_claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import KEPT, Experiment
from saddlery.experiments.grid import Setting
from saddlery.game import Pair
from saddlery.records import storage
from saddlery.runs.cell import Cell, Progress
from saddlery.runs.loop import start_or_restore
from saddlery.runs.programs import make_room

SHARE = 4  # of progress: measuring a run counts as so many times less than training it

K = TypeVar("K", bound=Hashable)
Measure = Callable[[Any, Pair, Any], Mapping[str, Any]]
Named = Callable[[str, Setting], Mapping[str, Any]]


def named_digits(data: str) -> str:
    """The name of a digit data set in words."""
    return "MNIST's digits" if data == "mnist" else "Scikit-learn's 8×8 digits in the place of MNIST's"


def train_and_measure(
    folder: Path,
    experiments: Mapping[str, Experiment],
    measure: Measure,
    named: Named,
    progress: Callable[[int, int], None] | None = None,
    probes: Mapping[str, Callable] | None = None,
) -> xr.Dataset:
    """Train every setting of some experiments, and measure the players of every seed.

    What the folder holds already is not computed again. Each experiment has its own folder `folder/NAME`; what was
    measured of each run is in `folder/measured`.

    **Arguments:**
    - `experiments`: by name, of games whose samples are alike, recorded at the same steps, and of at most 64 runs each,
      so that their last checkpoints are kept.
    - `measure`: from a game, players and a key to values by name, numbers or arrays; an attribute `dims` of it names
      the arrays' axes, `{variable: names of its axes}`. The key depends on the seed alone.
    - `named`: from an experiment's name and a setting of it to the coordinates of that setting, `"setting"` among them,
      which is unlike every other's.
    - `progress`: called with how much is done and of how much.
    - `probes`: what is recorded along training beside the experiments' own measures, as of `saddlery.train`.

    **Returns:** a dataset (`setting`, `seed`, `step`) of what the experiments recorded, beside it (`setting`, `seed`)
    of what `measure` found, and of each experiment's attributes those that all have in common.

    **Raises:** `FileExistsError` when the folder holds other experiments; `ValueError` for an experiment of too many
    runs, and when `measure` names a value like one that is recorded already.
    """
    for name, each in experiments.items():
        if (runs := len(each.settings) * each.seeds) > KEPT:
            raise InvalidValue(
                f"experiments: {name} has {runs} runs, expected at most {KEPT}: of more no player is kept"
            )
    built = {name: prepare(experiment)._replace(probes=probes or {}) for name, experiment in experiments.items()}
    progress_of = StudyProgress(progress, experiments)
    with all_claimed({folder / name: each.experiment for name, each in built.items()}, resume=True) as stops:
        records = {
            name: run_experiment(each, folder / name, partial(progress_of.trained, name), stop=stops[folder / name])
            for name, each in built.items()
        }
        found = _measured(built, folder, measure, progress_of.measured)
    for name, each in found.items():
        if taken := sorted(str(key) for key in each.data_vars if key in records[name] or key in records[name].dims):
            raise InvalidValue(f"measure: {', '.join(taken)} is recorded already; give it another name")
    parts = [
        _coordinates(records[name], each.experiment, name, named).merge(found[name]) for name, each in built.items()
    ]
    return xr.concat(
        parts, "setting", data_vars="minimal", coords="minimal", compat="override", join="outer",
        combine_attrs="drop_conflicts",
    )  # fmt: skip


class StudyProgress:
    """The progress of training and measuring together, in steps of training."""

    def __init__(self, progress: Callable[[int, int], None] | None, experiments: Mapping[str, Experiment]):
        self.progress, self.lock, self.done = progress, threading.Lock(), {}
        sizes = {name: (len(each.settings) * each.seeds, each.steps) for name, each in experiments.items()}
        self.of = sum(runs * (steps + steps // SHARE) for runs, steps in sizes.values())

    def trained(self, name: str, experiment: Experiment, label: str, report: Progress) -> None:
        """Record a report of a run under way."""
        step = report.steps if report.diverged_at >= 0 else report.step
        self._report((name, label, report.seed), step)

    def measured(self, name: str, label: str, seed: int, steps: int) -> None:
        """Record that a run has been measured."""
        self._report((name, label, seed, "measured"), steps // SHARE)

    def _report(self, what: Any, amount: int) -> None:
        with self.lock:  # runs report from threads of their own
            self.done[what] = amount
            if self.progress:
                self.progress(sum(self.done.values()), self.of)


def players_of(cell: Cell, seed: int) -> Pair:
    """The players at the end of a run, from its last checkpoint; the last finite ones where it diverged.

    **Raises:** `ValueError` when there is no checkpoint that is whole.
    """
    state = start_or_restore(cell, seed)
    if state.step == 0 and state.diverged_at < 0:
        raise InvalidValue(f"{cell.folder} holds no whole checkpoint of seed {seed}; delete it and run again")
    return state.carry.players


def _measured(
    built: Mapping[str, BuiltExperiment],
    folder: Path,
    measure: Measure,
    on_progress: Callable[[str, str, int, int], None],
) -> dict[str, xr.Dataset]:
    """What is measured of every run, a thread for each core, as datasets (`setting`, `seed`) by experiment."""

    def one(name, cell, seed):
        key = jax.random.fold_in(jax.random.key(built[name].experiment.key + 1), seed)
        path = folder / "measured" / name / f"{cell.index + 1}-{seed}.npz"
        return once(path, lambda: measure(cell.game, players_of(cell, seed), key))

    found: dict[str, dict[tuple[int, int], dict[str, np.ndarray]]] = {name: {} for name in built}
    waiting: dict[Any, tuple[str, Cell, int]] = {}
    with threads(None if jax.default_backend() == "cpu" else 1) as pool:
        for name, each in built.items():
            for cell in cells_of(each, folder / name):
                for seed in range(len(cell.keys)):
                    future = pool.submit(one, name, cell, seed)
                    waiting[future] = name, cell, seed
                    if cell.index == seed == 0:
                        future.result()  # alone, so that programs are compiled once
        for future in Completed(waiting, stoppable=True):
            name, cell, seed = waiting[future]
            found[name][cell.index, seed] = future.result()
            on_progress(name, cell.label, seed, cell.steps)
    dims = getattr(measure, "dims", {})
    return {name: _arranged(values, dims) for name, values in found.items()}


def _arranged(found: dict[tuple[int, int], dict[str, np.ndarray]], dims: Mapping[str, tuple[str, ...]]) -> xr.Dataset:
    """Values by place and seed as a dataset."""
    places, seeds = (sorted({at[i] for at in found}) for i in (0, 1))
    variables = {}
    for name, value in found[places[0], seeds[0]].items():
        axes = dims.get(name, tuple(f"{name}_{i}" for i in range(value.ndim)))
        values = np.array([[found[place, seed][name] for seed in seeds] for place in places])
        variables[name] = ("setting", "seed", *axes), values
    return xr.Dataset(variables, {"seed": seeds})


def _coordinates(records: xr.Dataset, experiment: Experiment, name: str, named: Named) -> xr.Dataset:
    """An experiment's records with the study's names for its settings in the place of its own."""
    bare = records.drop_vars([str(key) for key, each in records.coords.items() if each.dims == ("setting",)])
    order = {setting.label: setting for setting in experiment.settings}
    levels = [named(name, order[str(label)]) for label in records["setting"].values]
    return bare.assign_coords({key: ("setting", [each[key] for each in levels]) for key in levels[0]})


def once(path: Path, values: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """A cached computation of numbers and arrays by name, written to an npz file unless that is there."""
    if not path.exists():
        arrays = {variable: np.asarray(value) for variable, value in values().items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, _npz(arrays))
    try:
        with np.load(path, allow_pickle=False) as held:
            return dict(held)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise Damaged(f"{path} is damaged: {error}; delete it and run again") from error


def once_each(
    wanted: Mapping[K, tuple[Path, Callable[[], Mapping[str, Any]]]], told: Callable[[K], None]
) -> dict[K, dict[str, np.ndarray]]:
    """`once` for each of several computations by name, a thread for each core and room for the programs of each.

    **Arguments:** `told`: called from here with the name of each that is there.
    """
    found = {}
    with threads() as pool:
        waiting = {pool.submit(_with_room, *each): name for name, each in wanted.items()}
        for future in Completed(waiting, stoppable=True):
            name = waiting[future]
            found[name] = future.result()
            told(name)
    return found


def _with_room(path: Path, values: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    make_room()
    return once(path, values)


def _npz(values: dict[str, np.ndarray]) -> bytes:
    """Arrays as one file."""
    content = io.BytesIO()
    np.savez_compressed(content, **values)  # type: ignore[arg-type]
    return content.getvalue()
