"""Findings of the study `atlas`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.studies.atlas.claims import at_each, converges, decided
from saddlery.studies.atlas.second_order import BUDGET, REACHED

NEAR = 0.01  # within which of a predicted rate a measured one agrees with it


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    return [_rates(dataset), _stable(dataset), _repelling(dataset), _reading(dataset), _needed(dataset)]


def _rates(dataset: xr.Dataset) -> Finding:
    """In how many settings the measured rate is the predicted one, and of which methods it is not."""
    predicted, both = dataset["predicted_rate"], decided(dataset)
    near = abs(dataset["measured_rate"] - predicted) <= NEAR * predicted
    count, within = int(both.sum()), int((both & near).sum())
    text = f"{within:,} of {count:,} settings in which both are known agree to {percent(NEAR)} "
    text += f"({percent(within / count)})"
    others = (both & ~near).sum(("game", "value", "step"))
    worst = [f"{m} {int(n)}" for m, n in zip(others["method"].values, others.values, strict=True) if n]
    text += f"; those that do not, by method: {', '.join(worst)}." if worst else "."
    unknown = dataset["method"].values[~predicted.notnull().any(("game", "value", "step")).values]
    if len(unknown):
        text += " Without a derivative at an equilibrium, and so without a prediction: "
        text += f"{', '.join(map(str, unknown))}."
    numbers = {"near": NEAR, "settings": count, "within": [within, within / count], "others": others.values}
    return Finding("Rates, predicted and measured", text, "good" if within > 0.98 * count else "plain", numbers)


def _stable(dataset: xr.Dataset) -> Finding:
    """How often the prediction of stability is right, and how often what is stable converges from everywhere."""
    predicted, length = dataset["predicted_rate"], dataset.attrs["length"]
    sharp = decided(dataset) & (abs(np.log(predicted.where(predicted > 0))) * length / 2 > 0.1)
    stable = sharp & (predicted < 1)
    right = int((sharp & ((predicted < 1) == (dataset["measured_rate"] < 1))).sum())
    count, held = int(sharp.sum()), int(stable.sum())
    text = (
        f"Where the predicted rate differs from 1 by enough to tell in {length:,} steps, the prediction is right in "
        f"{right:,} of {count:,} settings."
    )
    numbers = {"rate": 1, "steps": length, "right": right, "settings": count}
    if held:
        share = int((stable & converges(dataset)).sum()) / held
        lead = "It is local: of" if share < 1 else "Of"
        text += f" {lead} the {held:,} that are stable, {percent(share)} converge from all starts."
        numbers |= {"stable": held, "from all starts": share}
    return Finding("Stable or not", text, "good" if right == count else "plain", numbers)


def _repelling(dataset: xr.Dataset) -> Finding:
    """Methods that converge to the equilibrium from which both players would rather go away."""
    converged = converges(dataset.sel(game="repelling")).any(("value", "step"))
    names = [str(name) for name in converged["method"].values[converged.values]]
    text = (
        "To an equilibrium that repels both players these converge from all starts for some step and parameter: "
        f"{', '.join(names)}. The players' own gradients lead away from it"
        if names
        else "No method converges from all starts to an equilibrium that repels both players"
    )
    return Finding("The wrong equilibrium", f"{text}.", "bad" if names else "good")


def _reading(dataset: xr.Dataset) -> Finding:
    """How near consensus is to Newton's step, from a pure minimisation to a pure rotation."""
    gap, turn = dataset["reading"].values, dataset["turn"].values
    first, last, nearer = float(gap[0]), float(gap[-1]), gap < 1
    text = (
        f"For a pure rotation consensus is {percent(last)} of what the damping changes away from Newton's damped step, "
        f"for a pure minimisation {percent(first)}, where the plain gradient is {percent(1)} away and {percent(2)} is "
        "as far in the opposite direction."
    )
    if last < 0.1 and first > 1:
        text = f"The reading holds for rotations and fails for curvature. {text}"
    numbers = {"away": [first, last], "plain gradient": 1, "opposite": 2}
    if not nearer[0] and nearer[-1] and (np.diff(nearer.astype(int)) >= 0).all():
        i = int(nearer.argmax())
        equal = float(np.interp(1.0, gap[[i, i - 1]], turn[[i, i - 1]]))
        text += f" It is nearer to Newton's step than that only from {percent(equal)} of the way to the rotation."
        numbers["equal"] = equal
    return Finding("Consensus as a Newton step", text, "plain", numbers)


def _needed(dataset: xr.Dataset) -> Finding:
    """How soon consensus arrives beside Newton's step and plain gradients, at as many gradient evaluations."""
    names = ("consensus", "simultaneous", "newton(damping=γ)")
    called = {"simultaneous": "the plain gradient", "newton(damping=γ)": "Newton"}
    kept = dataset.sel(direction=[name for name in names if name in dataset["direction"]])
    parts = []
    for problem in at_each(kept, "problem"):
        pairs = zip(map(str, problem["direction"].values), problem["needed"].values, strict=True)
        listed = [f"{called.get(name, name)} {number(n) if np.isfinite(n) else 'more'}" for name, n in pairs]
        parts.append(f"{str(problem['problem_title'].values).lower()}: {', '.join(listed)}")
    worth, times = _worth(kept)
    text = (
        f"Evaluations, of {exact(BUDGET)} at most, until the distance is {exact(REACHED)} of that at the start: "
        f"{'; '.join(parts)}. {worth}"
    )
    numbers = {"reached": REACHED, "most": BUDGET, "needed": kept["needed"].values, "times": times}
    return Finding("At equal gradient evaluations", text, "plain", numbers)


def _worth(kept: xr.Dataset) -> tuple[str, np.ndarray]:
    """Where consensus, of two gradient evaluations a step, arrives sooner than the plain gradient, and where later.

    And how many times as late it arrives on each problem.
    """
    consensus, plain = (kept["needed"].sel(direction=name).values for name in ("consensus", "simultaneous"))
    times = consensus / plain
    sooner, later, missed = [], [], []
    for title, one, other in zip(kept["problem_title"].values, consensus, plain, strict=True):
        name = str(title).lower()
        if one < other or (np.isfinite(one) and np.isnan(other)):
            sooner.append(name)
        elif one > other:
            later.append(f"{name} ({number(one / other)} times)")
        elif np.isfinite(other) and np.isnan(one):
            missed.append(name)
    kinds = {"sooner": sooner, "later": later}
    parts = [f"{how} than the plain gradient on {', '.join(names)}" for how, names in kinds.items() if names]
    said = [f"Consensus arrives {'; '.join(parts)}."] if parts else []
    said += [f"On {', '.join(missed)} only the plain gradient arrives."] if missed else []
    return " ".join(said) or "Consensus arrives no sooner and no later.", times
