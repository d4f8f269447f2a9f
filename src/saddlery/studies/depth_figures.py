"""Figures of unrolled GANs: measures against the number of unrolled steps K."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import GREY, INK, RULE, canvas, dress
from saddlery.report.tables import Column, last
from saddlery.studies.depths import SIZES

TINTS = (INK, "#8d6cab", "#5f8f3e")  # of the discriminator's sizes: none is that of a K


def unrolled(dataset: xr.Dataset, fraction: float) -> xr.Dataset:
    """The settings of one size of discriminator, ordered by K."""
    return dataset.isel(setting=np.flatnonzero((dataset["fraction"] == fraction) & dataset["depth"].notnull()))


def depths_of(dataset: xr.Dataset) -> list[int]:
    """The values of K in a study, in rising order."""
    return sorted({int(depth) for depth in dataset["depth"].values if np.isfinite(depth)})


def extent(dataset: xr.Dataset, beside: str = "") -> str:
    """The extent of such a study in a line; `beside` says what was trained beside unrolled GANs."""
    return (
        f"K = {', '.join(map(str, depths_of(dataset)))}, discriminators of a quarter and a half of the generator's "
        f"filters{beside}; {dataset.sizes['seed']} seeds each, {dataset.attrs['steps']:,} steps, "
        f"{dataset.attrs['samples_found']:,} samples."
    )


def depths(
    dataset: xr.Dataset,
    columns: Sequence[Column],
    published: Mapping[str, Mapping[tuple[float, float], float]] | None = None,
) -> Picture:
    """Measures against K: numbers over seeds with intervals, a panel for each measure, a line for each discriminator.

    **Arguments:**
    - `dataset`: with the levels `depth` and `fraction` along `setting`; a perfect sampler's value is the attribute
      `perfect_<measure>`.
    - `published`: by measure, values by fraction and depth.
    """
    figure = canvas(9.4, 3.3, layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    known = dataset["depth"].notnull()
    fractions, steps = np.unique(dataset["fraction"][known]), np.unique(dataset["depth"][known])
    texts = []
    for axes, column in zip(panels, columns, strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i, (fraction, tint) in enumerate(zip(fractions, TINTS, strict=False)):
            values = last(unrolled(dataset, fraction), column.name).transpose("setting", "seed").values
            middle, low, high = np.array([interval(each, column.of) for each in values]).T
            where = np.arange(len(steps)) + 0.1 * (i - (len(fractions) - 1) / 2)
            name, spread = f"D {SIZES.get(float(fraction), f'{fraction:g}')}", np.stack([middle - low, high - middle])
            axes.errorbar(where, middle, spread, color=tint, marker="o", ms=5, lw=1.6, label=name)
            texts.append(f"{column.head}, {name}: {', '.join(number(float(each)) for each in middle)}")
            if published and column.name in published:
                there = [published[column.name][float(fraction), float(depth)] for depth in steps]
                axes.plot(where, there, color=tint, ls=":", marker="o", mfc="white", lw=1, label=f"{name}, published")
        if perfect := facts.distinct(dataset, f"perfect_{column.name}"):
            axes.axhline(perfect[0], color=GREY, ls="--", lw=1, label="perfect sampler")
        axes.set_xticks(range(len(steps)), [f"{depth:g}" for depth in steps])
        axes.set_xlabel("K, steps unrolled", fontsize=8, color=INK)
        axes.set_title(column.head, fontsize=9.5, weight="bold", color=INK, loc="left")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, fontsize=8, frameon=False, labelcolor=INK)
    return render(figure, "depths", f"Over seeds, at K = {', '.join(f'{d:g}' for d in steps)}. {'; '.join(texts)}.")
