"""The page of the study `recurrent`."""

import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.numbers import number, percent
from saddlery.plots.style import tint
from saddlery.report.sections import Content, Section
from saddlery.report.sheet import Sheet, sheet
from saddlery.report.tables import Column, controls, legend, table
from saddlery.studies.recurrent.experiment import PAIRS, SURE
from saddlery.studies.recurrent.figures import distances

COLUMNS = (
    Column("pixels", "Distance, pixels", "median Euclidean distance of two samples", number, "geometric mean"),
    Column(
        "features",
        "Distance, features",
        "median distance of two samples' features in the classifier",
        number,
        "geometric mean",
    ),
    Column(
        "support",
        "Support",
        "different samples by the birthday paradox; ∞ when no two of them were closer than the closest real ones",
    ),
    Column("found", "Digits found", "of 10, with at least one sample in a hundred", number),
    Column("model_kl", "KL(model‖uniform)", "of the histogram over digits, in nats, at most log 10", number),
    Column("sure", "Sure", f"digits of which the classifier is sure with more than {SURE:.0%}", percent),
    Column("frechet", "Fréchet distance", "of the classifier's features from real ones'", number, "geometric mean"),
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    samples = dataset.attrs["samples_found"]
    sections = [
        Section(
            "Diversity of samples and digits found",
            f"{legend(COLUMNS)} {samples:,} samples, all pairs of "
            f"{PAIRS} of them. Digits are told by a classifier that is right about "
            f"{percent(dataset.attrs['accuracy'])} of held-out ones. Controls: real images, one image repeated, "
            "noise whose pixels are each distributed as in the data, and an untrained generator.",
            table(dataset, COLUMNS, controls(dataset, COLUMNS)),
        ),
        Section(
            "Pairwise distances of samples",
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
    return Content(extent, sections)


def every(dataset: xr.Dataset) -> list[Sheet]:
    """Sheets of real images, and of samples of every seed."""
    made = [sheet("real", facts.arrays(dataset, "real")[0][1], "from the data")]
    for i, name in enumerate(dataset["setting"].values):
        for seed in range(dataset.sizes["seed"]):
            drawn = dataset["samples"].isel(setting=i, seed=seed, step=-1).values
            made.append(sheet(str(name), drawn, f"seed {seed}", tint(dataset, i)))
    return made
