"""Findings of the fair comparisons: each sentence is the outcome of a test, or says that there was none."""

from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis import comparison, facts, tuning
from saddlery.analysis.intervals import spread
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.studies.fair.costs import BASELINE

ALPHA = 0.05  # up to which a corrected probability supports a difference
HOLD = ("hold", "alone", "open")  # a difference that holds; that would, were it the only one; and any other


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    held = results(dataset)
    found = [differences(dataset, held, each) for each in ranked(dataset)]
    return [*found, equal_tuning(dataset, held), _speed(dataset, held), _cost(dataset), _caution(dataset)]


def results(dataset: xr.Dataset) -> xr.Dataset:
    """The results that rivals are judged by, (`rival`, `seed`), as of `comparison.judged`."""
    names = [str(name) for name in dataset.data_vars if str(name).startswith("test_")]
    held = dataset[names].rename({name: name.removeprefix("test_") for name in names})
    return held.rename(tested="rival", pair="seed")


def differences(dataset: xr.Dataset, held: xr.Dataset, measure: Measure) -> Finding:
    """Which differences from simultaneous descent the test supports."""
    compared = comparison.compared(held, measure.name, BASELINE)
    sign, holds, pairs = 1 if measure.better == "more" else -1, holding(compared), held.sizes["seed"]
    better, worse = (
        [name for name, kind in holds.items() if kind == "hold" and way * float(compared["mean"].sel(rival=name)) > 0]
        for way in (sign, -sign)
    )
    alone = [name for name, kind in holds.items() if kind == "alone"]
    unsure = [name for name, kind in holds.items() if kind == "open"]
    numbers: dict[str, Any] = {"holding": len(better) + len(worse), "differences": len(holds), "pairs": pairs}
    least = 2 / 2**pairs
    if least * len(holds) > ALPHA:
        text = (
            f"No test: {pairs} pairs of seeds are too few for {len(holds)} differences; the least corrected p would be "
            f"{number(min(1.0, least * len(holds)))}."
        )
        return Finding(measure.title, text, "plain", numbers | {"least": min(1.0, least * len(holds))})
    parts = [f"{len(better) + len(worse)} of {len(holds)} differences from {BASELINE} hold after Holm's correction."]
    parts += [f"{word}: {', '.join(names)}." for word, names in (("Better", better), ("Worse", worse)) if names]
    if alone:
        parts.append(f"Below {exact(ALPHA)} alone, but not after the correction: {', '.join(alone)}.")
    if unsure:
        parts.append(f"Not told apart from {BASELINE}: {', '.join(unsure) if better or worse or alone else 'all'}.")
    return Finding(measure.title, " ".join(parts), "plain", numbers | {"level": ALPHA})


