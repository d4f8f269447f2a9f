"""Findings of the study `pairwise`."""

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import number
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.controls import generators


def of(dataset: xr.Dataset, space: str) -> xr.Dataset:
    """The measures in one space, (`setting`, `seed`)."""
    return generators(dataset).sel(space=space).drop_vars("space")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    return [_closest(dataset), _noise(dataset), _change(dataset), _support(dataset), *diverged(dataset)]


def _closest(dataset: xr.Dataset) -> Finding:
    parts = []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        order = apart["setting"].values[np.argsort(apart.median("seed").values)]
        parts.append(f"in {space} " + ", ".join(f"{name} {ci_text(apart.sel(setting=name))}" for name in order))
    text = f"Distances from those of training images, the nearest first: {'; '.join(parts)}."
    return Finding("Nearest to real images", text, "plain", {"apart": _spreads(dataset, "apart")})


def _noise(dataset: xr.Dataset) -> Finding:
    """Whether the control is told from real images."""
    parts, fooled, numbers = [], [], []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"].median("seed")
        noise, real = (float(apart.sel(setting=name)) for name in ("noise", "real"))
        numbers += [noise, real]
        beaten = [str(name) for name in dataset["setting"].values if float(apart.sel(setting=name)) > noise]
        parts.append(
            f"in {space} noise is {number(noise)} apart, other real images {number(real)}, and of the trained "
            f"generators {len(beaten)} of {dataset.sizes['setting']} are further apart than noise"
        )
        numbers += [len(beaten), dataset.sizes["setting"]]
        fooled += [space] if beaten else []
    end = f" So distances in {' and '.join(fooled)} alone can be matched by nonsense." if fooled else ""
    text = "; ".join(parts)
    text = f"{text[0].upper()}{text[1:]}.{end}"
    return Finding("Noise as a control", text, "bad" if fooled else "good", {"noise, real, further, of": numbers})


def _change(dataset: xr.Dataset) -> Finding:
    """Whether more unrolled steps bring the distances nearer, seed by seed."""
    first, last = (str(dataset["setting"].values[i]) for i in (0, -1))
    parts, numbers = [], []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        change = apart.sel(setting=last).values - apart.sel(setting=first).values
        numbers.append(interval(change, "mean"))
        _, low, high = numbers[-1]
        word = "nearer" if high < 0 else "further away" if low > 0 else "not clearly nearer or further"
        parts.append(f"in {space} {word} (difference {ci_text(change, of='mean')})")
    text = f"From {first} to {last} the distances come, {'; '.join(parts)}."
    return Finding("Does K help?", text, "plain", {"difference": numbers})


def _support(dataset: xr.Dataset) -> Finding:
    parts = []
    for space in dataset["space"].values:
        sizes = of(dataset, str(space))["support"]
        parts.append(
            f"in {space} " + ", ".join(f"{name} {ci_text(sizes.sel(setting=name))}" for name in sizes["setting"].values)
        )
    text = f"By the birthday paradox: {'; '.join(parts)}."
    return Finding("Different images", text, "plain", {"support": _spreads(dataset, "support")})


def _spreads(dataset: xr.Dataset, name: str) -> list[np.ndarray]:
    """Medians and intervals of a measure in each space."""
    return [spread(of(dataset, str(space))[name]) for space in dataset["space"].values]
