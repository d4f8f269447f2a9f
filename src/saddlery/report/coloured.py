"""The study `coloured` as one HTML page and its figures."""

import os
from pathlib import Path

import xarray as xr

from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number, percent
from saddlery.report import images
from saddlery.report.depths import depths, depths_of, unrolled
from saddlery.report.images import Column, Section, Table, told
from saddlery.report.style import INK, RULE, Picture, canvas, dress, render
from saddlery.report.words import Finding
from saddlery.studies.coloured import BINS, FRACTIONS
from saddlery.studies.depths import SIZES

COLUMNS = (
    Column("js", "Divergence of colours", "Jensen–Shannon, in nats, at most log 2", number),
    Column("cells", "Colours found", f"of the {BINS**3} cubes of colours, with at least one sample", number),
    Column("spread", "Spread", "standard deviation of the colours as a share of the data's", percent),
)


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html`, and `coloured-*` below `folder/figures`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.coloured.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    samples = dataset.attrs["samples_found"]
    sections = [
        Section(
            "In numbers",
            f"Medians over seeds, beneath them their bootstrap intervals of 95%, of {samples:,} samples against as "
            "many real ones. An image's colour is that of its brightest pixel. A perfect sampler's divergence is not "
            "zero, as histograms of samples differ. Controls: real images, one image repeated, and an "
            "untrained generator.",
            table(dataset),
        ),
        Section(
            "Colours and unrolling",
            "Medians and bootstrap intervals over seeds. Dashed: a perfect sampler.",
            pictures=[depths(dataset, COLUMNS)],
        ),
        Section(
            "The colours",
            "Colours of samples, all seeds together, in the plane of red and green; the data fills the square evenly.",
            pictures=[plane(dataset)],
        ),
        Section("Samples", "Each setting's seed of median divergence, at the last step.", sheets=shown(dataset)),
    ]
    extent = (
        f"K = {', '.join(map(str, depths_of(dataset)))}, discriminators of a quarter and a half of the generator's "
        f"filters; {dataset.sizes['seed']} seeds each, {dataset.attrs['steps']:,} steps, {samples:,} samples."
    )
    return images.write("coloured", dataset, folder, extent, findings(dataset), sections)


def table(dataset: xr.Dataset) -> Table:
    """Settings, a perfect sampler and the controls."""
    controls = images.controls(dataset, COLUMNS)
    return images.table(dataset, COLUMNS, {"perfect sampler": images.perfect(dataset, COLUMNS)} | controls)


def shown(dataset: xr.Dataset) -> list[images.Sheet]:
    """Sheets of samples."""
    return images.sheets(dataset, "js")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words."""
    out = []
    for fraction in FRACTIONS:
        at = unrolled(dataset, fraction)
        parts = [f"K = {d:g}: {told(at['js'].isel(setting=i))}" for i, d in enumerate(at["depth"].values)]
        none, most = (interval(at["js"].isel(setting=i)) for i in (0, -1))
        apart = "less" if most[2] < none[1] else "more" if most[1] > none[2] else ""
        verdict = (
            f"{apart} with K = {depths_of(dataset)[-1]} than without"
            if apart
            else "K = 0 and the largest K do not differ clearly"
        )
        tone = {"less": "good", "more": "bad"}.get(apart, "plain")
        out.append(Finding(f"Discriminator {SIZES[fraction]}", f"Divergence, {', '.join(parts)}: {verdict}.", tone))
    one = float(dataset["control_js"].sel(control="one image"))
    text = (
        f"A perfect sampler scores {number(dataset.attrs['perfect_js'])}, one image repeated {number(one)}, "
        f"and the least divergence of any setting is {number(min(interval(each)[0] for each in dataset['js'].values))}."
    )
    return [*out, Finding("Between what limits", text, "plain"), *images.diverged(dataset)]


def plane(dataset: xr.Dataset) -> Picture:
    """Red and green of samples' colours, a column for each K, a row for each size of discriminator."""
    figure = canvas(9.4, 2.45 * len(FRACTIONS) + 0.2, layout="constrained")
    grid = figure.subplots(len(FRACTIONS), len(depths_of(dataset)), sharex=True, sharey=True, squeeze=False)
    for row, fraction in zip(grid, FRACTIONS, strict=True):
        at = unrolled(dataset, fraction)
        for axes, i in zip(row, range(at.sizes["setting"]), strict=True):
            dots = at["colours"].isel(setting=i).values.reshape(-1, 3)
            dress(axes).grid(color=RULE, linewidth=0.6)
            axes.scatter(*dots[:, :2].T, s=9, color=images.tint(at, i), alpha=0.5, lw=0, rasterized=True)
            axes.set_title(str(at["setting"].values[i]), fontsize=9, weight="bold", color=INK, loc="left")
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        row[0].set_ylabel("green (0 to 1)", fontsize=8, color=INK)
    for axes in grid[-1]:
        axes.set_xlabel("red (0 to 1)", fontsize=8, color=INK)
    spreads = [
        f"{name} {told(dataset['spread'].isel(setting=i), percent)}" for i, name in enumerate(dataset["setting"].values)
    ]
    return render(figure, "plane", f"Colours of samples, red against green. Spread: {', '.join(spreads)}.")
