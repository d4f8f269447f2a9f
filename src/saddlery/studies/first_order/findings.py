"""Findings of the study `first-order`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.studies.first_order.experiment import NEAR

FAMILIES = {"optimal": "Optimal", "first-order": "First-order", "unrolled": "Unrolled"}


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    apart = dataset["mean1"] != dataset["mean2"]
    optimal = dataset.sel(setting="optimal")["within"]
    share = float(optimal.where(apart).mean())
    text = f"Of the starts whose two means differ, {percent(share)} end within {exact(NEAR)} of the target"
    most = float(dataset["within"].where(~apart).max())
    rest = (
        "where they are equal, both get the same gradient from any discriminator, so that only rounding parts them: "
        f"at most {percent(most)} of the runs from such a start do, with any discriminator"
    )
    hover = float(dataset["total_variation"].sel(setting="optimal", quantile=0.5)[-1])
    text += (
        f", around which they hover at steps of {exact(dataset.attrs['rate'])}: median total variation {number(hover)}"
    )
    numbers = {"near": NEAR, "share": share, "rate": dataset.attrs["rate"], "variation": hover, "equal means": most}
    found = [Finding("Optimal discriminator", f"{text}; {rest}.", "good" if share == 1 else "plain", numbers)]
    for family, steps in (("first-order", "steps of the discriminator"), ("unrolled", "steps looked ahead")):
        chosen = dataset.isel(setting=np.flatnonzero(dataset["method"].values == family))
        shares = chosen["within"].mean(("mean1", "mean2")).values
        numbers = [str(name).partition("=")[2].rstrip(")") for name in chosen["setting"].values]
        rising, falling = (np.diff(shares) > 0).all(), (np.diff(shares) < 0).all()
        trend = (
            "more steps help" if rising else "more steps make it worse" if falling else "more steps do not settle it"
        )
        text = ", ".join(f"{percent(float(s))} with {n}" for s, n in zip(shares, numbers, strict=True))
        subject, tone = FAMILIES[family], "good" if rising else "bad" if falling else "plain"
        text = f"Runs that end within {exact(NEAR)} of the target, by {steps}: {text}; {trend}."
        found.append(Finding(subject, text, tone, {"near": NEAR, "shares": shares, "steps": list(map(int, numbers))}))
    failures = dataset["share"].drop_sel(setting="optimal", outcome="convergence")
    worst = [
        f"{each['setting'].values} {each['outcome'].values[each.values.argmax()]} ({percent(float(each.max()))})"
        for each in failures
    ]
    return [
        *found,
        Finding("What goes wrong most", f"{'; '.join(worst)}.", "plain", {"share": failures.max("outcome").values}),
    ]
