"""Findings of the study `inversion`."""

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import change, correlated, exact, number, percent, rank_correlation
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.controls import generators
from saddlery.studies.inversion.experiment import PUBLISHED

CONTROLS = ("untrained", "identity")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    means = averaged(dataset)
    trained = means.isel(setting=[name not in CONTROLS for name in means["setting"].values])
    return [
        _error(trained),
        _held_out(trained),
        _price(means, trained),
        _identity(dataset, means, trained),
        _search(trained),
        _smooth(trained),
        *diverged(dataset),
    ]


def _error(trained: xr.Dataset) -> Finding:
    """Whether more steps have smaller errors."""
    first, last = (str(trained["setting"].values[i]) for i in (0, -1))
    difference = trained["test"].sel(setting=last) / trained["test"].sel(setting=first) - 1
    found = interval(difference, "mean")
    fallen = 1 - PUBLISHED[10] / PUBLISHED[0]
    sure = {-1: "falls", 1: "rises", 0: "is not told apart"}[found.sign]
    mean = ci_text(difference, _signed, "mean")
    text = (
        f"From {first} to {last} the error of held-out images {sure}, mean change {mean} seed by seed. The published "
        f"error, of training images, falls from {exact(PUBLISHED[0])} at K = 0 to "
        f"{exact(PUBLISHED[10])} at K = 10, by {percent(fallen)}, on CIFAR-10."
    )
    numbers = {"error": spread(trained["test"]), "change": found}
    published = {
        "published": [PUBLISHED[0], PUBLISHED[10]], "published change": fallen, "images": "CIFAR-10",
        "published at": ["K = 0", "K = 10"],
    }  # fmt: skip
    return Finding("Does K help?", text, "good" if found.sign < 0 else "plain", numbers | published)


def _signed(share: float) -> str:
    return change(share, percent)


def _held_out(trained: xr.Dataset) -> Finding:
    """Whether training images are easier."""
    ratio = (trained["test"] / trained["train"] - 1).assign_coords(setting=trained["setting"])
    words = {1: "larger than", -1: "smaller than", 0: "not told apart from"}
    text = f"Their error is {_told(ratio, words, 'that of training images')}, by the mean over seeds."
    return Finding("Held-out images", text, "plain", {"change": spread(ratio, "mean")})


def _price(means: xr.Dataset, trained: xr.Dataset) -> Finding:
    """Where the z lie."""
    words = {1: "higher than", -1: "lower than", 0: "not told apart from"}
    text = f"log N(z; 0, I) of the median image's z is {_told(means['excess'], words, 'that of draws of the prior')}."
    return Finding("Was that z likely?", text, "plain", {"excess": spread(means["excess"]), "density": "N(z; 0, I)"})


def _told(values: xr.DataArray, words: dict[int, str], beside: str) -> str:
    """Of which settings the mean over seeds is above zero, below it, or neither, by Student's interval, in words."""
    groups: dict[int, list[str]] = {}
    for label, row in zip(values["setting"].values, values.transpose("setting", "seed").values, strict=True):
        groups.setdefault(interval(row, "mean").sign, []).append(str(label))
    return "; ".join(f"{words[sign]} {beside} of {', '.join(groups[sign])}" for sign in words if sign in groups)


def _identity(dataset: xr.Dataset, means: xr.Dataset, trained: xr.Dataset) -> Finding:
    """What the control wins and what not."""
    own, least = means["test"].sel(setting="identity"), float(trained["test"].median("seed").min())
    error, smaller = ci_text(own), float(own.median("seed")) < least
    parts, wins, numbers = [], False, []
    names = {f"likelihood{i}": f"at σ = {exact(std)}" for i, std in enumerate(dataset["std"].values)}
    for name, words in {**names, "likelihood": "each at its best σ"}.items():
        at = means[name].median("seed")
        order = [str(label) for label in at["setting"].values[np.argsort(-at.values)]]
        wins = order[0] == "identity"  # what counts is the last, at which each generator is at its best
        rest = "" if wins else f", the best is {order[0]} with {number(float(at.max()))}"
        place, nats = order.index("identity") + 1, float(at.sel(setting="identity"))
        numbers += [place, len(order), nats, float(at.max())]
        parts.append(f"{words} it is number {place} of {len(order)} with {number(nats)} nats{rest}")
    known = ", ".join(number(float(value)) for value in dataset.attrs["exact"])
    text = (
        f"It makes every image with an error of {error}, where the best trained generators have {number(least)}: by "
        f"the error alone it {'wins' if smaller else 'does not win'}. By the likelihood {'; '.join(parts)}. "
        f"Places are by medians over seeds, untested. In closed form the identity has {known}, one for each σ."
    )
    errors = {"error": interval(own), "least": least}
    found = errors | {"place, of, its own, best": numbers, "σ": dataset["std"].values, "exact": dataset.attrs["exact"]}
    return Finding("The identity", text, "bad" if wins else "good", found)


def _search(trained: xr.Dataset) -> Finding:
    """How far the searches can be trusted."""
    ranks, ratio = rank_correlation(trained["test"], trained["second"]), trained["second"] / trained["test"]
    ends = {name: trained[name].median("seed") for name in ("converged", "agreeing")}
    converged, agreeing = ([float(each.min()), float(each.max())] for each in ends.values())
    times = float(ratio.median())
    text = (
        f"Of searches by L-BFGS {percent(converged[0])} to {percent(converged[1])} converged, by K, medians over "
        f"seeds, and {percent(agreeing[0])} to {percent(agreeing[1])} end within a tenth of the best of their image. "
        f"Adam's errors are {number(times)} times as large, the median over all, and rank the runs with a correlation "
        f"of {ranks}."
    )
    numbers = {"converged": converged, "agreeing": agreeing, "ratio": times}
    return Finding("The searches", text, "plain", numbers | correlated(ranks))


def _smooth(trained: xr.Dataset) -> Finding:
    """The reviewer's rival explanation."""
    ranks = rank_correlation(trained["test"], trained["frobenius"])
    text = (
        f"Over all {trained['test'].size} trained generators the rank correlation of ‖∂G/∂z‖ with the error is {ranks}."
    )
    return Finding("Smoothness", text, "plain", {"generators": trained["test"].size} | correlated(ranks))


def averaged(dataset: xr.Dataset) -> xr.Dataset:
    """The measures of each generator, (`setting`, `seed`), means over images or medians over points."""
    alone = generators(dataset)
    values = {
        "train": alone["error"].sel(split="train").mean("image"),
        "test": alone["error"].sel(split="test").mean("image"),
        "second": alone["second_error"].sel(split="test").mean("image"),
        "excess": alone["excess"].sel(split="test").median("image"),
        "converged": alone["converged"].mean(("split", "image", "restart")),
        "second_converged": alone["second_converged"].mean(("split", "image", "restart")),
        "iterations": alone["iterations"].median(("split", "image", "restart")),
        "agreeing": alone["agreeing"].mean(("split", "image", "restart")),
        "frobenius": alone["frobenius"].median("point"),
        "spectral": alone["spectral"].median("point"),
        "frobenius_found": alone["frobenius_found"].sel(split="test").median("image"),
        "effective": alone["effective"].median(("std", "likely")),
    }
    for i, std in enumerate(dataset["std"].values):
        values[f"likelihood{i}"] = alone["likelihood"].isel(std=i).mean("likely").assign_attrs(std=float(std))
    values["likelihood"] = alone["likelihood"].mean("likely").max("std")
    return xr.Dataset({name: value.drop_vars(["split", "std"], errors="ignore") for name, value in values.items()})
