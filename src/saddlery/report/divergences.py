"""The study `divergences` as one HTML page and its figures."""

import os
from pathlib import Path

import xarray as xr

from saddlery.analysis.facts import arrays
from saddlery.report import crossed, images
from saddlery.report.images import Section, diverged
from saddlery.report.words import Finding


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/divergences-*`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.divergences.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    found = crossed.best(dataset)
    rates = sorted({f"{rate:g}" for rate in dataset["learning_rate"].values}, key=float)
    extent = (
        f"{found.sizes['row']} losses, {found.sizes['column']} methods, learning rates {', '.join(rates)}, "
        f"{found.sizes['seed']} seeds, {int(dataset['step'].values[-1]):,} steps."
    )
    how = (
        "Each seed at the learning rate that the other half of the seeds finds best; medians over seeds, beneath them "
        "bootstrap intervals of 95%. A run that diverged counts as it was before training."
    )
    sections = [
        Section(
            "Loss by method",
            "Framed: at least half of the seeds come close to a perfect sampler.",
            pictures=[crossed.map_of(found, measure, "loss") for measure in (crossed.DISTANCE, crossed.FRECHET)],
        ),
        Section("Sliced Wasserstein distance", how, crossed.table(found, crossed.DISTANCE, "Loss")),
        Section("Fréchet distance of features", how, crossed.table(found, crossed.FRECHET, "Loss")),
        Section("Coverage", how, crossed.table(found, crossed.COVERAGE, "Loss")),
        Section("Learning rates that work", "", crossed.rates(dataset, found, "Loss")),
        Section("Samples", sheets=crossed.sheets(found, arrays(dataset, "real")[0][1])),
    ]
    told = [*crossed.findings(found, "loss"), *_lost(dataset), *_zero_sum(found)]
    return images.write("divergences", dataset, folder, extent, told, sections)


ZERO_SUM = ("minimax", "tv", "wasserstein", "f_kl", "f_reverse_kl", "f_pearson", "f_hellinger", "f_js")


def _zero_sum(found: xr.Dataset) -> list[Finding]:
    """Whether methods help losses that are no zero-sum game as well."""
    groups = {
        "zero-sum": [row for row in found["row"].values if row in ZERO_SUM],
        "not zero-sum": [row for row in found["row"].values if row not in ZERO_SUM],
    }
    parts = []
    for kind, rows in groups.items():
        if rows:
            told = crossed.means(found.sel(row=rows))
            parts.append(f"of the {len(rows)} that are {kind}, {told}")
    text = f"Distance over that of {crossed.BASELINE} descent, geometric mean over losses: {'; '.join(parts)}."
    return [Finding("Zero-sum or not", text, "plain")]


def _lost(dataset: xr.Dataset) -> list[Finding]:
    """How many runs of each loss diverged, all methods and learning rates together."""
    if not diverged(dataset):
        return []
    lost = (dataset["diverged_at"] >= 0).groupby("row").sum(("setting", "seed"))
    parts = [f"{row} {int(lost.sel(row=row))}" for row in lost["row"].values if int(lost.sel(row=row))]
    total = dataset.sizes["setting"] * dataset.sizes["seed"]
    return [Finding("Diverged", f"Of {total} runs, by loss: {', '.join(parts)}.", "bad")]
