"""Findings of the study `forecast`."""

import json

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.report.words import joined
from saddlery.studies.forecast.failures import Failure
from saddlery.studies.forecast.fork_scores import CURVATURE, OTHERS, ROTATION, STEPS, alone
from saddlery.studies.forecast.forks import BRANCHES
from saddlery.studies.forecast.scores import PER_RUN
from saddlery.studies.forecast.trial_scores import CLAIMED, WORTH
from saddlery.studies.forecast.trials import sooner_of

LEAST = 5  # runs of an outcome among those scored, with fewer of which nothing is said
FEW = "Cannot be told from so few runs"
CHEAP, ALL = "path", "jacobian"  # the sets of signals without the Jacobian's and with them


def span(found: np.ndarray) -> str:
    """A number with the ends of its interval.

    >>> span(np.array([0.5, -0.25, 0.75]))
    '0.5 (−0.25 to 0.75)'
    >>> span(np.array([np.nan, np.nan, np.nan]))
    '–'
    """
    if np.isnan(found[0]):
        return "–"
    middle, low, high = (f"{'−' if value < 0 else ''}{number(abs(value))}" for value in found)
    return f"{middle} ({low} to {high})"


def share(found: np.ndarray) -> str:
    """A share with the ends of its interval, or a difference of shares."""
    if np.isnan(found[0]):
        return "–"
    middle, low, high = (f"{'−' if value < 0 else ''}{percent(abs(value))}" for value in found)
    return f"{middle} ({low} to {high})"


def scored(dataset: xr.Dataset) -> tuple[int, int]:
    """How many runs that failed, and that did not, are of kinds to which nothing was fitted."""
    other = ~dataset["fit"].values.astype(bool)
    failed = dataset["failed"].values.astype(bool)
    return int((other & failed).sum()), int((other & ~failed).sum())


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    return [
        outcomes(dataset),
        *(
            [of_jacobian(dataset), of_sets(dataset), elsewhere(dataset)]
            if min(scored(dataset)) >= LEAST
            else [few(dataset)]
        ),
        controls(dataset),
        alarms(dataset),
        *of_forks(dataset),
        of_trials(dataset),
    ]


def outcomes(dataset: xr.Dataset) -> Finding:
    """How many runs failed, and how."""
    kinds = [str(kind) for kind in Failure if kind is not Failure.HEALTHY]
    counted = {kind: int((dataset["failure"] == kind).sum()) for kind in kinds}
    failed, runs = sum(counted.values()), dataset.sizes["run"]
    text = f"{failed} of {exact(runs)} runs failed: {', '.join(f'{n} {kind}' for kind, n in counted.items() if n)}."
    return Finding("Outcomes", text, data={"failed": failed, "runs": runs, "of a kind": list(counted.values())})


def few(dataset: xr.Dataset) -> Finding:
    """That nothing can be told of signals."""
    failed, healthy = scored(dataset)
    text = f"{FEW}: of those to which nothing was fitted {failed} failed and {healthy} did not."
    return Finding("What foretells failure?", text, data={"failed": failed, "healthy": healthy})


def of_jacobian(dataset: xr.Dataset) -> Finding:
    """What the Jacobian adds to what costs little."""
    gain = dataset["gain"].sel(gained=f"{ALL} over {CHEAP}")
    looks = dataset["tabled"].values
    above = [look for look, each in zip(looks, gain.values, strict=True) if each[1] > 0]
    below = [look for look, each in zip(looks, gain.values, strict=True) if each[2] < 0]
    told = ", ".join(f"{span(each)} at {percent(look)}" for look, each in zip(looks, gain.values, strict=True))
    if above:
        said = f"It adds something at {joined([percent(look) for look in above])} of a run"
    else:
        said = "At no look does it add more than chance allows"
    if below:
        said += f", and makes forecasts worse at {joined([percent(look) for look in below])}"
    text = (
        f"{said}: the gain in AUROC over losses, norms, diversity and paths is {told} of a run, with intervals "
        "over kinds of runs."
    )
    tone = "good" if above else "plain"
    return Finding("Does the Jacobian foretell failure?", text, tone, {"gain": gain, "looks": looks})


