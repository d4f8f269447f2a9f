"""Findings of the fair comparisons."""

import numpy as np
import xarray as xr

from saddlery.analysis import comparison, facts
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.analysis.numbers import change, exact, number, percent
from saddlery.report.finding import Finding
from saddlery.studies.fair.costs import BASELINE

ALPHA = 0.05  # up to which a corrected probability supports a difference
HOLD = ("hold", "alone", "open")  # a difference that holds; whose own interval only excludes 0; and any other


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    names, measure = order(dataset), ranked(dataset)[0]
    held = comparison.held_out(dataset)
    at = comparison.intervals(held[measure.name])
    told = [f"{name} {ci_text(at.sel(rival=name), measure)}" for name in names]
    text = f"{measure.title} at its best setting, mean and interval over seeds: {', '.join(told[:5])}"
    text += f"; last {', '.join(told[-3:])}." if len(told) > 8 else f"{''.join(f', {each}' for each in told[5:])}."
    found = [Finding("The best of each", text, "plain", {"interval": at.to_array().values})]
    working = [comparison.works(dataset).values]
    text = f"Settings at which at least half of the seeds work: {_counted(dataset, names, working[0])}"
    if "modes" in dataset:
        working.append(comparison.covers(dataset).values)
        text += f" At which they cover all modes, near or not: {_counted(dataset, names, working[1])}"
    counts = [dataset["rival"].values[true] for true in working]
    tuned = [[(each == name).sum() for name in names] for each in counts]
    tried = [(dataset["rival"].values == name).sum() for name in names]
    found.append(Finding("How much tuning", text, "plain", {"settings": tuned, "tried": tried}))
    found += [_differences(dataset, each) for each in ranked(dataset)]
    return [*found, _speed(dataset, held), _cost(dataset), _caution(dataset, held)]


def _counted(dataset: xr.Dataset, names: list[str], true: np.ndarray) -> str:
    """Of how many of each rival's settings something is true, the largest share first."""
    of = {name: true[dataset["rival"].values == name] for name in names}
    some = sorted((name for name in names if of[name].any()), key=lambda name: -of[name].mean())
    none = [name for name in names if not of[name].any()]
    text = ", ".join(f"{name} {of[name].sum()} of {of[name].size}" for name in some) or "none"
    return f"{text}. At no setting: {', '.join(none)}." if none else f"{text}."


def ci_text(at: xr.Dataset, measure: Measure) -> str:
    """A mean and its interval as text, `7.5 (6.8 to 8)`."""
    mean, low, high = (measure.text(float(at[name])) for name in ("mean", "low", "high"))
    return f"{mean} ({low} to {high})"


def _differences(dataset: xr.Dataset, measure: Measure) -> Finding:
    """Which differences from simultaneous descent the seeds support."""
    compared = comparison.compared(dataset, measure.name, BASELINE)
    sign = 1 if measure.better == "more" else -1
    holds = holding(compared)
    groups: dict[tuple[str, bool], list[str]] = {}
    for name, kind in holds.items():
        mean = float(compared["mean"].sel(rival=name))
        groups.setdefault((kind, sign * mean > 0), []).append(f"{name} ({change(mean, measure.text)})")
    better, worse = groups.get(("hold", True), []), groups.get(("hold", False), [])
    alone = groups.get(("alone", True), []) + groups.get(("alone", False), [])
    unsure = [name for name, kind in holds.items() if kind == "open"]
    parts = [
        f"{len(better) + len(worse)} of {len(holds)} differences from {BASELINE} hold after the correction for their "
        f"number. Better: {', '.join(better) or 'none'}. Worse: {', '.join(worse) or 'none'}."
    ]
    if alone:
        parts.append(f"With an interval that excludes zero, but not after the correction: {', '.join(alone)}.")
    if unsure:
        parts.append(f"Not told apart from {BASELINE}: {', '.join(unsure)}.")
    numbers = {"holding": len(better) + len(worse), "differences": len(holds), "difference": compared["mean"].values}
    return Finding(measure.title, " ".join(parts), "plain", numbers)


