"""What the atlas found."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.studies.atlas.claims import at_each, told
from saddlery.studies.atlas.second_order import REACHED

NEAR = 0.01  # within which of a predicted rate a measured one agrees with it


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data."""
    predicted, measured, both = dataset["predicted_rate"], dataset["measured_rate"], told(dataset)
    near = abs(measured - predicted) <= NEAR * predicted
    count, within = int(both.sum()), int((both & near).sum())
    text = f"{within:,} of {count:,} settings in which both are known agree to {percent(NEAR)} "
    text += f"({percent(within / count)})"
    share = (both & ~near).sum(("game", "value", "step"))
    worst = [f"{m} {int(s)}" for m, s in zip(share["method"].values, share.values, strict=True) if s]
    text += f"; those that do not, by method: {', '.join(worst)}" if worst else ""
    unknown = [
        str(name) for name in dataset["method"].values[~predicted.notnull().any(("game", "value", "step")).values]
    ]
    text += f". Without a derivative at an equilibrium, and so without a prediction: {', '.join(unknown)}."
    numbers = {"near": NEAR, "settings": count, "within": [within, within / count], "others": share.values}
    found = [Finding("Rates, predicted and measured", text, "good" if within > 0.98 * count else "plain", numbers)]

    sharp = both & (abs(np.log(predicted.where(predicted > 0))) * dataset.attrs["length"] / 2 > 0.1)
    same = sharp & ((predicted < 1) == (measured < 1))
    stable = sharp & (predicted < 1)
    everywhere = stable & (dataset["verdict"] == 0)
    global_ = float(everywhere.sum() / stable.sum())
    right = {"right": int(same.sum()), "settings": int(sharp.sum()), "stable": int(stable.sum()), "everywhere": global_}
    found.append(
        Finding(
            "Stable or not",
            f"Where the predicted rate differs from 1 by enough to tell in {dataset.attrs['length']:,} steps, the "
            f"prediction is right in {int(same.sum()):,} of {int(sharp.sum()):,} settings. It is local: of the "
            f"{int(stable.sum()):,} that are stable, {percent(global_)} converge from "
            "all starts.",
            "good" if int(same.sum()) == int(sharp.sum()) else "plain",
            right | {"steps": dataset.attrs["length"], "neutral": 1},
        )
    )
    return [*found, _repelling(dataset), *_second_order(dataset)]


def _repelling(dataset: xr.Dataset) -> Finding:
    """Methods that converge to the equilibrium from which both players would rather go away."""
    converged = (dataset["verdict"].sel(game="repelling") == 0).any(("value", "step"))
    names = [str(name) for name in converged["method"].values[converged.values]]
    text = (
        f"To an equilibrium that repels both players these converge for some step and parameter: {', '.join(names)}. "
        "The players' own gradients lead away from it"
        if names
        else "No method converges to an equilibrium that repels both players"
    )
    return Finding("The wrong equilibrium", f"{text}.", "bad" if names else "good")


def _second_order(dataset: xr.Dataset) -> list[Finding]:
    """How near consensus is to Newton's step, and what it costs beside it and beside plain gradients."""
    gap, turn = dataset["reading"].values, dataset["turn"].values
    equal = float(np.interp(1.0, gap[::-1], turn[::-1]))
    names = ("consensus", "simultaneous", "newton(damping=γ)")
    called = {"simultaneous": "the plain gradient", "newton(damping=γ)": "Newton"}
    kept = dataset.sel(direction=[name for name in names if name in dataset["direction"]])
    parts, first, last = [], float(gap[0]), float(gap[-1])
    for problem in at_each(kept, "problem"):
        pairs = zip(map(str, problem["direction"].values), problem["needed"].values, strict=True)
        listed = [f"{called.get(name, name)} {number(n) if np.isfinite(n) else 'never'}" for name, n in pairs]
        parts.append(f"{str(problem['problem_title'].values).lower()}: {', '.join(listed)}")
    worth, times = _worth(kept)
    return [
        Finding(
            "Consensus as a Newton step",
            "The reading holds for rotations and fails for curvature. For a pure rotation consensus is Newton's damped "
            f"step, up to {percent(last)} of what the damping changes; for a pure minimisation it is "
            f"{percent(first)} of that away, where the plain gradient is {percent(1)} away and {percent(2)} is as far "
            f"in the opposite direction. It is nearer to Newton's step than the plain gradient is only from "
            f"{percent(equal)} of the way from the one to the other.",
            "plain",
            {"away": [first, last], "plain gradient": 1, "opposite": 2, "equal": equal},
        ),
        Finding(
            "At equal gradient evaluations",
            f"Evaluations until the distance is {exact(REACHED)} of that at the start: {'; '.join(parts)}. {worth}",
            "plain",
            {"reached": REACHED, "needed": kept["needed"].values, "times": times},
        ),
    ]


def _worth(kept: xr.Dataset) -> tuple[str, np.ndarray]:
    """Where consensus, of two gradient evaluations a step, arrives sooner than the plain gradient, and where later.

    And how many times as late it arrives on each problem.
    """
    needed = kept["needed"].fillna(np.inf)
    consensus, plain = needed.sel(direction="consensus").values, needed.sel(direction="simultaneous").values
    titles = [str(title).lower() for title in kept["problem_title"].values]
    sooner = [title for title, c, p in zip(titles, consensus, plain, strict=True) if c < p]
    times = consensus / plain
    later = [f"{title} ({number(each)} times)" for title, each in zip(titles, times, strict=True) if each > 1]
    parts = [f"Consensus arrives sooner than the plain gradient on {', '.join(sooner)}" if sooner else ""]
    parts.append(f"later on {', '.join(later)}" if later else "")
    return f"{'; '.join(part for part in parts if part)}.", times
