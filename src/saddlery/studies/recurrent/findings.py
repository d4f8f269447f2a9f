"""Findings of the study `recurrent`."""

import xarray as xr

from saddlery.analysis.numbers import number
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.depth_changes import changed


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    out = []
    for subject, name, what in (
        ("Collapse, in pixels", "pixels", "Median distance of two samples"),
        ("Collapse, in features", "features", "Median distance of two samples' features"),
        ("Digits found", "found", "Digits in at least one sample in a hundred"),
        ("Quality", "frechet", "Fréchet distance of features"),
    ):
        change = changed(dataset, name)
        real = float(dataset[f"control_{name}"].sel(control="real images"))
        noise = float(dataset[f"control_{name}"].sel(control="noise of the same pixels"))
        text = (
            f"{what}: {change.sentence('more', 'less')}. Of real images it is {number(real)}, of noise of the same "
            f"pixels {number(noise)}."
        )
        out.append(Finding(subject, text, "plain", {"change": change.found, "n": change.seeds, "of": [real, noise]}))
    return [*out, *diverged(dataset)]
