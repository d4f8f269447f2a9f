"""Execution of experiments: trained cell by cell, written into the store."""

import functools
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import xarray as xr

from saddlery import plugins
from saddlery._system import memory, signals
from saddlery._system.allocator import keep_memory
from saddlery._system.cores import usable_cores
from saddlery.errors import InvalidValue
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import blank, cells_of, skip
from saddlery.experiments.claimed import claimed, opened, store_of
from saddlery.experiments.completion import complete
from saddlery.experiments.estimate import Estimate
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.extension import exchange
from saddlery.experiments.facts import facts
from saddlery.experiments.opening import open_results
from saddlery.experiments.worker import run_worker
from saddlery.loggers.delivery import delivering
from saddlery.loggers.logger import Logger
from saddlery.records.claims import local_folder
from saddlery.records.locks import Held
from saddlery.runs.cell import Cell
from saddlery.runs.fingerprint import fingerprint
from saddlery.text.places import unplaced_names


def run_experiment(built: BuiltExperiment, folder: Path, *arguments: Any, **options: Any) -> xr.Dataset:
    """Train every setting that is not finished, as `train_settings` does, and return the results of all.

    **Arguments:** those of `train_settings`.

    **Returns:** the results, as `open_results` does.

    **Raises:** what those two raise.
    """
    with signals.stoppable():
        train_settings(built, folder, *arguments, **options)
        return open_results(folder, built.experiment.store)


def train_settings(
    built: BuiltExperiment,
    folder: Path,
    on_progress: Callable | None = None,
    checkpoint_seconds: float = 30.0,
    *,
    engine: Callable | None = None,
    on_plan: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
    loggers: Sequence[Logger] = (),
) -> None:
    """Train every setting that is not finished, its runs from their last checkpoints.

    **Arguments:**
    - `built`: from `prepare`; the folder is one that is `claimed` meanwhile.
    - `on_progress`: called from training's threads with the experiment, a setting's label and a `Progress`.
    - `checkpoint_seconds`: how often each run is checkpointed.
    - `engine`: what trains cells elsewhere than in this process, such as `saddlery.experiments.on_ray.train`; called
      with the cells and with `run_worker`, given all but its last arguments.
    - `on_plan`: called with what is about to be done, in words.
    - `loggers`: what is told of every record, see `saddlery.loggers`; in this process only, so with no `engine`.
    - `stop`: what `claimed` yields: it is set when another process takes the store over.

    **Raises:** what `saddlery.train` does: `OSError` when something cannot be written, `Stopped`, a
    `KeyboardInterrupt`, after a checkpoint of every run; `saddlery.records.locks.Held` when another process has taken
    over.
    """
    if jax.default_backend() == "cpu":
        keep_memory()
    experiment = built.experiment
    store = store_of(experiment.store, folder, experiment.store)
    stop = stop or threading.Event()
    with signals.stoppable():
        cells = cells_of(built, folder, on_progress, checkpoint_seconds, stop)
        now = fingerprint(experiment.grid, {**unplaced_names(built.games), **built.own})
        made = functools.partial(_made, built, cells)
        finished = opened(folder, store, experiment, now, experiment.labels, made, built.games)
        anew = made() if store.steps() < experiment.steps else None
        longer: dict[int, xr.Dataset] | None = {} if anew else None
        if anew:
            memory.afford(f"steps: the records of {len(cells) * experiment.seeds} runs", len(cells) * anew[1].nbytes)
        left = [cell for cell in cells if cell.index not in finished]
        for cell in (cell for cell in cells if cell.index in finished):
            skip(cell)
        if left:
            estimate = Estimate.of(left)
            if on_plan:
                on_plan(str(estimate))
            try:
                if engine is None:
                    told = on_plan and (lambda ready: on_plan(estimate.compiled(ready, usable_cores())))
                    with delivering(loggers, folder, [cell.label for cell in left]) as log:
                        for cell in left:
                            cell.log = log
                        complete(left, store, on_compiled=told, held=longer)
                    if anew and longer and len(longer) == len(cells):
                        exchange(store, experiment.grid, anew, now, longer)
                elif anew:
                    raise InvalidValue("engine: runs are extended on this machine; leave --engine out")
                else:
                    sources = {each.name: each.source for each in plugins.used_in(json.dumps(experiment.grid))}
                    about = experiment.description.what | {"store": store.address}
                    held = {"experiment": about, "plugins": sources}
                    held |= {"placed": {text: str(call) for text, call in built.placed.items()}}
                    described = json.dumps(held)
                    engine(left, functools.partial(run_worker, described, str(folder.absolute()), checkpoint_seconds))
            finally:
                done = len(store.finished() if longer is None else longer)
                lost = stop.is_set() and not signals.stopping() and done < len(cells)
            if lost:
                raise Held(f"{store.address}: another process has taken this sweep over while this one was held up")
        signals.check()


def _made(built: BuiltExperiment, cells: Sequence[Cell]) -> tuple[Any, Any]:
    """What a store is made of: all that is known beforehand, and a cell's dataset before any step."""
    nothing = blank(cells)  # first: it refuses what memory has no room for
    return facts(built), nothing


def run(
    experiment: Experiment,
    folder: Path | str,
    *,
    resume: bool = False,
    force: bool = False,
    on_progress: Callable | None = None,
) -> xr.Dataset:
    """Run an experiment in a folder: `prepare`, `claimed` and `run_experiment`.

    **Arguments:**
    - `resume`: go on with what the folder holds if it is this same experiment.
    - `force`: replace the experiment that it holds.
    - `on_progress`: called from training's threads with the experiment, a method's text and a `Progress`.

    **Returns:** an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    **Raises:** what those three raise.
    """
    folder, built = local_folder("folder", folder), prepare(experiment)
    with claimed(folder, experiment, resume=resume, force=force) as stop:
        return run_experiment(built, folder, on_progress, stop=stop)
