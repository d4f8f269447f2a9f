"""Figures of the study `architectures`: losses, field, rotation and distance along training."""

from typing import Any

import xarray as xr

from saddlery.analysis.numbers import number
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK, RULE, STROKES, canvas, colour, dress, logarithmic

CURVES = {
    "discriminator_loss": "discriminator's loss",
    "field_norm": "‖ξ‖",
    "turning": "turning",
    "pull": "‖Hᵀξ‖ / ‖ξ‖",
    "distance": "distance",
    "spread": "spread of scores",
}
LINEAR = ("discriminator_loss", "turning")


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
