"""The measurement of the study `forecast`: its population, forecasts, alarms, forks and trials, as one dataset."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.studies.forecast import scores
from saddlery.studies.forecast.calibration import calibrated, singles
from saddlery.studies.forecast.experiment import trained
from saddlery.studies.forecast.failures import Failure, deadlines, failures, visible
from saddlery.studies.forecast.forecasts import TABLED, forecasts, halves, sets
from saddlery.studies.forecast.fork_scores import fork_scores
from saddlery.studies.forecast.forks import chosen, forks
from saddlery.studies.forecast.models import BOUNDS
from saddlery.studies.forecast.population import Scale, places
from saddlery.studies.forecast.trial_scores import trial_scores
from saddlery.studies.forecast.trials import SEEDS, cases, trials
from saddlery.studies.study import Progress, kept

CONTROLS = ("shuffled outcomes", "a signal planted to tell all")
PLANTED = "gap"  # the signal in whose place the planted one is
RISKS = ("path", "jacobian", "settings")  # sets whose calibration is shown
SHOWN = 0.25  # of a run, where failures are told apart and risks are calibrated
OF_ALARMS = ("losses", "norms", "diversity", "path")  # what a loop that computes no Jacobian has


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train the population and score what foretells failure, fork runs, try advice; going on with what is there.

    **Returns:** a dataset along `run` and `step` of all signals and outcomes, with scores along `signals` and `tabled`,
    `fork`s along `branch`, and `case`s of advice.
    """
    population, of_models = size.runs * size.steps, size.runs * size.steps // 10
    of_forks = (size.failing + size.healthy) * size.steps * 10
    of_trials = size.advised * SEEDS * 4 * size.steps
    whole = population + of_models + of_forks + of_trials

    def stage(before: int, weight: int) -> Progress | None:
        tell = progress
        return tell and (lambda done, of: tell(before + weight * done // max(of, 1), whole))

    results = told(trained(parts, size, stage(0, population)))
    failed, fit, outcomes = results["failed"].values, results["fit"].values, results["failure"].values
    foretold = kept(
        parts / "forecasts.zarr", lambda: forecasts(results, failed, fit, progress=stage(population, of_models))
    )
    controls = kept(parts / "controls.zarr", lambda: controlled(results))
    forked = chosen(results, outcomes, size.failing, size.healthy)
    branches = forks(parts / "forks", parts, size, forked, stage(population + of_models, of_forks))
    branches = branches.rename(run="fork", step="fork_step", shortfall="fork_shortfall", diverged_at="fork_lost")
    wanted = cases(outcomes, [place.run for place in places(size)], size.advised)
    advised = trials(parts / "trials", parts, size, wanted, stage(population + of_models + of_forks, of_trials))
    advised = advised.rename(run="advised_run", seed="trial")
    alarms = calibrated(results, failed, fit, results["visible"].values, OF_ALARMS)
    merged = xr.merge(
        [
            results,
            foretold,
            scored(results, foretold, controls),
            singles(results, failed, fit, results["visible"].values),
            branches,
            fork_scores(branches, failed[forked], results["kind"].values[forked]),
            advised,
            trial_scores(advised, results["game"].values[advised["advised_run"].values.astype(int)]),
        ],
        combine_attrs="drop_conflicts",
        join="outer",
        compat="no_conflicts",
    )
    return merged.assign_attrs(alarms=json.dumps(alarms), trial_steps=size.trial, steps=size.steps)


def told(dataset: xr.Dataset) -> xr.Dataset:
    """The population with what became of a run: `failure`, `failed`, `visible`; and `fit`, whether it is fitted to."""
    outcomes = failures(dataset)
    failed = outcomes != Failure.HEALTHY
    seen = visible(dataset, failed, deadlines(dataset, ~failed))
    return dataset.assign(
        failure=("run", outcomes.astype(str)),
        failed=("run", failed),
        visible=("run", seen),
        fit=("run", halves(dataset)),
    )


def controlled(results: xr.Dataset) -> xr.Dataset:
    """Risks under controls: outcomes are drawn anew among kinds of runs, and a signal is made to tell all."""
    failed, fit = results["failed"].values, results["fit"].values
    of = {"norms": sets()["norms"]}
    told_all = results.copy()
    random = np.random.default_rng(0)
    told_all[PLANTED] = results[PLANTED] * 0 + np.where(failed, 1.0, 0.0)[:, None]
    told_all[PLANTED] = told_all[PLANTED].fillna(0.0) + 0.1 * random.normal(size=told_all[PLANTED].shape)
    shuffled = random.permutation(failed)
    found = [
        forecasts(each, outcomes, fit, of, TABLED)["risk"].isel(signals=0, drop=True)
        for each, outcomes in ((results, shuffled), (told_all, failed))
    ]
    held = xr.concat(found, "control").assign_coords(control=list(CONTROLS))
    return held.to_dataset(name="risk").assign(shuffled=("run", shuffled))


def scored(results: xr.Dataset, foretold: xr.Dataset, controls: xr.Dataset) -> xr.Dataset:
    """All tables of scores: areas under the ROC curve, gains, alarms, calibration and controls."""
    failed, fit, kinds = (results[name].values for name in ("failed", "fit", "kind"))
    outcomes, steps = results["failure"].values, float(results["step"].values[-1])
    names, looks = foretold["signals"].values, scores.tabled(foretold)
    areas = scores.areas(foretold, failed, ~fit, kinds)
    elsewhere = scores.areas_elsewhere(foretold, failed, results["game"].values)
    gains = scores.gains(foretold, failed, ~fit, kinds)
    apart = {
        kind: [each[str(name)] for name in names]
        for kind, each in scores.by_failure(foretold, outcomes, ~fit, kinds, SHOWN).items()
    }
    risk = foretold["risk"].transpose("signals", "look", "run")
    alarms = [
        scores.alarm(risk.sel(signals=name).values, risk["look"].values, steps, failed, fit, results["visible"].values)
        for name in names
    ]
    of = {"shuffled outcomes": controls["shuffled"].values, CONTROLS[1]: failed}
    control = [
        [scores.area(controls["risk"].sel(control=name, look=look).values, of[name], ~fit, kinds) for look in looks]
        for name in CONTROLS
    ]
    calibrations = [scores.calibration(risk.sel(signals=name, look=SHOWN).values[~fit], failed[~fit]) for name in RISKS]
    bins = max(map(len, calibrations))
    level = np.array([[*each, *[(np.nan,) * 3] * (bins - len(each))] for each in calibrations])
    rows: dict[str, tuple[tuple[str, ...], Callable | np.ndarray | list]] = {
        "area": (("signals", "tabled", "bound"), [areas[str(name)] for name in names]),
        "area_elsewhere": (("signals", "tabled"), [elsewhere[str(name)] for name in names]),
        "gain": (("gained", "tabled", "bound"), list(gains.values())),
        "area_of_failure": (("kind_of_failure", "signals", "bound"), list(apart.values())),
        "control_area": (("control", "tabled", "bound"), control),
        "alarm_threshold": (("signals",), [each.threshold for each in alarms]),
        "alarm_false": (("signals",), [each.false_alarms[0] for each in alarms]),
        "alarm_caught": (("signals",), [each.caught[0] for each in alarms]),
        "alarm_lead": (("signals",), [each.lead for each in alarms]),
        "calibration": (("calibrated", "bin", "level"), level),
    }  # fmt: skip
    return xr.Dataset(
        {name: (dims, np.array(each, float)) for name, (dims, each) in rows.items()},
        {
            "signals": names, "tabled": looks, "bound": list(BOUNDS), "gained": list(gains), "calibrated": list(RISKS),
            "kind_of_failure": list(apart), "control": list(CONTROLS), "level": ["risk", "failed", "runs"],
        },
    )  # fmt: skip
