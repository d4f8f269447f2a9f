"""Findings of the study `coloured`."""

import xarray as xr

from saddlery.analysis.intervals import spread
from saddlery.analysis.numbers import number
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.coloured.experiment import FRACTIONS
from saddlery.studies.depth_changes import changed
from saddlery.studies.depth_figures import unrolled
from saddlery.studies.depths import SIZES


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    out = []
    for fraction in FRACTIONS:
        change = changed(unrolled(dataset, fraction), "js")
        tone = {-1: "good", 0: "plain", 1: "bad"}[change.sign]
        text = f"Divergence: {change.sentence('more', 'less')}."
        out.append(Finding(f"Discriminator {SIZES[fraction]}", text, tone, {"change": change.found, "n": change.seeds}))
    one = float(dataset["control_js"].sel(control="one image"))
    least, perfect = float(spread(dataset["js"])[:, 0].min()), dataset.attrs["perfect_js"]
    text = (
        f"A perfect sampler scores {number(perfect)}, one image repeated {number(one)}, and the least median over "
        f"seeds of any setting is {number(least)}; none of them was tested against another."
    )
    numbers = {"perfect sampler": perfect, "one image": one, "least": least}
    return [*out, Finding("Between what limits", text, "plain", numbers), *diverged(dataset)]
