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


def _each(means: xr.Dataset, name: str, text=number) -> str:
    return ", ".join(f"{label} {ci_text(means[name].sel(setting=label), text)}" for label in means["setting"].values)


def _error(trained: xr.Dataset) -> Finding:
    """Whether more steps have smaller errors."""
    first, last = (str(trained["setting"].values[i]) for i in (0, -1))
    difference = trained["test"].sel(setting=last) / trained["test"].sel(setting=first) - 1
    _, low, high = interval(difference, "mean")
    fallen = 1 - PUBLISHED[10] / PUBLISHED[0]
    sure = "falls" if high < 0 else "rises" if low > 0 else "does not clearly change"
    text = (
        f"From {first} to {last} the error of held-out images {sure}, by {ci_text(difference, _signed, 'mean')} seed "
        f"by seed. The published error, of training images, falls from {exact(PUBLISHED[0])} at K = 0 to "
        f"{exact(PUBLISHED[10])} at K = 10, by {percent(fallen)}, on CIFAR-10."
    )
    numbers = {"error": spread(trained["test"]), "change": interval(difference, "mean")}
    published = {
        "published": [PUBLISHED[0], PUBLISHED[10]], "published change": fallen, "images": "CIFAR-10",
        "published at": ["K = 0", "K = 10"],
    }  # fmt: skip
    return Finding("Does K help?", text, "good" if high < 0 else "plain", numbers | published)


def _signed(share: float) -> str:
    return change(share, percent)


def _held_out(trained: xr.Dataset) -> Finding:
    """Whether training images are easier."""
    ratio = (trained["test"] / trained["train"] - 1).assign_coords(setting=trained["setting"])
    parts = ", ".join(f"{label} {ci_text(ratio.sel(setting=label), _signed)}" for label in ratio["setting"].values)
    text = f"Their error compared with that of training images: {parts}."
    return Finding("Held-out images", text, "plain", {"change": spread(ratio)})


def _price(means: xr.Dataset, trained: xr.Dataset) -> Finding:
    """Where the z lie."""
    each = _each(means, "excess")
    text = f"log N(z; 0, I) of the median image's z, in standard deviations from what draws of the prior have: {each}."
    return Finding("Was that z likely?", text, "plain", {"excess": spread(means["excess"]), "density": "N(z; 0, I)"})


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
        f"In closed form the identity has {known}, one for each σ."
    )
    errors = {"error": interval(own), "least": least}
    found = errors | {"place, of, its own, best": numbers, "σ": dataset["std"].values, "exact": dataset.attrs["exact"]}
    return Finding("The identity", text, "bad" if wins else "good", found)


def _search(trained: xr.Dataset) -> Finding:
    """How far the searches can be trusted."""
    ranks, ratio = rank_correlation(trained["test"], trained["second"]), trained["second"] / trained["test"]
    text = (
        f"Converged: {_each(trained, 'converged', percent)}. Of an image's searches "
        f"{_each(trained, 'agreeing', percent)} end within a tenth of the best. Adam's errors are "
        f"{ci_text(ratio)} times those of L-BFGS, and rank the runs with a "
        f"correlation of {ranks}."
    )
    shares = {name: spread(trained[name]) for name in ("converged", "agreeing")}
    return Finding("The searches", text, "plain", shares | {"ratio": interval(ratio)} | correlated(ranks))


def _smooth(trained: xr.Dataset) -> Finding:
    """The reviewer's rival explanation."""
    ranks = rank_correlation(trained["test"], trained["frobenius"])
    text = (
        f"‖∂G/∂z‖: {_each(trained, 'frobenius')}. Over all {trained['test'].size} trained generators its rank "
        f"correlation with the error is {ranks}."
    )
    numbers = {"frobenius": spread(trained["frobenius"]), "generators": trained["test"].size}
    return Finding("Smoothness", text, "plain", numbers | correlated(ranks))


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
