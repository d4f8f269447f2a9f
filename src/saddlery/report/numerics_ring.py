"""The study `numerics-ring` as one HTML page and its figures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from saddlery.analysis.facts import optimisers
from saddlery.analysis.numbers import number, percent
from saddlery.report.figures.curves import curves
from saddlery.report.figures.strip import evolution
from saddlery.report.kinks import finding, kinks
from saddlery.report.style import GREY, INK, RULE, Picture, canvas, dress, looks, render
from saddlery.report.template import files, filled, write_page
from saddlery.report.words import Finding
from saddlery.report.words import findings as trained

WINDOW = ((-3.5, 0.75), (-1.2, 1.2))  # the part of the plane that the paper shows
FIELDS = {"v": "v′", "consensus": "v′ − γ v′ᵀ v′"}
LARGE = 0.01  # of the largest magnitude, from which an eigenvalue counts as large
SHOWN = ("modes", "high-quality", "generator-norm", "discriminator-norm")  # of the curves along training


def write(dataset: xr.Dataset, folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/numerics-ring-*.svg` and `*.png`.

    Each file appears whole or not at all; files of that name are replaced.

    **Arguments:**
    - `dataset`: what `saddlery.studies.numerics_ring.run` returned.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.
    """
    drawn = [evolution(dataset), *(picture for picture in curves(dataset) if picture.name in SHOWN)]
    drawn += [eigenvalues(dataset, field, full) for full in (False, True) for field in FIELDS]
    drawn += [distribution(dataset), kinks(dataset), along_path(dataset)]
    page = html(dataset, {picture.name: picture for picture in drawn})
    return write_page(folder, page, files(drawn, "numerics-ring-"))


def html(dataset: xr.Dataset, drawn: dict[str, Picture]) -> str:
    """The page as text; whatever comes from the data is escaped."""
    return filled(
        "numerics_ring.html.jinja",
        data=dataset.attrs,
        optimisers=optimisers(dataset),
        seeds=dataset.sizes["seed"],
        parameters=dataset.sizes["eigenvalue"],
        random=dataset.sizes["direction"] - 1,
        findings=findings(dataset),
        drawn=drawn,
        curves=[drawn[name] for name in SHOWN if name in drawn],
        tables={FIELDS[str(field)]: table(dataset, str(field)) for field in dataset["field"].values},
        columns=COLUMNS,
        large=f"{LARGE:.0%}",
    )


def judged(dataset: xr.Dataset) -> xr.Dataset:
    """What the eigenvalues and modes of each setting, seed, moment and field amount to, NaN where there are none.

    - `zero`, `imaginary`, `positive`, `negative`: shares of all eigenvalues, real parts to within the tolerance;
      `imaginary` are those with a real part of zero and an imaginary part that is not.
    - `largest`: the largest magnitude. `large`: how many eigenvalues have at least a hundredth of it;
      `large_turning`: the share of these whose imaginary part is larger than the real part.
    - `growing`, `carried_turning`: of the modes that carry the field, the shares by weight of those whose real part is
      positive, and of those whose imaginary part is larger than the real part.
    """
    real, imaginary, tolerance = dataset["eigenvalues_real"], dataset["eigenvalues_imaginary"], dataset["tolerance"]
    there = real.notnull().all("eigenvalue")
    share = lambda which: which.mean("eigenvalue").where(there)  # noqa: E731
    flat, magnitude = np.abs(real) <= tolerance, xr.apply_ufunc(np.hypot, real, imaginary)
    large = magnitude >= LARGE * magnitude.max("eigenvalue")
    turning = np.abs(imaginary) > np.abs(real)
    weight = dataset["mode_weight"].where(dataset["part"] < dataset["carrying"])
    of_weight = lambda which: weight.where(which, 0).sum("part") / weight.sum("part")  # noqa: E731
    return xr.Dataset(
        {
            "zero": share(flat),
            "imaginary": share(flat & (np.abs(imaginary) > tolerance)),
            "positive": share(real > tolerance),
            "negative": share(real < -tolerance),
            "largest": magnitude.max("eigenvalue"),
            "large": large.sum("eigenvalue").where(there),
            "large_turning": ((large & turning).sum("eigenvalue") / large.sum("eigenvalue")).where(there),
            "growing": of_weight(dataset["mode_real"] > tolerance),
            "carried_turning": of_weight(np.abs(dataset["mode_imaginary"]) > np.abs(dataset["mode_real"])),
        }
    )