def equal_tuning(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """Whether rivals that were tried at more settings are better at as few as the others."""
    measure, least = ranked(dataset)[0], tuning.fewest(dataset)
    tried = {name: int((dataset["rival"] == name).sum()) for name in comparison.named(dataset)}
    more = [name for name, count in tried.items() if count > tried[BASELINE]]
    sign = 1 if measure.better == "more" else -1
    compared = comparison.compared(held, measure.name, BASELINE)
    testable = 2 / 2 ** held.sizes["seed"] * len(compared["rival"]) <= ALPHA
    better = [
        name for name in more
        if testable and holding(compared)[name] == "hold" and sign * float(compared["mean"].sel(rival=name)) > 0
    ]  # fmt: skip
    numbers = {"settings": list(tried.values()), "least": least, "pairs": dataset.sizes["seed"] // 2}
    if len({*tried.values()}) == 1:
        return Finding("Equal tuning", f"All were tried at as many settings, {least}.", "plain", numbers)
    text = f"{len(more)} of {len(tried)} rivals were tried at more settings than {BASELINE}'s {tried[BASELINE]}. "
    numbers |= {"more": len(more), "rivals": len(tried)}
    if not better:
        return Finding("Equal tuning", f"{text}None of them is said to be better.", "plain", numbers)
    there = dict(zip(comparison.named(dataset), gaps(dataset, least), strict=True))
    clear = [name for name in better if (sign * there[name][1:] > 0).all()]
    rest = [name for name in better if name not in clear]
    said = f"Of those that are said to be better, at the best of {least} settings "
    if clear:
        said += f"the interval of the difference leaves out zero for {', '.join(clear)}"
    if rest:
        said += f"{'; ' if clear else ''}it does not, or there is none, for {', '.join(rest)}"
    return Finding("Equal tuning", f"{text}{said}.", "plain", numbers)


def gaps(dataset: xr.Dataset, drawn: int, budget: tuning.Budget = "steps") -> np.ndarray:
    """The differences from simultaneous descent at the best of m settings, means and intervals over pairs of seeds."""
    values = tuning.best_of(dataset, drawn, budget).rename(pair="seed")
    return spread(values - values.sel(rival=BASELINE, drop=True), "mean")


def _speed(dataset: xr.Dataset, held: xr.Dataset) -> Finding:
    """Who is there first, in steps and in the time of simultaneous descent's steps."""
    steps, cost = held["reached"].median("seed"), of_rival(dataset, "cost")
    there = {name: float(steps.sel(rival=name)) for name in order(dataset) if np.isfinite(steps.sel(rival=name))}
    what = "all modes covered" if "modes" in dataset else "a run that works"
    numbers = {"rivals": len(there), "of": len(cost), "every": dataset.attrs["every"]}
    if not there:
        return Finding("Time", f"No rival's median run came to {what}.", "bad", numbers)
    first, soonest = (min(there, key=of) for of in (there.__getitem__, lambda name: there[name] * cost[name]))
    text = (
        f"The median run of {len(there)} of {len(cost)} rivals came to {what}, in the table with the steps and the "
        f"time. The fewest steps are those of {first}, the least time that of {soonest}; neither was tested, and "
        f"records are {exact(dataset.attrs['every'])} steps apart."
    )
    return Finding("Time", text, "plain", numbers)


def _cost(dataset: xr.Dataset) -> Finding:
    """What a step costs, of the dearest."""
    cost = of_rival(dataset, "cost")
    dearest = max(cost, key=cost.__getitem__)
    text = (
        f"The dearest step is that of {dearest}, the time of {number(cost[dearest])} of {BASELINE} descent; all are in "
        "the table, least times of some repetitions, without an interval."
    )
    return Finding("Cost of a step", text, "plain", {"cost": cost[dearest]})


def _caution(dataset: xr.Dataset) -> Finding:
    """How sure the choice of settings is."""
    names, picked = comparison.named(dataset), dataset["chosen"]
    split = [name for name in names if _most(picked.sel(tested=name).values) <= picked.sizes["pair"] / 2]
    chosen = comparison.best(dataset)
    ends = [name for name in names if at_edge(dataset, chosen[name])]
    text = (
        f"For {len(split)} of {len(names)} rivals no setting is chosen by more than half of the "
        f"{picked.sizes['pair']} seeds of tuning."
    )
    if ends:
        text += f" At an end of the learning rates tried, so perhaps not yet at its best: {', '.join(ends)}."
    return Finding("Caution", text, "plain", {"split": len(split), "rivals": len(names), "seeds": picked.sizes["pair"]})


def _most(picked: np.ndarray) -> int:
    """How often the value that is there most often is."""
    return int(np.unique(picked, return_counts=True)[1].max())


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
    """The methods, the best first: by the median of the first measure over the pairs, then by the next."""
    held = results(dataset)
    numbers = {name: held[name].median("seed").values for name in comparison.measures(dataset)}
    return [str(name) for name in held["rival"].values[comparison.ranking(numbers)]]


def holding(compared: xr.Dataset) -> dict[str, str]:
    """The statement that each method's difference supports, one of `HOLD`."""
    return {
        str(name): "hold" if both <= ALPHA else "alone" if own <= ALPHA else "open"
        for name, both, own in zip(
            compared["rival"].values, compared["probability"].values, compared["alone"].values, strict=True
        )
    }


def at_edge(dataset: xr.Dataset, setting: int) -> bool:
    """Whether a setting has the least or the greatest learning rate."""
    rates = dataset["learning_rate"].values
    return rates[setting] in (rates.min(), rates.max())


def of_rival(dataset: xr.Dataset, name: str) -> dict[str, float]:
    """A number of each method."""
    return dict(zip(map(str, dataset["rival"].values), map(float, dataset[name].values), strict=True))
