"""The experiment of the study `forecast`: the population is trained, with all signals on record."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.outcomes import untrained
from saddlery.analysis.sample_quality import References, shortfalls
from saddlery.analysis.signals import signals
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.studies.counting import Counting
from saddlery.studies.forecast.population import Run, Scale, experiments
from saddlery.studies.study import Progress

SETTINGS, NUMBERS = ("game", "loss", "method", "size"), ("generator_rate", "discriminator_rate", "b1")


def trained(parts: Path, size: Scale, progress: Progress | None = None, engine: Callable | None = None) -> xr.Dataset:
    """Train the population, going on with what the folder holds.

    **Arguments:** `engine`: as of `saddlery.experiments.execution.train_settings`.

    **Returns:** a dataset (`run`, `step`) of what was recorded: all of `saddlery.analysis.signals` by their names,
    `shortfall`, as of `saddlery.analysis.sample_quality`, `covered`, the share of modes, NaN without any, and how far
    each player is from its start, `generator_moved` and `discriminator_moved`, as shares of its size there; along `run`
    `diverged_at`, and the settings `game`, `loss`, `method`, `size`, `generator_rate`, `discriminator_rate`, `b1`, and
    `kind`, the number of a combination of the first four.
    """
    counting, found = Counting(progress, size.runs * size.steps), []
    for name, experiment, runs in experiments(size):
        with claimed(parts / name, experiment, resume=True) as stop:
            dataset = run_experiment(prepare(experiment), parts / name, counting.heard, stop=stop, engine=engine)
        by_method = {run.method: run for run in runs}
        found.append(along_runs(dataset, [by_method[str(each.method)] for each in experiment.settings]))
    counting.ended()
    results = xr.concat(found, "run", combine_attrs="drop_conflicts")
    kinds = list(zip(*(results[name].to_numpy().tolist() for name in SETTINGS), strict=True))
    number = {kind: i for i, kind in enumerate(dict.fromkeys(kinds))}
    return results.assign_coords(run=np.arange(len(kinds)), kind=("run", [number[kind] for kind in kinds]))


def along_runs(dataset: xr.Dataset, runs: list[Run]) -> xr.Dataset:
    """An experiment's dataset along `run`, in signals and quality, with what each run is."""
    held, steps = dataset.isel(seed=0, drop=True), dataset["step"].values
    perfect = {name: facts.along(dataset, f"perfect_{name}").values for name in ("high_quality", "sliced_wasserstein")}
    measure = "modes" if "modes" in dataset else "sliced_wasserstein"
    modes = facts.along(dataset, "modes_total").values
    begun = untrained(dataset, measure)
    rows = []
    for i in range(len(runs)):
        run = held.isel(setting=i, drop=True)
        run = run.drop_vars([name for name in run.data_vars if "step" not in run[name].dims])
        covered = np.full(len(steps), np.nan)
        references = References(float(perfect["sliced_wasserstein"][i]), float(begun[i]))
        if measure == "modes":
            run["modes"] = run["modes"] / modes[i]
            covered, references = run["modes"].values, References(float(perfect["high_quality"][i]), np.nan)
        found = signals({str(name): each.values for name, each in run.data_vars.items()})
        found |= {"shortfall": shortfalls(run, measure, references), "covered": covered, **_moved(run)}
        rows.append(xr.Dataset({name: ("step", each) for name, each in found.items()}, {"step": steps}))
    results = xr.concat(rows, "run").assign(diverged_at=("run", held["diverged_at"].values))
    of_kind = {name: ("run", [getattr(run.kind, name) for run in runs]) for name in SETTINGS}
    return results.assign_coords(of_kind | {name: ("run", [getattr(run, name) for run in runs]) for name in NUMBERS})


def _moved(run: xr.Dataset) -> dict[str, np.ndarray]:
    """How far each player is from its start, as a share of its size there."""
    gone = run["sketch"].values - run["sketch"].values[0]
    parts = np.split(gone, [gone.shape[1] // 2], axis=1)
    return {
        f"{name}_moved": np.linalg.norm(part, axis=1) / float(run[f"{name}_size"].values[0])
        for name, part in zip(("generator", "discriminator"), parts, strict=True)
    }
