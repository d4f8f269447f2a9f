"""The page of the study `inversion`."""

import xarray as xr

from saddlery.analysis.numbers import number, percent
from saddlery.plots.dots import dots
from saddlery.plots.style import tint
from saddlery.report.sections import Content, Section
from saddlery.report.sheet import Sheet, median_seed, sheet
from saddlery.report.tables import Column, table
from saddlery.studies.inversion.experiment import PUBLISHED
from saddlery.studies.inversion.figures import likelihoods, smoothness
from saddlery.studies.inversion.findings import averaged


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
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
            "Inversion error, density of z and likelihood",
            "Medians over seeds, each a mean over images (of the density a median), beneath them 95% intervals of "
            "order statistics where there are five seeds or more. Errors are mean squared, of pixels in [-1, 1]. "
            "Published: Metz et al. (2017) on CIFAR-10's training images, with other networks and pixels of another "
            "range, so that only their order compares. "
            "The density is in standard deviations from what draws of the prior have: far below 0 is z that the "
            "generator hardly ever gets, far above is z nearer to 0 than any draw. log p(x) is of held-out images "
            "under noise of deviation σ on each pixel, by annealed importance sampling, a lower bound in expectation.",
            table(means, quality(dataset), references, ("Generator", "trained with this K, or a control")),
            [dots(means, ("train", "test"), ("training images", "held-out images"), "Least error", "error")],
        ),
        Section(
            "Convergence of the search and Jacobian norms",
            "A search has converged when its gradient's norm is at most "
            f"{attrs['tolerance']:g}. It agrees when it ends within a tenth of the least error of its image's "
            "searches. ‖∂G/∂z‖ is in Frobenius norm, median over points, and the largest singular value.",
            table(means, HARDNESS, first=("Generator", "")),
            [smoothness(means)],
        ),
        Section("Log-likelihood of held-out images", pictures=[likelihoods(means, dataset)]),
        Section(
            "Target images and their inversions",
            "Above training images, below held-out ones; of each generator its median seed by the error on held-out "
            "images.",
            sheets=found(dataset, means),
        ),
        Section("Samples", "Fresh samples of the same generators.", sheets=made(dataset, means)),
    ]
    return Content(extent, sections)


def quality(dataset: xr.Dataset) -> list[Column]:
    """The columns of the table of errors and likelihoods."""
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


def found(dataset: xr.Dataset, means: xr.Dataset) -> list[Sheet]:
    """Sheets of the target images and what each generator made of them."""
    shape = dataset["sought"].shape[2:]
    sheets = [sheet("sought", dataset["sought"].values.reshape(-1, *shape))]
    for i, label in enumerate(means["setting"].values):
        seed = median_seed(means["test"].sel(setting=label).values)
        images = dataset["reconstructed"].sel(generator=label).isel(seed=seed).values.reshape(-1, *shape)
        error = float(means["test"].sel(setting=label).isel(seed=seed))
        sheets.append(sheet(str(label), images, f"error {number(error)}", tint(means, i)))
    return sheets


def made(dataset: xr.Dataset, means: xr.Dataset) -> list[Sheet]:
    """Sheets of each generator's samples."""
    return [
        sheet(
            str(label),
            dataset["made"].sel(generator=label).isel(seed=median_seed(means["test"].sel(setting=label).values)).values,
            "",
            tint(means, i),
        )
        for i, label in enumerate(means["setting"].values)
    ]
