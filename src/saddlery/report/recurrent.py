"""The study `recurrent` as one HTML page and its figures."""

import os
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number, percent
from saddlery.report import images
from saddlery.report.images import Column, Section, told
from saddlery.report.style import GREY, INK, RULE, Picture, canvas, dress, render
from saddlery.report.words import Finding
from saddlery.studies.recurrent import PAIRS, SURE

COLUMNS = (
    Column("pixels", "Distance, pixels", "median Euclidean distance of two samples", number),
    Column("features", "Distance, features", "median distance of two samples' features in the classifier", number),
    Column(
        "support",
        "Support",
        "different samples by the birthday paradox; ∞ when no two of them were closer than the closest real ones",
        lambda value: "∞" if np.isinf(value) else number(value),
    ),
    Column("found", "Digits found", "of 10, with at least one sample in a hundred", number),
    Column("model_kl", "KL(model‖uniform)", "of the histogram over digits, in nats, at most log 10", number),
    Column("sure", "Sure", f"digits of which the classifier is sure with more than {SURE:.0%}", percent),
    Column("frechet", "Fréchet distance", "of the classifier's features from real ones'", number),
)


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html`, and `recurrent-*` below `folder/figures`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.recurrent.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    samples = dataset.attrs["samples_found"]
    sections = [
        Section(
            "In numbers",
            f"Medians over seeds, beneath them their bootstrap intervals of 95%. {samples:,} samples, all pairs of "
            f"{PAIRS} of them. Digits are told by a classifier that is right about "
            f"{percent(dataset.attrs['accuracy'])} of held-out ones. Controls: real images, one image repeated, "
            "noise whose pixels are each distributed as in the data, and an untrained generator.",
            images.table(dataset, COLUMNS, images.controls(dataset, COLUMNS)),
        ),
        Section(
            "How far samples are from each other",
            "Distances of pairs in pixels, all seeds together. A generator that repeats itself has its distances "
            "near zero.",
            pictures=[distances(dataset)],
        ),
        Section("Samples", "All seeds, at the last step.", sheets=every(dataset)),
    ]
    extent = (
        f"{' and '.join(map(str, dataset['setting'].values))}; {dataset.sizes['seed']} seeds each, "
        f"{dataset.attrs['steps']:,} steps, {samples:,} samples."
    )
    return images.write("recurrent", dataset, folder, extent, findings(dataset), sections)


def every(dataset: xr.Dataset) -> list[images.Sheet]:
    """Real images, and samples of every seed."""
    made = [images.sheet("real", facts.arrays(dataset, "real")[0][1], "from the data")]
    for i, name in enumerate(dataset["setting"].values):
        for seed in range(dataset.sizes["seed"]):
            drawn = dataset["samples"].isel(setting=i, seed=seed, step=-1).values
            made.append(images.sheet(str(name), drawn, f"seed {seed}", images.tint(dataset, i)))
    return made


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words."""
    names = [str(name) for name in dataset["setting"].values]
    real, noise = (dataset.sel(control=name) for name in ("real images", "noise of the same pixels"))
    out = []
    for subject, name, what in (
        ("Collapse, in pixels", "pixels", "Median distance of two samples"),
        ("Collapse, in features", "features", "Median distance of two samples' features"),
    ):
        parts = ", ".join(f"{label} {told(dataset[name].isel(setting=i))}" for i, label in enumerate(names))
        text = f"{what}: {parts}; of real images {number(float(real[f'control_{name}']))}, of noise of the same pixels "
        text += f"{number(float(noise[f'control_{name}']))}. {compared(dataset, name)}."
        out.append(Finding(subject, text, "plain"))
    parts = ", ".join(f"{label} {told(dataset['found'].isel(setting=i))}" for i, label in enumerate(names))
    sure = ", ".join(f"{label} {told(dataset['sure'].isel(setting=i), percent)}" for i, label in enumerate(names))
    text = (
        f"{parts}, each in at least one sample in a hundred. The classifier is sure of these shares of the samples: "
        f"{sure}, of real images {percent(float(real['control_sure']))}."
    )
    out.append(Finding("Digits found", text, "plain"))
    parts = ", ".join(f"{label} {told(dataset['frechet'].isel(setting=i))}" for i, label in enumerate(names))
    text = f"Fréchet distance of features: {parts}; of real images {number(float(real['control_frechet']))}, of noise "
    text += f"{number(float(noise['control_frechet']))}. {compared(dataset, 'frechet')}."
    return [*out, Finding("Quality", text, "plain"), *images.diverged(dataset)]


def compared(dataset: xr.Dataset, name: str) -> str:
    """Whether the first and the last setting differ in a measure, by their intervals."""
    first, last = (interval(dataset[name].isel(setting=i)) for i in (0, -1))
    names = [str(dataset["setting"].values[i]) for i in (0, -1)]
    if last[1] > first[2] or last[2] < first[1]:
        return f"It is {'larger' if last[0] > first[0] else 'smaller'} under {names[1]} than under {names[0]}"
    return f"The intervals of {names[0]} and {names[1]} overlap"


def distances(dataset: xr.Dataset) -> Picture:
    """Histograms of the distances of pairs, beside those of the controls."""
    figure = canvas(9.4, 3.1, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    lines = [
        (str(name), images.tint(dataset, i), "-", dataset["distances"].isel(setting=i).values.ravel())
        for i, name in enumerate(dataset["setting"].values)
    ]
    strokes = {"real images": INK, "noise of the same pixels": GREY}
    lines += [
        (name, tint, "--", dataset["control_distances"].sel(control=name).values) for name, tint in strokes.items()
    ]
    bins = np.linspace(0, max(np.nanmax(values) for *_, values in lines), 60)
    for name, tint, stroke, values in lines:
        density, _ = np.histogram(values[np.isfinite(values)], bins, density=True)
        axes.plot((bins[1:] + bins[:-1]) / 2, density, color=tint, ls=stroke, lw=1.6, label=name)
    axes.set_xlabel("distance of two samples (pixels in [−1, 1])", fontsize=8, color=INK)
    axes.set_ylabel("density", fontsize=8, color=INK)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    medians = ", ".join(f"{name} {number(float(np.nanmedian(values)))}" for name, *_, values in lines)
    return render(figure, "distances", f"Densities of the distances of pairs. Medians: {medians}.")