def findings(dataset: xr.Dataset) -> list[Finding]:
    """What was found, in words, computed from the data: the reviewer's question first, then how training went."""
    medians = judged(dataset).median("seed")
    v = medians.sel(field="v")
    start, end = v.isel(moment=0), v.isel(moment=-1)
    names = [str(name) for name in dataset["setting"].values]

    def at_end(name: str, text: Any, at: xr.Dataset = end) -> str:
        return ", ".join(f"{text(float(at[name].sel(setting=each)))} under {each}" for each in names)

    common = f"{percent(float(start['zero'].isel(setting=0)))} of the eigenvalues of v′ before training"
    zeros = (
        f"Yes: {common}, and after it {at_end('zero', percent)} have a real part of zero (to within ε √n ‖v′‖). But "
        f"nearly all of them are zero altogether, directions in which nothing happens: with an imaginary part that is "
        f"not zero there are {at_end('imaginary', percent)}."
    )
    if float(end["imaginary"].max()) > 0.1 * float(end["zero"].max()):
        zeros = (
            f"Yes: {common}, and after it {at_end('zero', percent)} have a real part of zero (to within ε √n ‖v′‖); "
            f"with an imaginary part that is not zero there are {at_end('imaginary', percent)}."
        )
    turning = (
        f"Of the eigenvalues of at least {LARGE:.0%} of the largest magnitude, those whose imaginary part is the "
        f"larger one are {percent(float(start['large_turning'].isel(setting=0)))} before training and "
        f"{at_end('large_turning', percent)} after it."
    )
    positive = (
        f"{percent(float(start['positive'].isel(setting=0)))} of the eigenvalues of v′ have one before training, and "
        f"{at_end('positive', percent)} after it; of those of v′ − γ v′ᵀ v′ "
        f"{at_end('positive', percent, medians.sel(field='consensus').isel(moment=-1))}."
    )
    norm = dataset["field_norm"].sel(field="v").median("seed")
    field = (
        f"‖v‖ was {number(float(norm.isel(setting=0, moment=0)))} before training and is "
        + ", ".join(f"{number(float(norm.sel(setting=each).isel(moment=-1)))} under {each}" for each in names)
        + " after it (medians; v averaged over the same batches)."
    )
    few = dataset["carrying"].sel(field="v").isel(moment=-1).median("seed")
    carried = "; ".join(
        f"under {each} {number(float(few.sel(setting=each)))} modes leave a tenth of v, by weight "
        f"{percent(float(end['growing'].sel(setting=each)))} of them growing and "
        f"{percent(float(end['carried_turning'].sel(setting=each)))} turning more than they grow or decay"
        for each in names
    )
    return [
        Finding("Zero real parts", zeros, "plain"),
        Finding("Large imaginary parts", turning, "plain"),
        Finding("Positive real parts", positive, "plain"),
        Finding("Modes that carry v", f"After training, {carried}.", "plain"),
        finding(dataset),
        Finding("Norm of the field", field, "plain"),
        *trained(dataset),
    ]


COLUMNS = (
    ("Norm of the field", "‖v‖, or of v − γ v′ᵀ v"),
    ("Largest magnitude", "of an eigenvalue"),
    ("Zero real part", "share of all eigenvalues, to within ε √n ‖J‖"),
    ("of these imaginary", "share of all eigenvalues: real part zero, imaginary part not"),
    ("Negative", "share of all eigenvalues"),
    ("Positive", "share of all eigenvalues"),
    ("Large ones", "eigenvalues of at least a hundredth of the largest magnitude"),
    ("Large ones that turn", "share of these whose imaginary part is larger than the real part"),
    ("Rotation", "‖A‖² of ‖S‖² + ‖A‖², the parts of J in Frobenius norms"),
    ("Carrying modes", "how many of the modes that carry the field leave a tenth of it"),
    ("of these growing", "share by weight of those with a positive real part"),
    ("Largest step", "of plain descent that is stable for the carrying modes; 0 when one of them grows"),
)


