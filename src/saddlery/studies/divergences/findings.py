"""Findings of the study `divergences`."""

import xarray as xr

from saddlery.analysis.intervals import spread
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies import crossed

ZERO_SUM = ("minimax", "tv", "wasserstein", "f_kl", "f_reverse_kl", "f_pearson", "f_hellinger", "f_js")


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    found = crossed.best(dataset)
    return [*crossed.findings(found, "loss"), *diverged(dataset, "row"), _zero_sum(found)]


def _zero_sum(found: xr.Dataset) -> Finding:
    """Whether methods help losses that are no zero-sum game as well."""
    groups = {
        "zero-sum": [row for row in found["row"].values if row in ZERO_SUM],
        "not zero-sum": [row for row in found["row"].values if row not in ZERO_SUM],
    }
    parts, numbers = [], {}
    for kind, rows in groups.items():
        if rows:
            chosen = found.sel(row=rows)
            parts.append(f"of the {len(rows)} that are {kind}, {crossed.means(chosen)}")
            numbers |= {kind: len(rows), f"ratio, {kind}": spread(crossed.averaged(crossed.ratios(chosen)))}
    text = f"Distance over that of {crossed.BASELINE} descent, geometric mean over losses: {'; '.join(parts)}."
    return Finding("Zero-sum or not", text, "plain", numbers)
