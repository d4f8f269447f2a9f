"""The study `stacked` as one HTML page and its figures."""

import os
from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number, percent
from saddlery.report import images
from saddlery.report.depths import depths, depths_of, unrolled
from saddlery.report.images import Column, Section, Table, told
from saddlery.report.style import INK, RULE, Picture, canvas, dress, logarithmic, render
from saddlery.report.words import Finding
from saddlery.studies.stacked import FRACTIONS, PUBLISHED, RECORDED, SURE


def count(value: float) -> str:
    """A number, infinity as a sign."""
    return "∞" if np.isinf(value) else number(value)


def probability(value: float) -> str:
    """A probability, the smallest as less than something."""
    return "<1e-6" if value < 1e-6 else f"{value:.2g}"


COLUMNS = (
    Column("found", "Modes found", "of 1,000, with at least one sample", lambda value: f"{value:,.4g}"),
    Column("model_kl", "KL(model‖uniform)", "of the histogram over modes, in nats", number),
    Column("data_kl", "KL(uniform‖model)", "in nats; infinite as soon as one mode is missed", count),
    Column("variation", "Total variation", "to the uniform histogram, 0 to 1", number),
    Column("chi", "Chi-square", "Pearson's, of 999 degrees of freedom", number),
    Column("p", "p", "the probability of so large a chi-square under equal probabilities", probability),
    Column("sure", "Sure", f"digits of which the classifier is sure with more than {SURE:.0%}", percent),
)


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html`, and `stacked-*` below `folder/figures`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.stacked.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    samples = dataset.attrs["samples_found"]
    published = {name: {at: each[i] for at, each in PUBLISHED.items()} for i, name in enumerate(("found", "model_kl"))}
    sections = [
        Section(
            "In numbers",
            f"Medians over seeds, beneath them their bootstrap intervals of 95%. All of {samples:,} samples, counted "
            f"by a classifier that is right about {percent(dataset.attrs['accuracy'])} of held-out digits. KL is "
            "that of the model's histogram from the uniform one, which stays finite where modes are missed; so is "
            "the published one. Published figures are of MNIST (Metz et al., 2017, table 1). A perfect sampler's row "
            "holds its expectation, beneath it the interval of 95%. Controls: an untrained generator shows how many "
            "classes the classifier finds in what are no digits, so that modes count only beside the last column.",
            table(dataset),
        ),
        Section(
            "Modes and unrolling",
            "Medians and bootstrap intervals over seeds. Dotted, hollow: published, on MNIST. Dashed: a perfect "
            "sampler.",
            pictures=[depths(dataset, COLUMNS[:2], published)],
        ),
        Section(
            "Along training",
            f"Modes among {RECORDED:,} samples: medians over seeds; bands from the least to the greatest. What is "
            "found for a while can be lost again.",
            pictures=[along(dataset)],
        ),
        Section(
            "How evenly",
            "Shares of the modes, from each seed's most frequent one, mean over seeds. A sampler that "
            "gives every mode the same probability draws the black line.",
            pictures=[evenness(dataset)],
        ),
        Section(
            "Samples",
            "Each setting's seed of median modes found, at the last step.",
            sheets=images.sheets(dataset, "found"),
        ),
    ]
    extent = (
        f"K = {', '.join(map(str, depths_of(dataset)))}, discriminators of a quarter and a half of the generator's "
        f"filters, and a relativistic baseline; {dataset.sizes['seed']} seeds each, {dataset.attrs['steps']:,} steps, "
        f"{samples:,} samples."
    )
    return images.write("stacked", dataset, folder, extent, findings(dataset), sections)


def table(dataset: xr.Dataset) -> Table:
    """Settings with published figures beside their own, a perfect sampler and the controls."""
    references = {"perfect sampler": images.perfect(dataset, COLUMNS)} | images.controls(dataset, COLUMNS)
    made = images.table(dataset, COLUMNS, references)
    rows = []
    for row in made.rows:
        cells = row.cells
        if row.label == "perfect sampler":
            ends = [dataset.attrs.get(f"interval_{each.name}") for each in COLUMNS]
            cells = [
                (text, " to ".join(each.text(end) for end in pair) if pair is not None else "")
                for (text, _), pair, each in zip(cells, ends, COLUMNS, strict=True)
            ]
        rows.append(row._replace(cells=_beside(cells, [(each, "") for each in _published(dataset, row.label)])))
    published = [("published", f"{head}, on MNIST: the paper's table 1") for head in ("modes found", "KL")]
    return Table([made.heads[0], *_beside(made.heads[1:], published)], rows)


def _beside(cells: list[tuple[str, str]], published: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The columns of modes and KL, each with the published one after it, then the others."""
    return [cells[0], published[0], cells[1], published[1], *cells[2:]]


def _published(dataset: xr.Dataset, label: str) -> tuple[str, str]:
    """The paper's figures for a row."""
    if label not in dataset["setting"].values:
        return "", ""
    at = dataset.sel(setting=label)
    known = PUBLISHED.get((float(at["fraction"]), float(at["depth"])))
    return (f"{known[0]:g}", f"{known[1]:g}") if known else ("", "")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words."""
    found, total = dataset["found"], int(facts.distinct(dataset, "modes_total")[0])
    full = (found >= total).sum("seed").values
    names = [str(name) for name in dataset["setting"].values]
    reached = [f"{name} in {n} of {dataset.sizes['seed']} seeds" for name, n in zip(names, full, strict=True) if n]
    perfect = number(dataset.attrs["perfect_found"])
    text = f"{', '.join(reached) or 'Under no setting'}; a perfect sampler of as many samples finds {perfect}."
    out = [Finding(f"All {total:,} modes", text, "good" if reached else "plain")]
    for fraction in FRACTIONS:
        out.append(_unrolling(dataset, fraction))
    baseline = dataset.sel(setting="relativistic R1+R2")
    text = (
        f"{told(baseline['found'], number)} modes, KL {told(baseline['model_kl'])}, digits of which the classifier "
        f"is sure {told(baseline['sure'], percent)}."
    )
    out.append(Finding("Relativistic, R1 and R2", text, "plain"))
    parts = ", ".join(f"{name} {told(dataset['modes'].sel(setting=name).max('step'), number)}" for name in names)
    text = f"Most modes at any record, among {RECORDED:,} samples: {parts}."
    out.append(Finding("Along training", text, "plain"))
    even = [name for name in names if float(dataset["p"].sel(setting=name).max()) >= 0.01]
    text = f"Chi-square does not refute equal probabilities (p ≥ 0.01 in some seed) for {', '.join(even)}."
    if not even:
        least = min(names, key=lambda name: interval(dataset["variation"].sel(setting=name))[0])
        text = (
            "Chi-square refutes equal probabilities under every setting (p < 0.01 in every seed). Total variation to "
            f"them is least under {least}, {told(dataset['variation'].sel(setting=least))}; a perfect sampler's is "
            f"{number(dataset.attrs['perfect_variation'])}."
        )
    out.append(Finding("With equal probability?", text, "good" if even else "plain"))
    untrained = dataset.sel(control="untrained generator")
    text = (
        f"In an untrained generator's images the classifier finds {number(float(untrained['control_found']))} of the "
        f"1,000 modes, and is sure of {percent(float(untrained['control_sure']))} of their digits; of real ones it is "
        f"sure of {percent(float(dataset['control_sure'].sel(control='real images')))}."
    )
    return [*out, Finding("What a mode is worth", text, "plain"), *images.diverged(dataset)]


def _unrolling(dataset: xr.Dataset, fraction: float) -> Finding:
    """What unrolling changes for one size of discriminator."""
    at = unrolled(dataset, fraction)
    parts = [f"K = {d:g}: {told(at['found'].isel(setting=i), number)}" for i, d in enumerate(at["depth"].values)]
    steps = depths_of(dataset)
    published = ", ".join(f"{PUBLISHED[fraction, depth][0]:g}" for depth in steps)
    none, most = (interval(at["found"].isel(setting=i)) for i in (0, -1))
    apart = "more" if most[1] > none[2] else "fewer" if most[2] < none[1] else ""
    verdict = (
        f"with K = {steps[-1]} {apart} than without" if apart else f"K = 0 and K = {steps[-1]} do not differ clearly"
    )
    text = f"Modes found, {', '.join(parts)}: {verdict}. Published for MNIST: {published}."
    tone = {"more": "good", "fewer": "bad"}.get(apart, "plain")
    return Finding(f"Unrolling, discriminator {'¼' if fraction == 0.25 else '½'}", text, tone)


def along(dataset: xr.Dataset) -> Picture:
    """The modes found along training: a panel for each size of discriminator, and one for the baseline."""
    figure = canvas(9.4, 3.0, layout="constrained")
    panels = figure.subplots(1, len(FRACTIONS) + 1, sharex=True, sharey=True)
    steps, words = dataset["step"].values, []
    for axes, fraction in zip(panels, (*FRACTIONS, 1.0), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i in np.flatnonzero(dataset["fraction"] == fraction):
            modes, tint = dataset["modes"].isel(setting=i).transpose("seed", "step"), images.tint(dataset, int(i))
            label, median = str(dataset["setting"].values[i]), modes.median("seed")
            axes.fill_between(steps, modes.min("seed"), modes.max("seed"), color=tint, alpha=0.12, linewidth=0)
            axes.plot(steps, median, color=tint, lw=1.5, label=label)
            words.append(f"{label} {number(float(median[-1]))}")
        logarithmic(axes)
        axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
        axes.set_xlabel("step", fontsize=8, color=INK)
    panels[0].set_ylabel("modes found", fontsize=8, color=INK)
    return render(figure, "along", f"Modes found along training, medians at the end: {', '.join(words)}.")


def evenness(dataset: xr.Dataset) -> Picture:
    """How often each mode comes up, the most frequent one first."""
    figure = canvas(9.4, 3.4, layout="constrained")
    panels = figure.subplots(1, len(FRACTIONS) + 1, sharex=True, sharey=True)
    samples, total = dataset.attrs["samples_found"], int(facts.distinct(dataset, "modes_total")[0])
    for axes, fraction in zip(panels, (*FRACTIONS, 1.0), strict=True):
        axes.set(xlim=(0.8, 1.2 * total), ylim=(0.5 / samples, 1.3), xscale="log", yscale="log")
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i in np.flatnonzero(dataset["fraction"] == fraction):
            shares = dataset["counts"].isel(setting=i).mean("seed") / samples
            label, tint = str(dataset["setting"].values[i]), images.tint(dataset, int(i))
            shown, first = shares.values > 0, {"marker": "o", "ms": 4, "markevery": [0]}
            axes.plot(np.arange(1, total + 1)[shown], shares.values[shown], color=tint, lw=1.5, label=label, **first)
        axes.axhline(1 / total, color=INK, lw=1)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.legend(fontsize=7.5, frameon=False, labelcolor=INK, loc="lower left")
        axes.set_xlabel("rank of the mode", fontsize=8, color=INK)
    panels[0].set_ylabel("share of the samples", fontsize=8, color=INK)
    return render(figure, "evenness", "Shares of the samples by the rank of their mode, on logarithmic axes.")