def table(dataset: xr.Dataset, field: str) -> list[tuple[str, str, str, list[str]]]:
    """Medians over the seeds: for each setting and moment its label, colour, step and cells, after `COLUMNS`."""
    numbers = dataset[["field_norm", "rotation", "carrying", "stable_step"]].merge(judged(dataset))
    medians = numbers.sel(field=field).median("seed")
    rows = []
    for i, look in enumerate(looks(dataset)):
        for j, step in enumerate(dataset["moment"].values):
            median = medians.isel(setting=i, moment=j)
            cells = [
                number(float(median["field_norm"])),
                number(float(median["largest"])),
                *(percent(float(median[name])) for name in ("zero", "imaginary", "negative", "positive")),
                number(float(median["large"])),
                percent(float(median["large_turning"])),
                percent(float(median["rotation"])),
                number(float(median["carrying"])),
                percent(float(median["growing"])),
                number(float(median["stable_step"])),
            ]
            rows.append((look.label, look.color, f"{step:,}", ["–" if "nan" in cell else cell for cell in cells]))
    return rows


def chosen_moments(dataset: xr.Dataset, most: int = 3) -> np.ndarray:
    """Positions of at most so many moments, the first and the last among them."""
    moments = dataset.sizes["moment"]
    return np.unique(np.linspace(0, moments - 1, min(most, moments)).round().astype(int))


def eigenvalues(dataset: xr.Dataset, field: str, full: bool) -> Picture:
    """All eigenvalues of all seeds in the complex plane, a row for each setting, a column for each moment.

    In the part of the plane that the paper shows, or with `full` all of it, on axes that are linear around zero.
    """
    moments, styles, name = chosen_moments(dataset), looks(dataset), FIELDS[field]
    figure = canvas(3.1 * len(moments) + 0.2, 2.25 * len(styles) + 0.5, layout="constrained")
    grid = figure.subplots(len(styles), len(moments), sharex=not full, sharey=not full, squeeze=False)
    beyond = []
    for i, look in enumerate(styles):
        for axes, j in zip(grid[i], moments, strict=True):
            cell = dataset.isel(setting=i, moment=j).sel(field=field)
            real, imaginary = cell["eigenvalues_real"].values.ravel(), cell["eigenvalues_imaginary"].values.ravel()
            known = np.isfinite(real)
            axes = dress(axes)
            axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)
            axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
            axes.scatter(real, imaginary, s=6, color=look.color, alpha=0.45, linewidth=0, rasterized=True)
            if full:
                _all_of_it(axes, real[known], imaginary[known])
            else:
                axes.set(xlim=WINDOW[0], ylim=WINDOW[1])
                beyond.append(_outside(axes, real[known], imaginary[known]))
            axes.set_title(f"{look.label}, step {dataset['moment'].values[j]:,}", fontsize=8.5, color=INK, loc="left")
            if i == len(styles) - 1:
                axes.set_xlabel("Re λ (per unit of time)", fontsize=8, color=INK)
        grid[i][0].set_ylabel("Im λ (per unit of time)", fontsize=8, color=INK)
    which = "all of them, axes linear around zero and logarithmic beyond" if full else "the part that the paper shows"
    figure.suptitle(f"Eigenvalues of {name}: {which}", x=0.01, ha="left", fontsize=11, weight="bold", color=INK)
    alt = f"Eigenvalues of {name} in the complex plane, {which}; rows are settings, columns moments of training."
    if beyond:
        alt += f" Outside the window lie, row by row, {', '.join(beyond)} of the eigenvalues."
    return render(figure, f"{'full' if full else 'eigenvalues'}-{field}", alt)


def _outside(axes: Axes, real: np.ndarray, imaginary: np.ndarray) -> str:
    """Say in a corner which share of the eigenvalues the window leaves out."""
    (left, right), (low, high) = WINDOW
    outside = (real < left) | (real > right) | (imaginary < low) | (imaginary > high)
    share = percent(float(outside.mean())) if len(real) else "–"
    box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8}
    text = f"{share} outside" if len(real) else "diverged"
    axes.text(0.03, 0.96, text, transform=axes.transAxes, va="top", fontsize=7, color=INK, bbox=box)
    return share


