"""Findings of the study `architectures`."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text, spread
from saddlery.analysis.numbers import correlated, number, percent, rank_correlation
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies import crossed

FLAT = 2 * np.log(2)  # the discriminator's loss where all its scores are the same
SHARES = {"separation": percent, "turning": percent}  # how these variables are written; the others as numbers


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    found = moved(crossed.best(dataset))
    return [
        *crossed.findings(found, "family"),
        constant(found),
        stationary(found),
        regulariser(found),
        *diverged(dataset, "rival"),
    ]


def moved(found: xr.Dataset) -> xr.Dataset:
    """`crossed.best` with `level` and `wobble`, mean and deviation of the discriminator's loss in the second half."""
    late = found["discriminator_loss"].isel(step=slice(found.sizes["step"] // 2, None))
    return found.assign(level=late.mean("step"), wobble=late.std("step"))


def at_end(found: xr.Dataset, name: str) -> xr.DataArray:
    """The last record of a variable (`row`, `column`, `seed`, `step`), or one without steps as it is."""
    values = found[name]
    return values.isel(step=-1, drop=True) if "step" in values.dims else values


def _over_rows(found: xr.Dataset, said: Mapping[str, str]) -> tuple[str, dict[str, np.ndarray]]:
    """Variables' medians over seeds, of all rows the least to the greatest: for each column, in words and in numbers.

    **Arguments:** `said`: what each variable is called.
    """
    medians = {name: at_end(found, name).median("seed").transpose("column", "row").values for name in said}
    ends = {name: np.stack([np.nanmin(each, 1), np.nanmax(each, 1)], 1) for name, each in medians.items()}
    parts = []
    for i, column in enumerate(found["column"].values):
        each = (
            f"{word} {' to '.join(map(SHARES.get(name, number), ends[name][i].tolist()))}"
            for name, word in said.items()
        )
        parts.append(f"{column}: {', '.join(each)}")
    return "; ".join(parts), ends


def constant(found: xr.Dataset) -> Finding:
    """The finding on how constant losses are, and what goes with it."""
    said = {"level": "loss", "wobble": "deviation", "spread": "spread of scores", "separation": "separation"}
    words, ends = _over_rows(found, said)
    ranks = rank_correlation(at_end(found, "wobble"), at_end(found, "spread"))
    near = rank_correlation(abs(at_end(found, "level") - FLAT), at_end(found, "spread"))
    text = (
        f"Over the second half of training, medians of seeds over the families: {words}. A discriminator "
        f"whose scores are all the same has a loss of {number(FLAT)} whatever the generator does. Over all runs the "
        f"loss's deviation and the scores' spread have a rank correlation of {ranks}, its distance from {number(FLAT)} "
        f"and the spread {near}."
    )
    return Finding("Why are losses constant?", text, "plain", ends | {"flat": FLAT} | correlated(ranks, near))


def stationary(found: xr.Dataset) -> Finding:
    """The finding on whether the games with short fields are near a stationary point."""
    said = {"field_norm": "‖ξ‖", "distance": "distance", "reached": "really left there", "turning": "turning"}
    words, ends = _over_rows(found, said)
    shares = (at_end(found, "reached") < 1).mean(("row", "seed"))
    there = ", ".join(f"{column} {percent(float(shares.sel(column=column)))}" for column in found["column"].values)
    text = (
        f"At the end of training, medians of seeds over the families: {words}. Runs in which the field is "
        f"really shorter after that step: {there}."
    )
    return Finding("Near a stationary point?", text, "plain", ends | {"shorter": shares.values})


def regulariser(found: xr.Dataset) -> Finding:
    """The finding on which families the regulariser outweighs the gradient, and whether consensus fails there."""
    consensus = [str(name) for name in found["column"].values if name.startswith("consensus")]
    ratio = crossed.ratios(found)
    parts = []
    for row in found["row"].values:
        pull = at_end(found, "pull").sel(row=row, column=crossed.BASELINE)
        early = found["pull"].isel(step=0).sel(row=row, column=crossed.BASELINE)
        cost = ", ".join(f"{name} {ci_text(ratio.sel(row=row, column=name))}" for name in consensus)
        parts.append(
            f"{row}: ‖Hᵀξ‖/‖ξ‖ {ci_text(early)} at the start and {ci_text(pull)} at the end of simultaneous "
            f"descent, distances over simultaneous descent's {cost}"
        )
    pulls = at_end(found, "pull").sel(column=crossed.BASELINE).median("seed")
    over = {name: rank_correlation(ratio.sel(column=name).median("seed"), pulls) for name in consensus}
    ranks = "; ".join(f"{name} {each}" for name, each in over.items())
    worst = ", ".join(f"{name} on {ratio.sel(column=name).median('seed').idxmax('row').item()}" for name in consensus)
    text = (
        f"{'; '.join(parts)}. Consensus descends ξ + γHᵀξ. It does worst, beside simultaneous descent, with {worst}. "
        f"Over the families the rank correlation of that ratio with ‖Hᵀξ‖/‖ξ‖ is {ranks}."
    )
    pull = found["pull"].sel(column=crossed.BASELINE)
    numbers = {"pull": [spread(pull.isel(step=i)) for i in (0, -1)], "ratio": spread(ratio.sel(column=consensus))}
    return Finding("Where does consensus fail?", text, "plain", numbers | correlated(*over.values()))
