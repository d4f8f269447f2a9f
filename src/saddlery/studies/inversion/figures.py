"""Figures of the study `inversion`: errors beside smoothness, and likelihoods."""

import xarray as xr

from saddlery.analysis.intervals import ci_text
from saddlery.plots.dots import dots
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK, canvas, dress, logarithmic, tint


def smoothness(means: xr.Dataset) -> Picture:
    """The inversion error of every generator against its smoothness, the norm of its Jacobian."""
    figure = canvas(6.4, 3.6, layout="constrained")
    axes = dress(figure.add_subplot())
    shown = [name for name in means["setting"].values if name != "identity"]
    marks = dict(zip(shown, "os^Dx+*v", strict=False))
    for i, label in enumerate(means["setting"].values):
        if label in marks:
            one = means.isel(setting=i)
            axes.plot(one["frobenius"], one["test"], marks[label], color=tint(means, i), ms=6, ls="", label=label)
    logarithmic(axes)
    axes.set_xlabel("‖∂G/∂z‖ (Frobenius, median over the prior)", fontsize=8, color=INK)
    axes.set_ylabel("error, held-out images", fontsize=8, color=INK)
    axes.set_title("Errors and smoothness, a mark for each seed", fontsize=9.5, weight="bold", color=INK, loc="left")
    axes.legend(fontsize=7.5, frameon=False)
    words = ", ".join(
        f"{label} {ci_text(means['frobenius'].sel(setting=label))} and {ci_text(means['test'].sel(setting=label))}"
        for label in marks
    )
    return render(figure, "smoothness", f"Norm of the Jacobian and error of every generator: {words}.")


def likelihoods(means: xr.Dataset, dataset: xr.Dataset) -> Picture:
    """The log-likelihood of images under every generator at each σ."""
    names = [f"likelihood{i}" for i in range(dataset.sizes["std"])]
    titles = [f"σ = {std:g}" for std in dataset["std"].values]
    return dots(means, names, titles, "Log-likelihood of held-out images", "nats")