def of_sets(dataset: xr.Dataset) -> Finding:
    """How well cheap signals foretell failure, beside the settings."""
    looks = dataset["tabled"].values
    rows = {name: dataset["area"].sel(signals=name).values for name in ("settings", CHEAP, f"{CHEAP}, settings")}
    names = {"settings": "the settings alone", CHEAP: "signals without the Jacobian", f"{CHEAP}, settings": "both"}
    told = "; ".join(
        f"{names[name]} {', '.join(span(each) for each in (row[0], row[-1]))}" for name, row in rows.items()
    )
    first, last = percent(looks[0]), percent(looks[-1])
    text = f"AUROC at {first} and at {last} of a run, of kinds that no model saw: {told}."
    return Finding("How well is failure foretold?", text, data={"areas": list(rows.values()), "looks": looks})


def elsewhere(dataset: xr.Dataset) -> Finding:
    """How well failure is foretold in a game that no model saw."""
    looks = dataset["tabled"].values
    rows = {name: dataset["area_elsewhere"].sel(signals=name).values for name in ("settings", CHEAP, ALL)}
    names = {"settings": "settings", CHEAP: "signals without the Jacobian", ALL: "with it"}
    told = "; ".join(
        f"{names[name]} {', '.join(number(each) for each in (row[0], row[-1]))}" for name, row in rows.items()
    )
    text = (
        f"AUROC in a game by models of the other games, the mean over games, at {percent(looks[0])} and at "
        f"{percent(looks[-1])} of a run: {told}."
    )
    return Finding("In another game", text, data={"areas": list(rows.values()), "looks": looks})


def controls(dataset: xr.Dataset) -> Finding:
    """Whether shuffled outcomes give a half, and a planted signal is found."""
    shuffled, planted = dataset["control_area"].values
    if not np.isfinite(shuffled).all():
        return Finding("Controls", f"{FEW}.")
    chance = all(low <= 0.5 <= high for _, low, high in shuffled)
    least = float(planted[:, 0].min())
    text = (
        f"With outcomes drawn anew AUROC {'is 0.5' if chance else 'is not 0.5 at every look'} within the interval: "
        f"{', '.join(span(each) for each in shuffled)}. A signal planted to tell all has at least {number(least)}."
    )
    tone = "good" if chance and least > 0.95 else "bad"
    return Finding("Controls", text, tone, {"shuffled": shuffled, "planted": least, "chance": 0.5})


def alarms(dataset: xr.Dataset) -> Finding:
    """How often all alarms together are false, and what they catch."""
    held = json.loads(dataset.attrs["alarms"])
    (false, healthy), (caught, failing) = held["false_alarms"], held["caught"]
    count = len(held["alarms"])
    if not count or not healthy:
        return Finding("Alarms", f"{FEW}: no threshold was found.")
    lead = held["lead"]
    ahead = f", {exact(round(lead))} steps before it was visible in the middle of these" if lead is not None else ""
    text = (
        f"{count} alarms, all together, rang in {false} of {healthy} healthy runs of kinds to which no threshold was "
        f"fitted, and in {caught} of {failing} failing ones before their samples showed it{ahead}."
    )
    numbers = {"alarms": count, "runs": [false, healthy, caught, failing], "lead": 0 if lead is None else round(lead)}
    return Finding("Alarms", text, "good" if PER_RUN * false <= healthy else "bad", numbers)


