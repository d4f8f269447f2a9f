"""The study `inversion` as one HTML page and its figures."""

import os
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import correlation, number, percent
from saddlery.report import images
from saddlery.report.figures.dots import dots
from saddlery.report.images import Column, Section, Sheet, diverged, sheet, table, told
from saddlery.report.style import INK, Picture, canvas, colour, dress, logarithmic, render
from saddlery.report.words import Finding
from saddlery.studies.controls import generators
from saddlery.studies.inversion import PUBLISHED

CONTROLS = ("untrained", "identity")


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/inversion-*`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.inversion.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    means = averaged(dataset)
    attrs = dataset.attrs
    extent = (
        f"{dataset.sizes['setting']} values of K and two controls, {dataset.sizes['seed']} seeds each; "
        f"{attrs['images']} training and as many held-out images of {attrs['pixels']} numbers, z of {attrs['latent']}, "
        f"{attrs['restarts']} searches for each image."
    )
    references = {f"published, K = {k}": {"train": value} for k, value in PUBLISHED.items()}
    sections = [
        Section(
            "How well, and at what price",
            "Medians over seeds, each a mean over images (of the density a median), beneath them bootstrap intervals "
            "of 95%. Errors are mean squared, of pixels in [-1, 1]. Published: Metz et al. (2017) on CIFAR-10's "
            "training images, with other networks and pixels of another range, so that only their order compares. "
            "The density is in standard deviations from what draws of the prior have: far below 0 is z that the "
            "generator hardly ever gets, far above is z nearer to 0 than any draw. log p(x) is of held-out images "
            "under noise of deviation σ on each pixel, by annealed importance sampling, a lower bound in expectation.",
            table(means, quality(dataset), references, ("Generator", "trained with K unrolled steps, or a control")),
            [dots(means, ("train", "test"), ("training images", "held-out images"), "Least error", "error")],
        ),
        Section(
            "Was the search hard?",
            "A search has converged when its gradient's norm is at most "
            f"{attrs['tolerance']:g}. It agrees when it ends within a tenth of the least error of its image's "
            "searches. ‖∂G/∂z‖ is in Frobenius norm, median over points, and the largest singular value.",
            table(means, HARDNESS, first=("Generator", "")),
            [smoothness(means)],
        ),
        Section("The likelihood", pictures=[likelihoods(means, dataset)]),
        Section(
            "Images sought and found",
            "Above training images, below held-out ones; of each generator its median seed by the error on held-out "
            "images.",
            sheets=found(dataset, means),
        ),
        Section("Samples", "Fresh samples of the same generators.", sheets=made(dataset, means)),
    ]
    return images.write("inversion", dataset, folder, extent, findings(dataset), sections)


def averaged(dataset: xr.Dataset) -> xr.Dataset:
    """Each generator's measures, (`setting`, `seed`), means over images or medians over points."""
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


def quality(dataset: xr.Dataset) -> list[Column]:
    """The columns of the first table."""
    likely = [
        Column(f"likelihood{i}", f"log p(x), σ = {std:g}", "of held-out images, nats")
        for i, std in enumerate(dataset["std"].values)
    ]
    return [
        Column("train", "Error, training", "of the best z by L-BFGS, training images"),
        Column("test", "Error, held out", "of the best z by L-BFGS, held-out images"),
        Column("second", "Error by Adam", "of the best z by the second optimiser, held-out images"),
        Column("excess", "Density of z", "log N(z; 0, I) of the best z, in deviations from the prior's draws, median"),
        *likely,
        Column("likelihood", "log p(x), best σ", "the greatest of these, each seed at its own σ"),
    ]


HARDNESS = [
    Column("converged", "Converged", "share of the searches by L-BFGS", percent),
    Column("iterations", "Length", "steps of L-BFGS, median"),
    Column("agreeing", "Agree", "share of the searches that end within a tenth of the least error", percent),
    Column("second_converged", "Converged, Adam", "share of the searches by Adam", percent),
    Column("frobenius", "‖∂G/∂z‖", "Frobenius norm at draws of the prior"),
    Column("spectral", "Largest", "singular value of ∂G/∂z at draws of the prior"),
    Column("frobenius_found", "‖∂G/∂z‖ there", "Frobenius norm at the z found for held-out images"),
    Column("effective", "Chains", "effective number of chains of log p(x)"),
]


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data."""
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
    return ", ".join(f"{label} {told(means[name].sel(setting=label), text)}" for label in means["setting"].values)


def _error(trained: xr.Dataset) -> Finding:
    """Whether more steps have smaller errors."""
    first, last = (str(trained["setting"].values[i]) for i in (0, -1))
    change = trained["test"].sel(setting=last) / trained["test"].sel(setting=first) - 1
    _, low, high = interval(change)
    sure = "falls" if high < 0 else "rises" if low > 0 else "does not clearly change"
    text = (
        f"On held-out images: {_each(trained, 'test')}. From {first} to {last} the error {sure}, by "
        f"{told(change, _signed)} seed by seed. The published error falls from {PUBLISHED[0]} to {PUBLISHED[10]}, "
        f"by {percent(1 - PUBLISHED[10] / PUBLISHED[0])}, on CIFAR-10."
    )
    return Finding("Does K help?", text, "good" if high < 0 else "plain")


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{percent(abs(share))}"


def _held_out(trained: xr.Dataset) -> Finding:
    """Whether training images are easier."""
    ratio = (trained["test"] / trained["train"] - 1).assign_coords(setting=trained["setting"])
    parts = ", ".join(f"{label} {told(ratio.sel(setting=label), _signed)}" for label in ratio["setting"].values)
    return Finding("Held-out images", f"Their error compared with that of training images: {parts}.", "plain")


def _price(means: xr.Dataset, trained: xr.Dataset) -> Finding:
    """Where the z lie."""
    each = _each(means, "excess")
    text = f"log N(z; 0, I) of the median image's z, in standard deviations from what draws of the prior have: {each}."
    return Finding("Was that z likely?", text, "plain")


def _identity(dataset: xr.Dataset, means: xr.Dataset, trained: xr.Dataset) -> Finding:
    """What the control wins and what not."""
    error, least = told(means["test"].sel(setting="identity")), float(trained["test"].median("seed").min())
    parts, wins = [], False
    names = {f"likelihood{i}": f"at σ = {std:g}" for i, std in enumerate(dataset["std"].values)}
    for name, words in {**names, "likelihood": "each at its best σ"}.items():
        at = means[name].median("seed")
        order = [str(label) for label in at["setting"].values[np.argsort(-at.values)]]
        wins = order[0] == "identity"  # what counts is the last, at which each generator is at its best
        rest = "" if wins else f", the best is {order[0]} with {number(float(at.max()))}"
        own = number(float(at.sel(setting="identity")))
        parts.append(f"{words} it is number {order.index('identity') + 1} of {len(order)} with {own} nats{rest}")
    exact = ", ".join(number(float(value)) for value in dataset.attrs["exact"])
    text = (
        f"It makes every image with an error of {error}, where the best trained generators have {number(least)}: by "
        f"the error alone it wins. By the likelihood {'; '.join(parts)}. "
        f"In closed form the identity has {exact}, one for each σ."
    )
    return Finding("The identity", text, "bad" if wins else "good")


def _search(trained: xr.Dataset) -> Finding:
    """How far the searches can be trusted."""
    ranks = correlation(trained["test"], trained["second"])
    text = (
        f"Converged: {_each(trained, 'converged', percent)}. Of an image's searches "
        f"{_each(trained, 'agreeing', percent)} end within a tenth of the best. Adam's errors are "
        f"{told(trained['second'] / trained['test'])} times those of L-BFGS, and rank the runs with a "
        f"correlation of {ranks}."
    )
    return Finding("The searches", text, "plain")


def _smooth(trained: xr.Dataset) -> Finding:
    """The reviewer's rival explanation."""
    text = (
        f"‖∂G/∂z‖: {_each(trained, 'frobenius')}. Over all {trained['test'].size} trained generators its rank "
        f"correlation with the error is {correlation(trained['test'], trained['frobenius'])}."
    )
    return Finding("Smoothness", text, "plain")


def smoothness(means: xr.Dataset) -> Picture:
    """Every generator's error against its steepness."""
    figure = canvas(6.4, 3.6, layout="constrained")
    axes = dress(figure.add_subplot())
    shown = [name for name in means["setting"].values if name != "identity"]
    marks = dict(zip(shown, "os^Dx+*v", strict=False))
    for label, mark in marks.items():
        one = means.sel(setting=label)
        tint = colour(str(one["method"].values))
        axes.plot(one["frobenius"], one["test"], mark, color=tint, ms=6, ls="", label=label)
    logarithmic(axes)
    axes.set_xlabel("‖∂G/∂z‖ (Frobenius, median over the prior)", fontsize=8, color=INK)
    axes.set_ylabel("error, held-out images", fontsize=8, color=INK)
    axes.set_title("Errors and smoothness, a mark for each seed", fontsize=9.5, weight="bold", color=INK, loc="left")
    axes.legend(fontsize=7.5, frameon=False)
    words = ", ".join(
        f"{label} {told(means['frobenius'].sel(setting=label))} and {told(means['test'].sel(setting=label))}"
        for label in marks
    )
    return render(figure, "smoothness", f"Norm of the Jacobian and error of every generator: {words}.")


def likelihoods(means: xr.Dataset, dataset: xr.Dataset) -> Picture:
    """log p(x) of every generator at each σ."""
    names = [f"likelihood{i}" for i in range(dataset.sizes["std"])]
    titles = [f"σ = {std:g}" for std in dataset["std"].values]
    return dots(means, names, titles, "Log-likelihood of held-out images", "nats")


def _median_seed(means: xr.Dataset, label: str) -> int:
    values = means["test"].sel(setting=label).values
    return int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])


def found(dataset: xr.Dataset, means: xr.Dataset) -> list[Sheet]:
    """The images sought and what each generator made of them."""
    shape = dataset["sought"].shape[2:]
    sheets = [sheet("sought", dataset["sought"].values.reshape(-1, *shape))]
    for label in dataset["generator"].values:
        seed = _median_seed(means, label)
        images = dataset["reconstructed"].sel(generator=label).isel(seed=seed).values.reshape(-1, *shape)
        error = float(means["test"].sel(setting=label).isel(seed=seed))
        kind = str(dataset["kind"].sel(generator=label).values)
        sheets.append(sheet(str(label), images, f"error {number(error)}", colour(kind)))
    return sheets


def made(dataset: xr.Dataset, means: xr.Dataset) -> list[Sheet]:
    """Samples of each generator."""
    return [
        sheet(
            str(label),
            dataset["made"].sel(generator=label).isel(seed=_median_seed(means, label)).values,
            "",
            colour(str(dataset["kind"].sel(generator=label).values)),
        )
        for label in dataset["generator"].values
    ]
