"""The study `architectures` as one HTML page and its figures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis.facts import arrays
from saddlery.analysis.numbers import correlation, number, percent
from saddlery.report import crossed, images
from saddlery.report.images import Row, Section, Table, cell, diverged, told
from saddlery.report.style import INK, RULE, STROKES, Picture, canvas, colour, dress, logarithmic, render
from saddlery.report.words import Finding

FLAT = 2 * np.log(2)  # the discriminator's loss where all its scores are the same
CURVES = {
    "discriminator_loss": "discriminator's loss",
    "field_norm": "‖ξ‖",
    "turning": "turning",
    "pull": "‖Hᵀξ‖ / ‖ξ‖",
    "distance": "distance",
    "spread": "spread of scores",
}
LINEAR = ("discriminator_loss", "turning")
MOTION = (
    ("level", "Loss", "the discriminator's, mean over the second half of training", number),
    ("wobble", "Its deviation", "standard deviation over the records of the second half of training", number),
    ("field_norm", "‖ξ‖", "norm of the gradient, one batch of 256", number),
    ("turning", "Turning", "share of rotation along ξ, ‖Aξ‖² of ‖Sξ‖² + ‖Aξ‖²", percent),
    ("rotation", "Rotation", "share of rotation in the whole of H, Frobenius norms", percent),
    ("pull", "‖Hᵀξ‖ / ‖ξ‖", "times γ: how long consensus's regulariser is beside the gradient", number),
    ("distance", "Distance", "to where the linearised field is least, in its Krylov space", number),
    ("unsolved", "Unsolved", "share of the field that is left there, if it were linear", number),
    ("reached", "Really left", "share of the field's norm that is left there; above 1 it is longer", number),
    ("separation", "Separation", "pairs of a real and a generated sample of which the real one scores higher", percent),
    ("spread", "Spread", "standard deviation of all scores", number),
    ("slope", "Slope", "mean norm of ∂score/∂x at generated samples", number),
)


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/architectures-*`.

    **Arguments:**
    - `dataset`: what `saddlery.studies.architectures.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    found = moved(crossed.best(dataset))
    rates = sorted({f"{rate:g}" for rate in dataset["learning_rate"].values}, key=float)
    extent = (
        f"{found.sizes['row']} families of networks, {found.sizes['column']} methods, learning rates "
        f"{', '.join(rates)}, {found.sizes['seed']} seeds, {int(dataset['step'].values[-1]):,} steps."
    )
    how = (
        "Each seed at the learning rate that the other half of the seeds finds best; medians over seeds, beneath them "
        "bootstrap intervals of 95%. A run that diverged counts as it was before training."
    )
    sections = [
        Section(
            "Family by method",
            "Framed: at least half of the seeds come close to a perfect sampler.",
            pictures=[crossed.map_of(found, measure, "family") for measure in (crossed.DISTANCE, crossed.FRECHET)],
        ),
        *(
            Section(measure.title, how, crossed.table(found, measure, "Family"))
            for measure in (crossed.DISTANCE, crossed.FRECHET, crossed.COVERAGE)
        ),
        Section("Learning rates that work", "", crossed.rates(dataset, found, "Family")),
        Section(
            "How the games move",
            "ξ is the gradient of both players on one batch of 256 samples, H its Jacobian. Lines: medians over seeds "
            "of the runs above; bands: from the least to the greatest.",
            pictures=[along(found)],
        ),
        Section(
            "At the end of training",
            "The same runs. Distance: a step p that leaves least of Hp = ξ in the Krylov space of order 6 of the "
            "transposed Jacobian; where really more is left than without it, the linearised field says nothing about "
            "where the game rests.",
            motion(found),
        ),
        Section("Samples", sheets=crossed.sheets(found, arrays(dataset, "real")[0][1])),
    ]
    told = [
        *crossed.findings(found, "family"), constant(found), *stationary(found), regulariser(found),
        *diverged_by_family(dataset),
    ]  # fmt: skip
    return images.write("architectures", dataset, folder, extent, told, sections)


def moved(found: xr.Dataset) -> xr.Dataset:
    """`crossed.best` with `level` and `wobble`, the discriminator's loss over the second half of training."""
    late = found["discriminator_loss"].isel(step=slice(found.sizes["step"] // 2, None))
    return found.assign(level=late.mean("step"), wobble=late.std("step"))


def at_end(found: xr.Dataset, name: str) -> xr.DataArray:
    """A variable (`row`, `column`, `seed`), of one along training the last record."""
    values = found[name]
    return values.isel(step=-1, drop=True) if "step" in values.dims else values


def motion(found: xr.Dataset) -> Table:
    """What is known of every game's motion at its end."""
    rows = [
        Row(
            f"{row}, {column}",
            [cell(at_end(found, name).sel(row=row, column=column), text) for name, *_, text in MOTION],
            colour(str(found["method"].sel(column=column).values)),
        )
        for row in found["row"].values
        for column in found["column"].values
    ]
    return Table([("Game", "family and method"), *((head, meaning) for _, head, meaning, _ in MOTION)], rows)


def _over_rows(found: xr.Dataset, name: str, column: str, text=number) -> str:
    """A variable's medians over seeds, of all rows the least to the greatest."""
    medians = at_end(found, name).sel(column=column).median("seed").values
    return f"{text(float(np.nanmin(medians)))} to {text(float(np.nanmax(medians)))}"


def constant(found: xr.Dataset) -> Finding:
    """How constant losses are, and what goes with it."""
    parts = [
        f"{column}: loss {_over_rows(found, 'level', column)}, deviation {_over_rows(found, 'wobble', column)}, "
        f"spread of scores {_over_rows(found, 'spread', column)}, "
        f"separation {_over_rows(found, 'separation', column, percent)}"
        for column in found["column"].values
    ]
    ranks = correlation(at_end(found, "wobble"), at_end(found, "spread"))
    near = correlation(abs(at_end(found, "level") - FLAT), at_end(found, "spread"))
    text = (
        f"Over the second half of training, medians of seeds over the families: {'; '.join(parts)}. A discriminator "
        f"whose scores are all the same has a loss of {FLAT:.3g} whatever the generator does. Over all runs the loss's "
        f"deviation and the scores' spread have a rank correlation of {ranks}, its distance from {FLAT:.3g} and the "
        f"spread {near}."
    )
    return Finding("Why are losses constant?", text, "plain")


def stationary(found: xr.Dataset) -> list[Finding]:
    """Whether the games with short fields are near a stationary point."""
    parts = [
        f"{column}: ‖ξ‖ {_over_rows(found, 'field_norm', column)}, distance {_over_rows(found, 'distance', column)}, "
        f"really left there {_over_rows(found, 'reached', column)}, "
        f"turning {_over_rows(found, 'turning', column, percent)}"
        for column in found["column"].values
    ]
    shares = (at_end(found, "reached") < 1).mean(("row", "seed"))
    there = ", ".join(f"{column} {float(shares.sel(column=column)):.0%}" for column in found["column"].values)
    text = (
        f"At the end of training, medians of seeds over the families: {'; '.join(parts)}. Runs in which the field is "
        f"really shorter after that step: {there}."
    )
    return [Finding("Near a stationary point?", text, "plain")]


def regulariser(found: xr.Dataset) -> Finding:
    """On which families the regulariser outweighs the gradient, and whether consensus fails there."""
    consensus = [str(name) for name in found["column"].values if name.startswith("consensus")]
    ratio = crossed.ratios(found)
    parts = []
    for row in found["row"].values:
        pull = at_end(found, "pull").sel(row=row, column=crossed.BASELINE)
        early = found["pull"].isel(step=0).sel(row=row, column=crossed.BASELINE)
        cost = ", ".join(f"{name} {told(ratio.sel(row=row, column=name))}" for name in consensus)
        parts.append(
            f"{row}: ‖Hᵀξ‖/‖ξ‖ {told(early)} at the start and {told(pull)} at the end of simultaneous "
            f"descent, distances over simultaneous descent's {cost}"
        )
    pulls = at_end(found, "pull").sel(column=crossed.BASELINE).median("seed")
    ranks = "; ".join(f"{name} {correlation(ratio.sel(column=name).median('seed'), pulls)}" for name in consensus)
    worst = ", ".join(f"{name} on {ratio.sel(column=name).median('seed').idxmax('row').item()}" for name in consensus)
    text = (
        f"{'; '.join(parts)}. Consensus descends ξ + γHᵀξ. It does worst, beside simultaneous descent, with {worst}. "
        f"Over the families the rank correlation of that ratio with ‖Hᵀξ‖/‖ξ‖ is {ranks}."
    )
    return Finding("Where does consensus fail?", text, "plain")


def diverged_by_family(dataset: xr.Dataset) -> list[Finding]:
    """How many runs of each family and method diverged, all learning rates together."""
    if not diverged(dataset):
        return []
    lost = (dataset["diverged_at"] >= 0).groupby("rival").sum(("setting", "seed"))
    parts = [f"{rival} {int(lost.sel(rival=rival))}" for rival in lost["rival"].values if int(lost.sel(rival=rival))]
    total = dataset.sizes["setting"] * dataset.sizes["seed"]
    return [Finding("Diverged", f"Of {total} runs: {'; '.join(parts)}.", "bad")]


def _strokes(found: xr.Dataset) -> list[tuple[str, str, Any]]:
    """Each column with its method and a stroke: another one for every further column of a method."""
    methods = [str(method) for method in found["method"].values]
    return [
        (str(column), methods[i], STROKES[methods[:i].count(methods[i]) % len(STROKES)])
        for i, column in enumerate(found["column"].values)
    ]


def along(found: xr.Dataset) -> Picture:
    """Losses, field, rotation and distance along training: a column for each family."""
    families = [str(row) for row in found["row"].values]
    figure = canvas(2.2 * len(families) + 0.6, 1.5 * len(CURVES) + 0.8, layout="constrained")
    panels = figure.subplots(len(CURVES), len(families), sharex=True, squeeze=False)
    steps, words = found["step"].values, []
    for i, (name, title) in enumerate(CURVES.items()):
        for j, row in enumerate(families):
            axes = dress(panels[i, j])
            axes.grid(color=RULE, linewidth=0.6)
            for column, method, stroke in _strokes(found):
                values = found[name].sel(row=row, column=column).transpose("seed", "step")
                tint, median = colour(method), values.median("seed")
                axes.fill_between(steps, values.min("seed"), values.max("seed"), color=tint, alpha=0.12, linewidth=0)
                axes.plot(steps, median, color=tint, ls=stroke, lw=1.5, label=column)
                words.append(f"{row}, {column}, {title} {number(float(median[-1]))}")
            if name not in LINEAR:
                logarithmic(axes)
            if i == 0:
                axes.set_title(row, fontsize=9, weight="bold", color=INK, loc="left")
            if j == 0:
                axes.set_ylabel(title, fontsize=8, color=INK)
    for axes in panels[-1]:
        axes.set_xlabel("step", fontsize=8, color=INK)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    return render(figure, "along", f"Along training, medians at the end: {'; '.join(words)}.")
