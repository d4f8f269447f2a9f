"""The cells of an experiment: what trains each setting's runs, and what a cell's records look like."""

import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
import xarray as xr

from saddlery.errors import InvalidValue
from saddlery.experiments.built import BuiltExperiment, divided
from saddlery.experiments.experiment import KEPT
from saddlery.experiments.plane import probes_of
from saddlery.metrics.suited import probes
from saddlery.records.rows import rows
from saddlery.runs import recording
from saddlery.runs.cell import Cell, Progress, RunState
from saddlery.runs.fingerprint import cell_identity, digest
from saddlery.runs.keys import SeedKeys
from saddlery.runs.loop import start_or_restore
from saddlery.runs.measures import MEASURES


def cells_of(
    built: BuiltExperiment,
    folder: Path | None,
    on_progress: Callable | None = None,
    checkpoint_seconds: float = 30.0,
    stop: threading.Event | None = None,
) -> list[Cell]:
    """The experiment's cells: the runs of each setting, with `folder` each with a place for its checkpoints.

    **Arguments:** as of `saddlery.experiments.execution.run_experiment`.
    """
    experiment, key = built.experiment, jax.random.key(built.experiment.key)
    own = {name: MEASURES[name] for name in experiment.measures}
    records = rows(experiment.steps, experiment.every)  # type: ignore[arg-type]
    seen = probes_of(built.games.values())
    measures = {
        text: {}
        if built.blank
        else {**probes(game, experiment.samples, experiment.shown or 0), **seen, **own, **built.probes}
        for text, game in built.games.items()
    }
    games = divided(experiment, built.games)
    keys, stop = SeedKeys(key, experiment.seeds), stop or threading.Event()
    adapting = len({type(method.rule) for method in built.methods.values()}) == 1  # or settings' records would differ
    of_game = functools.cache(lambda text: digest(built.games[text]))

    def cell(index, setting):
        made = Cell(
            index=index, label=setting.label, game=games[str(setting.game)], method=built.methods[setting.label],
            steps=experiment.steps, records=records, probes=measures[str(setting.game)], keys=keys,
            average=experiment.average, folder=folder, checkpoint_seconds=checkpoint_seconds, stop=stop,
            on_progress=None if on_progress is None else functools.partial(on_progress, experiment, setting.label),
            keep=len(experiment.settings) * experiment.seeds <= KEPT, adapting=adapting,
        )  # fmt: skip
        if folder and not built.blank:
            every = experiment.every
            made.identity = functools.cache(lambda: cell_identity(made, every, of_game(str(setting.game))))
        return made

    return [cell(index, setting) for index, setting in enumerate(experiment.settings)]


def dataset(cell: Cell, ended: Sequence[RunState]) -> xr.Dataset:
    """The dataset of a cell's records, as of `saddlery.runs.recording.of_runs`."""
    return recording.of_runs(ended, cell.probes, cell.records)


def blank(cells: Sequence[Cell]) -> xr.Dataset:
    """A cell's empty dataset: its names, types and shapes, the largest ones where games differ in them.

    **Raises:** `ValueError` when the games record different things; `MemoryError` when a cell's records do not fit.
    """
    found = []
    for cell in {id(cell.game): cell for cell in cells}.values():
        seeds, state = len(cell.keys), start_or_restore(dataclasses.replace(cell, folder=None), 0)
        recording.require_room(state.history, seeds)
        found.append(dataset(cell, [state]).isel(seed=0, drop=True))
        kinds = [{name: (v.dims, v.dtype) for name, v in each.data_vars.items()} for each in (found[0], found[-1])]
        if kinds[0] != kinds[1]:
            odd = sorted(name for name in kinds[0] | kinds[1] if kinds[0].get(name) != kinds[1].get(name))
            raise InvalidValue(
                f"game: the games of one experiment record the same measures, {', '.join(odd)} differ; run them apart"
            )
    variables = {}
    for name, first in found[0].data_vars.items():
        shape = [max(each[name].sizes[axis] for each in found) for axis in first.dims]
        empty = np.broadcast_to(np.zeros((), first.dtype), (len(cells[0].keys), *shape))  # takes no memory
        variables[name] = xr.Variable(("seed", *first.dims), empty, first.attrs)
    return xr.Dataset(variables, {"seed": range(len(cells[0].keys)), "step": found[0]["step"]})


def size(cells: Sequence[Cell]) -> int:
    """The size in bytes of the records of some cells, at most."""
    return len(cells) * blank(cells).nbytes


def skip(cell: Cell) -> None:
    """Report all runs of a cell as finished."""
    for seed in range(len(cell.keys)) if cell.on_progress else ():
        cell.on_progress(Progress(seed, cell.steps, cell.steps, 0.0, {}, -1, cell.label, cell.steps))  # type: ignore[misc]
