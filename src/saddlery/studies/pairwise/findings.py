"""Findings of the study `pairwise`."""

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import number, percent
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
    """Whose distances are those of training images, in their order."""
    parts = []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        order = apart["setting"].values[np.argsort(apart.median("seed").values, kind="stable")]
        parts.append(f"in {space} {', '.join(map(str, order))}")
    text = (
        f"By the medians over seeds, distances are like those of training images in this order: {'; '.join(parts)}. "
        "The order is not tested."
    )
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
    end = f" So by distances in {' and '.join(fooled)} alone, noise ranks above a trained generator." if fooled else ""
    text = "; ".join(parts)
    text = f"{text[0].upper()}{text[1:]}. These are medians over seeds, untested.{end}"
    return Finding("Noise as a control", text, "bad" if fooled else "good", {"noise, real, further, of": numbers})


def _change(dataset: xr.Dataset) -> Finding:
    """Whether more unrolled steps bring the distances nearer, seed by seed."""
    first, last = (str(dataset["setting"].values[i]) for i in (0, -1))
    parts, numbers = [], []
    for space in dataset["space"].values:
        apart = of(dataset, str(space))["apart"]
        change = apart.sel(setting=last).values - apart.sel(setting=first).values
        numbers.append(interval(change, "mean"))
        word = {-1: "nearer", 1: "further away", 0: "not clearly nearer or further"}[numbers[-1].sign]
        parts.append(f"in {space} {word} (difference {ci_text(change, of='mean')})")
    text = f"From {first} to {last} the distances come, {'; '.join(parts)}."
    return Finding("Does K help?", text, "plain", {"difference": numbers})


def _support(dataset: xr.Dataset) -> Finding:
    """Who has more near pairs than training images, as far as each seed's interval tells."""
    real, parts, ends = 1 / dataset.attrs["share"], [], []
    for space in dataset["space"].values:
        at = of(dataset, str(space))
        more, fewer = (at["support_high"] < real).all("seed").values, (at["support_low"] > real).all("seed").values
        kinds = {"more frequent of": more, "rarer of": fewer, "not told apart of": ~more & ~fewer}
        told = [f"{what} {', '.join(at['setting'].values[chosen])}" for what, chosen in kinds.items() if chosen.any()]
        parts.append(f"in {space} {', '.join(told)}")
        ends += [at["support_low"].values, at["support_high"].values]
    text = (
        f"Pairs as near as the nearest {percent(dataset.attrs['share'])} of training images' pairs are, by the 95% "
        f"interval of every seed, {'; '.join(parts)}. If such pairs are the same image and samples are independent, "
        "the reciprocal of their share estimates the support size, which is the number of different images only where "
        "all are equally likely, and otherwise less."
    )
    numbers = {"share": dataset.attrs["share"], "level": "95%", "ends": ends}
    return Finding("Near pairs", text, "plain", numbers)


def _spreads(dataset: xr.Dataset, name: str) -> list[np.ndarray]:
    """Medians and intervals of a measure in each space."""
    return [spread(of(dataset, str(space))[name]) for space in dataset["space"].values]
