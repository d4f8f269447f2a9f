"""The experiment of the study `forecast`: the population is trained, with all signals on record."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.outcomes import untrained
from saddlery.analysis.sample_quality import References, shortfalls
from saddlery.analysis.signals import signals
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.metrics.sketch import sketched
from saddlery.studies.counting import Counting
from saddlery.studies.forecast.population import Run, Scale, places
from saddlery.studies.study import Progress

SETTINGS, NUMBERS = ("game", "loss", "method", "size"), ("generator_rate", "discriminator_rate", "b1")


def trained(
    parts: Path, size: Scale, progress: Progress | None = None, engine: Callable | None = None, key: int = 0
) -> xr.Dataset:
    """Train the population, going on with what the folder holds.

    **Arguments:** `key`: of another population than the study's; `engine`: as of
    `saddlery.experiments.execution.train_settings`.

    **Returns:** a dataset (`run`, `step`) of what was recorded: all of `saddlery.analysis.signals` by their names,
    `shortfall`, as of `saddlery.analysis.sample_quality`, `covered`, the share of modes, NaN without any, and how far
    each player is from its start, `generator_moved` and `discriminator_moved`, as shares of its size there; along `run`
    `diverged_at`, and the settings `game`, `loss`, `method`, `size`, `generator_rate`, `discriminator_rate`, `b1`, and
    `kind`, the number of a combination of the first four.
    """
    counting, everywhere, found = Counting(progress, size.runs * size.steps), places(size, key), []
    for name, experiment in {each.name: each.experiment for each in everywhere}.items():
        built = prepare(experiment)
        with claimed(parts / name, experiment, resume=True) as stop:
            dataset = run_experiment(built, parts / name, counting.heard, stop=stop, engine=engine)
        players = eqx.filter_eval_shape(built.game.init, jax.random.key(0))
        own = [each.run for each in everywhere if each.name == name]
        found.append(along_runs(dataset, own, sketched(players)[1]))
    counting.ended()
    results = xr.concat(found, "run", combine_attrs="drop_conflicts")
    kinds = list(zip(*(results[name].to_numpy().tolist() for name in SETTINGS), strict=True))
    number = {kind: i for i, kind in enumerate(dict.fromkeys(kinds))}
    return results.assign_coords(run=np.arange(len(kinds)), kind=("run", [number[kind] for kind in kinds]))


class Gauge(NamedTuple):
    """What the samples of a setting are held against: by which measure, its references, and how many modes there are.

    Of games without modes `modes` is NaN.
    """

    measure: str
    references: References
    modes: float

    def of(self, run: xr.Dataset) -> dict[str, np.ndarray]:
        """The quality of samples along a run's records: `shortfall` and `covered`, NaN without modes."""
        if self.measure != "modes":
            unknown = np.full(run.sizes["step"], np.nan)
            return {"shortfall": shortfalls(run, self.measure, self.references), "covered": unknown}
        shares = run.assign(modes=run["modes"] / self.modes)
        return {"shortfall": shortfalls(shares, "modes", self.references), "covered": shares["modes"].values}


def gauges(dataset: xr.Dataset) -> list[Gauge]:
    """The gauge of each setting of an experiment's dataset."""
    measure = "modes" if "modes" in dataset else "sliced_wasserstein"
    perfect = facts.along(dataset, f"perfect_{'high_quality' if measure == 'modes' else measure}").values
    begun = [np.nan] * len(perfect) if measure == "modes" else untrained(dataset, measure)
    modes = facts.along(dataset, "modes_total").values
    return [
        Gauge(measure, References(float(one), float(other)), float(count))
        for one, other, count in zip(perfect, begun, modes, strict=True)
    ]


def along_runs(dataset: xr.Dataset, runs: list[Run], of_generator: int) -> xr.Dataset:
    """An experiment's dataset along `run`, in signals and quality, with what each run is.

    **Arguments:** `of_generator`: how many parts of the players' sketch are the generator's.
    """
    held, steps, rows = dataset.isel(seed=0, drop=True), dataset["step"].values, []
    for i, gauge in enumerate(gauges(dataset)):
        run = held.isel(setting=i, drop=True)
        run = run.drop_vars([name for name in run.data_vars if "step" not in run[name].dims])
        found = signals({str(name): each.values for name, each in run.data_vars.items()})
        found |= gauge.of(run) | _moved(run, of_generator)
        rows.append(xr.Dataset({name: ("step", np.asarray(each)) for name, each in found.items()}, {"step": steps}))
    results = xr.concat(rows, "run").assign(diverged_at=("run", held["diverged_at"].values))
    of_kind = {name: ("run", [getattr(run.kind, name) for run in runs]) for name in SETTINGS}
    return results.assign_coords(of_kind | {name: ("run", [getattr(run, name) for run in runs]) for name in NUMBERS})


def _moved(run: xr.Dataset, of_generator: int) -> dict[str, np.ndarray]:
    """How far each player is from its start, as a share of its size there."""
    gone = run["sketch"].values - run["sketch"].values[0]
    parts = np.split(gone, [of_generator], axis=1)
    return {
        f"{name}_moved": np.linalg.norm(part, axis=1) / float(run[f"{name}_size"].values[0])
        for name, part in zip(("generator", "discriminator"), parts, strict=True)
    }
