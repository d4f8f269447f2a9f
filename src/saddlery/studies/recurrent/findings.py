"""Findings of the study `recurrent`."""

from typing import Any

import xarray as xr

from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import number, percent
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    names = [str(name) for name in dataset["setting"].values]
    real, noise = (dataset.sel(control=name) for name in ("real images", "noise of the same pixels"))
    out = []
    for subject, name, what in (
        ("Collapse, in pixels", "pixels", "Median distance of two samples"),
        ("Collapse, in features", "features", "Median distance of two samples' features"),
    ):
        parts = ", ".join(f"{label} {ci_text(dataset[name].isel(setting=i))}" for i, label in enumerate(names))
        text = f"{what}: {parts}; of real images {number(float(real[f'control_{name}']))}, of noise of the same pixels "
        text += f"{number(float(noise[f'control_{name}']))}. {compared(dataset, name)}."
        out.append(Finding(subject, text, "plain", _numbers(dataset, name)))
    parts = ", ".join(f"{label} {ci_text(dataset['found'].isel(setting=i))}" for i, label in enumerate(names))
    sure = ", ".join(f"{label} {ci_text(dataset['sure'].isel(setting=i), percent)}" for i, label in enumerate(names))
    text = (
        f"{parts}, each in at least one sample in a hundred. The classifier is sure of these shares of the samples: "
        f"{sure}, of real images {percent(float(real['control_sure']))}."
    )
    out.append(Finding("Digits found", text, "plain", _numbers(dataset, "found") | _numbers(dataset, "sure")))
    parts = ", ".join(f"{label} {ci_text(dataset['frechet'].isel(setting=i))}" for i, label in enumerate(names))
    text = f"Fréchet distance of features: {parts}; of real images {number(float(real['control_frechet']))}, of noise "
    text += f"{number(float(noise['control_frechet']))}. {compared(dataset, 'frechet')}."
    return [*out, Finding("Quality", text, "plain", _numbers(dataset, "frechet")), *diverged(dataset)]


def _numbers(dataset: xr.Dataset, name: str) -> dict[str, Any]:
    """A measure of the settings and of the controls."""
    return {name: spread(dataset[name]), f"{name} of controls": dataset[f"control_{name}"].values}


def compared(dataset: xr.Dataset, name: str) -> str:
    """Whether the first and the last setting differ in a measure, by their intervals."""
    first, last = (interval(dataset[name].isel(setting=i)) for i in (0, -1))
    names = [str(dataset["setting"].values[i]) for i in (0, -1)]
    if last[1] > first[2] or last[2] < first[1]:
        return f"It is {'larger' if last[0] > first[0] else 'smaller'} under {names[1]} than under {names[0]}"
    return f"The intervals of {names[0]} and {names[1]} overlap"