def _all_of_it(axes: Axes, real: np.ndarray, imaginary: np.ndarray) -> None:
    """Axes that hold everything: linear up to a ten-thousandth of the largest magnitude, logarithmic beyond."""
    largest = xr.apply_ufunc(np.hypot, real, imaginary).max(initial=1e-12)
    exponent = int(np.floor(np.log10(largest)))
    ticks = [sign * 10.0 ** (exponent - down) for down in (2, 0) for sign in (-1, 1)] + [0]
    for axis, scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
        scale("symlog", linthresh=10.0 ** (exponent - 3), linscale=0.6)
        axis.set_ticks(sorted(ticks))
        axis.set_ticks([], minor=True)
    axes.set(xlim=(-3 * largest, 3 * largest), ylim=(-3 * largest, 3 * largest))


def distribution(dataset: xr.Dataset) -> Picture:
    """How many real and imaginary parts of v′ exceed a threshold, for every threshold, before and after training."""
    figure = canvas(9.4, 3.3, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    thresholds = np.geomspace(1e-7, 1, 141)
    kinds = {"Re λ < −t": "-", "Re λ > t": (0, (5, 2)), "|Im λ| > t": (0, (1, 1.2))}
    for axes, j in zip(panels, (0, -1), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        for i, look in enumerate(looks(dataset)):
            cell = dataset.isel(setting=i, moment=j).sel(field="v")
            real, imaginary = cell["eigenvalues_real"].values, cell["eigenvalues_imaginary"].values
            scale = xr.apply_ufunc(np.hypot, real, imaginary).max(-1, keepdims=True)
            for values, line in zip((-real, real, abs(imaginary)), kinds.values(), strict=True):
                above = ((values / scale)[..., None] > thresholds).mean(1)
                above = np.where(np.isfinite(scale), above, np.nan)
                axes.plot(thresholds, np.nanmedian(above, axis=0), color=look.color, linestyle=line, linewidth=1.5)
        axes.set_xscale("log")
        axes.set_xlabel("threshold t, of the largest magnitude", fontsize=8, color=INK)
        axes.set_title(f"Step {dataset['moment'].values[j]:,}", fontsize=9.5, weight="bold", color=INK, loc="left")
    panels[0].set_ylabel("share of the eigenvalues of v′", fontsize=8, color=INK)
    handles = [Line2D([], [], color=look.color, label=look.label) for look in looks(dataset)]
    handles += [Line2D([], [], color=INK, linestyle=line, label=kind) for kind, line in kinds.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False, labelcolor=INK)
    alt = "Shares of eigenvalues of v′ whose real or imaginary part exceeds a threshold, against the threshold."
    return render(figure, "distribution", alt)


def along_path(dataset: xr.Dataset) -> Picture:
    """Angle and norm of v along the segment from each run's start to its end, every seed."""
    figure = canvas(9.4, 3.1, layout="constrained")
    panels = figure.subplots(1, 2)
    named = {"path_angle": "cosine between v and end − start", "path_norm": "‖v‖ (loss per unit)"}
    for axes, (name, label) in zip(panels, named.items(), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        axes.axvline(1, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
        for i, look in enumerate(looks(dataset)):
            axes.plot(dataset["position"], dataset[name].isel(setting=i).values.T, color=look.color, linewidth=1.2)
        axes.set_xlabel("position between start (0) and end (1)", fontsize=8, color=INK)
        axes.set_ylabel(label, fontsize=8, color=INK)
    panels[0].axhline(0, color=GREY, linewidth=0.8)
    panels[1].set_yscale("log")
    handles = [Line2D([], [], color=look.color, label=look.label) for look in looks(dataset)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False, labelcolor=INK)
    moved = ", ".join(
        f"{look.label} {number(float(dataset['distance'].isel(setting=i).median()))}"
        for i, look in enumerate(looks(dataset))
    )
    alt = f"Path angle and path norm from the start to the end of each run. Median distance moved: {moved}."
    return render(figure, "path", alt)
