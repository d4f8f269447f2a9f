"""Findings of the study `architectures`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import correlated, number, percent, rank_correlation
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies import crossed

FLAT = 2 * np.log(2)  # the discriminator's loss where all its scores are zero
ALIKE = "runs of a family and of a seed are alike, so that p is less than it would be for as many others"


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    found = moved(crossed.best(dataset))
    return [
        *crossed.findings(found, "family"),
        constant(found),
        stationary(found),
        regulariser(found),
        *diverged(dataset, "rival", crossed.LOST),
    ]


def moved(found: xr.Dataset) -> xr.Dataset:
    """`crossed.best` with `level` and `wobble`, mean and deviation of the discriminator's loss in the second half."""
    late = found["discriminator_loss"].isel(step=slice(found.sizes["step"] // 2, None))
    return found.assign(level=late.mean("step"), wobble=late.std("step"))


def at_end(found: xr.Dataset, name: str) -> xr.DataArray:
    """The last record of a variable (`row`, `column`, `seed`, `step`), or one without steps as it is."""
    values = found[name]
    return values.isel(step=-1, drop=True) if "step" in values.dims else values


def constant(found: xr.Dataset) -> Finding:
    """The finding on what goes with constant losses: rank correlations over all runs, late in training."""
    ranks = rank_correlation(at_end(found, "wobble"), at_end(found, "spread"))
    near = rank_correlation(abs(at_end(found, "level") - FLAT), at_end(found, "spread"))
    text = (
        f"A discriminator whose scores are all zero has a loss of {number(FLAT)} whatever the generator does. Over "
        f"all runs the loss's deviation and the scores' spread have a rank correlation of {ranks}, its distance from "
        f"{number(FLAT)} and the spread {near}; {ALIKE}."
    )
    return Finding("Why are losses constant?", text, "plain", {"flat": FLAT} | correlated(ranks, near))


def stationary(found: xr.Dataset) -> Finding:
    """The finding on whether a step to the nearest stationary point of the linearised field makes the field shorter."""
    reached = at_end(found, "reached")
    shorter, runs = int((reached < 1).sum()), reached.size
    shares = (reached < 1).mean(("row", "seed"))
    most = [str(name) for name in found["column"].values if shares.sel(column=name) == shares.max()]
    text = (
        f"At the end of training the field is really shorter after the step to the nearest stationary point of the "
        f"linearised field in {shorter} of {runs} runs, most often under {', '.join(most)} "
        f"({percent(float(shares.max()))} of them); the table has the distances. No test was made."
    )
    return Finding(
        "Near a stationary point?", text, "plain", {"shorter": shorter, "runs": runs, "most": shares.max().values}
    )


def regulariser(found: xr.Dataset) -> Finding:
    """The finding on whether consensus fails on the families whose regulariser outweighs the gradient."""
    consensus = [str(name) for name in found["column"].values if name.startswith("consensus")]
    ratio = crossed.ratios(found)
    pulls = at_end(found, "pull").sel(column=crossed.BASELINE).median("seed")
    over = {name: rank_correlation(ratio.sel(column=name).median("seed"), pulls) for name in consensus}
    ranks = "; ".join(f"{name} {each}" for name, each in over.items())
    worst = ", ".join(f"{name} on {ratio.sel(column=name).median('seed').idxmax('row').item()}" for name in consensus)
    text = (
        f"Consensus descends ξ + γHᵀξ. It does worst, beside simultaneous descent, with {worst}. Over "
        f"{found.sizes['row']} families the rank correlation of that ratio with ‖Hᵀξ‖/‖ξ‖ is {ranks}."
    )
    return Finding(
        "Where does consensus fail?", text, "plain", {"families": found.sizes["row"]} | correlated(*over.values())
    )