def of_forks(dataset: xr.Dataset) -> list[Finding]:
    """What recovers failing runs, and of how many rotation is the cause."""
    forked = dataset["fork"].values.astype(int)
    failed = dataset["failed"].sel(run=forked).values.astype(bool)
    count = int(failed.sum())
    if count < LEAST:
        return [
            Finding("What recovers failing runs?", f"{FEW}: {count} that fail were forked.", data={"forked": count})
        ]
    more = {name: dataset["recovers_more"].sel(branch=name).values for name in BRANCHES if name != "unchanged"}
    plain = dataset["recovers"].sel(branch="unchanged").values
    better = [name for name, each in more.items() if each[1] > 0]
    worse = [name for name, each in more.items() if each[2] < 0]
    rest = [name for name in more if name not in better + worse]
    parts = [f"{name} {share(more[name])}" for name in better]
    text = f"Of {count} failing runs {share(plain)} recover unchanged, on other batches. "
    text += f"More recover with {', '.join(parts)}. " if parts else "With no change do more recover. "
    text += f"Fewer do with {', '.join(f'{name} {share(more[name])}' for name in worse)}. " if worse else ""
    text += f"It cannot be told of {', '.join(f'{name} {share(more[name])}' for name in rest)}." if rest else ""
    data = {"forked": count, "unchanged": plain, "more": list(more.values())}
    return [Finding("What recovers failing runs?", text.strip(), "plain", data), _cause(dataset, failed)]


def _cause(dataset: xr.Dataset, failed: np.ndarray) -> Finding:
    """In how many failing runs rotation, or curvature, is the cause."""
    turning, curved, stepped = (alone(dataset, of)[failed] for of in (ROTATION, CURVATURE, STEPS))
    text = (
        f"Of {exact(len(turning))} failing runs {int(turning.sum())} recover by a change of rotation alone "
        f"({joined(ROTATION)}) and by none of {joined(OTHERS)}; {int(curved.sum())} by a change of "
        f"curvature alone, and not by rotation or the others; {int(stepped.sum())} by smaller steps alone."
    )
    data = {"failing": len(turning), "alone": [int(each.sum()) for each in (turning, curved, stepped)]}
    return Finding("In how many is rotation the cause?", text, "plain", data)


def of_trials(dataset: xr.Dataset) -> Finding:
    """Whether a short trial foretells full training."""
    cases = dataset.sizes["case"]
    runs = len(np.unique(dataset["advised_run"]))
    one = dataset.sel(by="one trial", length="short")
    if runs < LEAST or not np.isfinite(one["rank"].values).all():
        return Finding("Does a short trial foretell a long one?", f"{FEW}: {cases} cases.", data={"cases": cases})
    steps = int(dataset.attrs["trial_steps"])
    sooner = sooner_of(steps)
    early = dataset.sel(by="one trial", length="sooner")
    told = {name: span(one[name].values) for name in ("rank", "regret", "regret_of_nothing", "regret_of_any")}
    text = (
        f"Of {cases} pieces of advice on {runs} runs, the gain in one trial of {exact(steps)} steps and in full "
        f"training agree by a rank correlation of {told['rank']}, after {exact(sooner)} steps of "
        f"{span(early['rank'].values)}: {_longer(dataset['longer'].values)}. "
        f"Of those that gain {exact(CLAIMED)} in the trial {share(one['right'].values)} gain {exact(WORTH)} in full "
        f"training. Following it costs {told['regret']} of shortfall beside the best, changing nothing "
        f"{told['regret_of_nothing']}, advice at random {told['regret_of_any']}."
    )
    data = {"cases": cases, "runs": runs, "steps": [steps, sooner], "worth": [CLAIMED, WORTH]}
    data |= {name: one[name] for name in ("rank", "right", "regret", "regret_of_nothing", "regret_of_any")}
    data |= {"sooner": early["rank"], "longer": dataset["longer"].values}
    tone = "good" if one["rank"].values[1] > 0 else "plain"
    return Finding("Does a short trial foretell a long one?", text, tone, data)


def _longer(found: np.ndarray) -> str:
    """Whether the longer trial foretells better, by the difference of rank correlations."""
    said = "the longer trial foretells better" if found[1] > 0 else "the shorter one foretells better"
    if found[1] <= 0 <= found[2]:
        said = "that one of them foretells better cannot be told"
    return f"{said}, {span(found)}"
