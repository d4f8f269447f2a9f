"""The two phases of a fair comparison: every setting on seeds of tuning, and what these chose on fresh ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis import comparison
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.claimed import all_claimed
from saddlery.experiments.execution import run, run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.studies.counting import Counting
from saddlery.studies.fair.costs import step_costs
from saddlery.studies.fair.experiment import TASKS, Place, Scale, experiments, fresh, places
from saddlery.studies.study import Progress, kept
from saddlery.text.call import parse


def measure(parts: Path, size: Scale, progress: Progress | None, on: str) -> xr.Dataset:
    """Train every method at every learning rate, then what each seed chose on a fresh one, and time their steps.

    **Arguments:** `on`: one of `TASKS`.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`) of the seeds of tuning, its settings with the
    levels `rival`, `method`, `parameter` and its `value`, and `learning_rate`. A rival that changes the game has a loss
    and gradient norms of its own game; all measures of samples are common. Beside them, along `setting`: `cost`, the
    time of a step relative to simultaneous descent's, measured one after another; and `gradients`, gradients and
    Jacobian products of a step. And (`tested`, `pair`), a rival and a pair of seeds: `chosen`, the position of the
    setting that the tuning seed of that place finds best, and `test_…`, as of `saddlery.analysis.comparison.judged`,
    what the fresh seed of that place came to there.
    """
    built = {name: prepare(each) for name, each in experiments(on, size).items()}
    placed = {name: places(on, size, name) for name in built}
    names = [place.rival.name for each in placed.values() for place in each]
    runs = (len(names) + len(set(names))) * size.seeds  # each seed judges a setting of each rival
    counting = Counting(progress, runs * size.steps)
    with all_claimed({parts / name: each.experiment for name, each in built.items()}, resume=True) as stops:
        sweeps = {
            name: run_experiment(each, parts / name, counting.heard, stop=stops[parts / name])
            for name, each in built.items()
        }
    found = [_named(sweep, placed[name]) for name, sweep in sweeps.items()]
    results = _together(found).assign_attrs(close=size.close)
    chosen = comparison.chosen(results)
    judged = kept(parts / "judged.zarr", lambda: _tested(parts / "test", results, chosen, built, counting))
    counting.ended()
    judged = judged.rename({name: f"test_{name}" for name in judged.data_vars}).rename(rival="tested", seed="pair")
    results = results.merge(judged)
    results["chosen"] = ("tested", "pair"), chosen.values
    costs = step_costs(placed, built, parts / "costs.json")
    for name in ("cost", "gradients"):
        results[name] = "setting", [costs[rival][name] for rival in results["rival"].values]
    return results.assign_attrs(cells=results.sizes["setting"], game=TASKS[on].game)


def _together(sweeps: list[xr.Dataset]) -> xr.Dataset:
    return xr.concat(
        sweeps, "setting", data_vars="minimal", coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )  # fmt: skip


def _tested(
    parts: Path, results: xr.Dataset, chosen: xr.DataArray, built: Mapping[str, BuiltExperiment], counting: Counting
) -> xr.Dataset:
    """What the settings that each seed of tuning chose come to on a fresh one, (`rival`, `seed`)."""
    labels = results["setting"].values.astype(str)
    found: list[xr.Dataset] = []
    for pair in range(chosen.sizes["seed"]):
        picked, first, runs = chosen.isel(seed=[pair]), 0, []
        for name, each in built.items():
            own = labels[first : first + len(each.experiment.settings)]
            here = np.intersect1d(picked.values, np.arange(first, first + len(own))) - first
            texts = {_key(each.experiment, place): own[place] for place in here}
            for i, test in enumerate(fresh(each.experiment, here, pair)):
                ran = run(test, parts / f"{name}-{i + 1}-{pair + 1}", resume=True, on_progress=counting.heard)
                order = [texts[_key(test, place)] for place in range(len(test.settings))]
                runs.append(_labelled(ran, results.sel(setting=order)))
            first += len(own)
        whole = _together(runs).assign_attrs(results.attrs)
        places = {label: place for place, label in enumerate(whole["setting"].values.astype(str))}
        at = picked.copy(data=[[places[labels[place]] for place in row] for row in picked.values])
        found.append(comparison.judged(whole, at).assign_coords(seed=[pair]))
    return xr.concat(found, "seed", data_vars="all")


def _key(experiment: Experiment, place: int) -> tuple[str, str]:
    """The game and the method of an experiment's setting, as texts."""
    setting = experiment.settings[place]
    return str(setting.game), str(setting.method)


def _named(sweep: xr.Dataset, of: list[Place]) -> xr.Dataset:
    """A sweep with its settings' places as their levels."""
    levels: dict[str, Any] = {
        "rival": [place.rival.name for place in of],
        "method": [parse(place.rival.method.format(place.value)).name for place in of],
        "parameter": [place.rival.parameter for place in of],
        "value": [place.value for place in of],
        "learning_rate": [place.learning_rate for place in of],
        "setting": [place.label for place in of],
    }
    return _bare(sweep).assign_coords({name: ("setting", level) for name, level in levels.items()})


def _labelled(sweep: xr.Dataset, like: xr.Dataset) -> xr.Dataset:
    """A sweep with the levels of other records of the same settings."""
    levels = {name: each for name, each in like.coords.items() if each.dims == ("setting",)}
    return _bare(sweep).assign_coords({name: ("setting", each.values) for name, each in levels.items()})


def _bare(sweep: xr.Dataset) -> xr.Dataset:
    return sweep.drop_vars([name for name, each in sweep.coords.items() if each.dims == ("setting",)])
