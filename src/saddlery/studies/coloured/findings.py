"""Findings of the study `coloured`."""

import xarray as xr

from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import number
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.coloured.experiment import FRACTIONS
from saddlery.studies.depth_figures import depths_of, unrolled
from saddlery.studies.depths import SIZES


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    out = []
    for fraction in FRACTIONS:
        at = unrolled(dataset, fraction)
        parts = [f"K = {d:g}: {ci_text(at['js'].isel(setting=i))}" for i, d in enumerate(at["depth"].values)]
        none, most = (interval(at["js"].isel(setting=i)) for i in (0, -1))
        apart = "less" if most[2] < none[1] else "more" if most[1] > none[2] else ""
        verdict = (
            f"{apart} with K = {depths_of(dataset)[-1]} than without"
            if apart
            else "K = 0 and the largest K do not differ clearly"
        )
        tone = {"less": "good", "more": "bad"}.get(apart, "plain")
        numbers = {"js": spread(at["js"]), "K": depths_of(dataset)}
        text = f"Divergence, {', '.join(parts)}: {verdict}."
        out.append(Finding(f"Discriminator {SIZES[fraction]}", text, tone, numbers))
    one = float(dataset["control_js"].sel(control="one image"))
    least, perfect = float(spread(dataset["js"])[:, 0].min()), dataset.attrs["perfect_js"]
    text = (
        f"A perfect sampler scores {number(perfect)}, one image repeated {number(one)}, and the least divergence of "
        f"any setting is {number(least)}."
    )
    numbers = {"perfect sampler": perfect, "one image": one, "least": least}
    return [*out, Finding("Between what limits", text, "plain", numbers), *diverged(dataset)]
