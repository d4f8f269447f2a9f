"""Findings of the study `best-response`."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import Interval, share
from saddlery.analysis.numbers import number, percent
from saddlery.report.finding import Finding
from saddlery.studies.best_response.experiment import LINEAR, at_equal
from saddlery.studies.best_response.starts import NEAR

OPTIMAL = "optimal"


class Successes(NamedTuple):
    """How many runs succeed, of how many, and the learning rates that the other half of the seeds chose."""

    succeeded: int
    of: int
    rates: tuple[float, ...]

    @property
    def share(self) -> Interval:
        """The share with its exact interval."""
        return share(self.succeeded, self.of)

    def __str__(self) -> str:
        found = self.share
        return f"{self.succeeded} of {self.of} ({percent(found.low)} to {percent(found.high)})"


def successes(dataset: xr.Dataset, gradients: bool) -> dict[tuple[str, str], Successes]:
    """The successes of each row and column, each seed at the learning rate at which most of the other half succeed.

    **Arguments:** `gradients`: at equal gradients, otherwise at equal steps of the generator.
    """
    values = at_equal(dataset, gradients).transpose("setting", "seed").values
    rows, columns, rates = (dataset[name].values for name in ("row", "column", "learning_rate"))
    half = np.arange(values.shape[1]) % 2
    found: dict[tuple[str, str], Successes] = {}
    for row, column in dict.fromkeys(zip(map(str, rows), map(str, columns), strict=True)):
        places = np.flatnonzero((rows == row) & (columns == column))
        count, chosen = 0, set()
        for own in (0, 1):
            others = half != own if half.any() else half == own
            best = places[np.argmax(values[places][:, others].mean(1))]
            count += int(values[best, half == own].sum())
            chosen.add(float(rates[best]))
        found[row, column] = Successes(count, values.shape[1], tuple(sorted(chosen)))
    return found


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    return [*(_of_row(dataset, row) for row in _linear(dataset)), optimum(dataset), of_starts(dataset)]


def _linear(dataset: xr.Dataset) -> list[str]:
    return [row for row in dict.fromkeys(map(str, dataset["row"].values)) if row.endswith(LINEAR)]


def _of_row(dataset: xr.Dataset, row: str) -> Finding:
    """Optimal discriminators beside the others on one game."""
    told, facts, decided, some = [], {}, [], False
    for gradients, words in ((False, "steps of the generator"), (True, "gradients")):
        found = {column: each for (of, column), each in successes(dataset, gradients).items() if of == row}
        best = found.pop(OPTIMAL)
        rivals = ", ".join(f"{column} {each}" for column, each in found.items())
        told.append(f"At equal {words} optimal discriminators succeed in {best} runs; {rivals}.")
        decided.append(verdict(best, list(found.values())))
        some = some or any(each.succeeded for each in (best, *found.values()))
        every = [best, *found.values()]
        facts[words.replace(" ", "_")] = [each.succeeded for each in every]
        facts["of"] = best.of
        facts[f"low_{gradients}"] = [each.share.low for each in every]
        facts[f"high_{gradients}"] = [each.share.high for each in every]
        facts["columns"] = ", ".join(found)
    tone = {1: "good", -1: "bad", 0: "plain"}[decided[0] if decided[0] == decided[1] else 0]
    words = WORDS[decided[0]] if some else NOBODY
    return Finding(f"Optimal on {row}", f"{' '.join(told)} {words}", tone, facts)


NOBODY = "No run succeeds, so that nothing can be told."
WORDS = {
    1: "At equal steps its interval lies above each of theirs.",
    -1: "At equal steps its interval lies below one of theirs.",
    0: "At equal steps its interval overlaps with one of theirs, and lies below none: it cannot be told apart.",
}


def verdict(best: Successes, others: list[Successes]) -> int:
    """1 where an interval lies above all others, −1 where it lies below one, and 0 otherwise."""
    if all(best.share.low > each.share.high for each in others):
        return 1
    return -1 if any(best.share.high < each.share.low for each in others) else 0


def optimum(dataset: xr.Dataset) -> Finding:
    """How near to the optimum each discriminator is at the end, and how well that is known."""
    known = dataset.isel(setting=np.flatnonzero(np.isfinite(dataset["gap"].transpose("setting", "seed").values).any(1)))
    gaps = known["gap"].groupby("column").median(...)
    parts = ", ".join(f"{column} {number(float(gaps.sel(column=column)))}" for column in gaps["column"].values)
    worst = float(known["residual"].max())
    text = (
        f"On fresh batches the loss of linear discriminators is above the least by, medians over all runs: {parts}. "
        f"The largest entry of the gradient at those least losses is at most {number(worst)}."
    )
    columns = ", ".join(map(str, gaps["column"].values))
    return Finding("How far from optimal?", text, "plain", {"residual": worst, "gaps": gaps.values, "columns": columns})


def starting(dataset: xr.Dataset) -> xr.DataArray:
    """Which starts of two means that differ arrive, along `start`; equal ones stay equal, whatever the dynamics."""
    flat = dataset["within"].stack(start=("mean1", "mean2"))
    return flat.isel(start=np.flatnonzero(flat["mean1"].values != flat["mean2"].values))


def of_starts(dataset: xr.Dataset) -> Finding:
    """Which share of starts of two means arrives, each dynamics at its best step size."""
    parts, facts, within = [], {}, starting(dataset)
    for dynamics in map(str, dataset["dynamics"].values):
        shares = within.sel(dynamics=dynamics).mean("start")
        best = shares.idxmax("rate").item()
        facts[dynamics] = [float(shares.max()), best]
        parts.append(f"{dynamics} {percent(float(shares.max()))} (step size {best:g})")
    text = (
        f"Of {within.sizes['start']} starts of two different means these shares end within {NEAR:g} of the "
        f"target, each at the best of {dataset.sizes['rate']} step sizes: {', '.join(parts)}. Starts are a grid, no "
        "sample: there is no interval."
    )
    known = {"starts": within.sizes["start"], "rates": dataset.sizes["rate"], "near": NEAR}
    return Finding("Two means", text, "plain", known | facts | {"dynamics": ", ".join(facts)})