def _speed(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """Who is there first, in steps and in the time of simultaneous descent's steps."""
    steps, cost = held["reached"].median("seed"), of_rival(dataset, "cost")
    there = [name for name in order(dataset) if np.isfinite(steps.sel(rival=name))]
    what = "all modes covered" if "modes" in dataset else "a run that works"
    if not there:
        return Finding("Time", f"No rival's median seed came to {what}.", "bad")
    in_steps = sorted(there, key=lambda name: float(steps.sel(rival=name)))[:4]
    in_time = sorted(there, key=lambda name: float(steps.sel(rival=name)) * cost[name])[:4]
    text = (
        f"Until {what}, median seed: "
        + ", ".join(f"{name} {int(steps.sel(rival=name)):,} steps" for name in in_steps)
        + ". In the time of so many steps of simultaneous descent: "
        + ", ".join(f"{name} {number(float(steps.sel(rival=name)) * cost[name])}" for name in in_time)
        + f". Records are {dataset.attrs['every']:,} steps apart."
    )
    times = [float(steps.sel(rival=name)) * cost[name] for name in there]
    numbers = {"steps": steps.values, "time": times, "every": dataset.attrs["every"]}
    return Finding("Time", text, "plain", numbers)


def _cost(dataset: xr.Dataset) -> Finding:
    """What a step costs, the dearest first."""
    cost = of_rival(dataset, "cost")
    dear = sorted(cost, key=lambda name: -cost[name])
    text = ", ".join(f"{name} {number(cost[name])}" for name in dear)
    text = f"In steps of {BASELINE} descent: {text}."
    return Finding("Cost of a step", text, "plain", {"cost": list(cost.values())})


def _caution(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """How sure the choice of settings is."""
    names = comparison.named(dataset)
    split = [name for name in names if len(np.unique(held["chosen"].sel(rival=name))) > 1]
    chosen = comparison.best(dataset)
    ends = [name for name in names if at_edge(dataset, chosen[name])]
    tried = [int((dataset["rival"] == name).sum()) for name in names]
    text = (
        f"The two halves of the seeds choose different settings for {len(split)} of {len(names)} rivals. Those with a "
        f"parameter were tried at up to {max(tried)} settings, the others at {min(tried)}: who is tried more has more "
        "chances."
    )
    if ends:
        text += f" At an end of the learning rates tried, so perhaps not yet at its best: {', '.join(ends)}."
    return Finding("Caution", text, "plain", {"different": len(split), "rivals": len(names), "tried": tried})


def ranked(dataset: xr.Dataset) -> list[Measure]:
    """The measures by which methods are ranked."""
    return [MEASURES[name] for name in comparison.measures(dataset)]


def criterion(dataset: xr.Dataset) -> str:
    """The criterion of success of a run, in words."""
    close = dataset.attrs["close"]
    if "modes" in dataset:
        total = facts.shared(dataset, "modes_total")
        return f"all {total:.0f} modes are covered and at least {percent(close)} of the samples are near one"
    perfect = number(close * facts.distinct(dataset, "perfect_sliced_wasserstein")[0])
    return f"its sliced Wasserstein distance is at most {exact(close)} times a perfect sampler's, {perfect}"


def order(dataset: xr.Dataset) -> list[str]:
    """The methods, the best first: by the mean of the first measure over the seeds held out, then by the next."""
    held = comparison.held_out(dataset).mean("seed")
    numbers = {name: held[name].values for name in comparison.measures(dataset)}
    return [str(name) for name in held["rival"].values[comparison.ranking(numbers)]]


def holding(compared: xr.Dataset) -> dict[str, str]:
    """The statement that each method's difference supports, one of `HOLD`."""
    apart = (compared["low"] > 0) | (compared["high"] < 0)
    sure = compared["probability"] <= ALPHA
    return {
        str(name): "hold" if both and own else "alone" if own else "open"
        for name, both, own in zip(compared["rival"].values, sure.values, apart.values, strict=True)
    }


def at_edge(dataset: xr.Dataset, setting: int) -> bool:
    """Whether a setting has the least or the greatest learning rate."""
    rates = dataset["learning_rate"].values
    return rates[setting] in (rates.min(), rates.max())


def of_rival(dataset: xr.Dataset, name: str) -> dict[str, float]:
    """A number of each method."""
    return dict(zip(map(str, dataset["rival"].values), map(float, dataset[name].values), strict=True))
