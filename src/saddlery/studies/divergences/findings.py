"""Findings of the study `divergences`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number
from saddlery.analysis.paired import holm
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies import crossed

ZERO_SUM = ("minimax", "tv", "wasserstein", "f_kl", "f_reverse_kl", "f_pearson", "f_hellinger", "f_js")
ALPHA = 0.05


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    found = crossed.best(dataset)
    return [*crossed.findings(found, "loss"), *diverged(dataset, "row", crossed.LOST), zero_sum(found)]


def zero_sum(found: xr.Dataset) -> Finding:
    """Whether methods help losses that are no zero-sum game as much, by Mann and Whitney's test of their ratios."""
    from scipy.stats import mannwhitneyu

    ratio = crossed.ratios(found).median("seed").drop_sel(column=crossed.BASELINE)
    zero = np.isin(found["row"].values, ZERO_SUM)
    sizes = {"zero-sum": int(zero.sum()), "others": int((~zero).sum())}
    if not all(sizes.values()):
        return Finding("Zero-sum or not", "All losses are of one kind, so that there is nothing to compare.", "plain")
    names = [str(name) for name in ratio["column"].values]
    values = ratio.transpose("column", "row").values
    p = holm(np.array([float(mannwhitneyu(each[zero], each[~zero])[1]) for each in values]))
    differ = [name for name, each in zip(names, p, strict=True) if each <= ALPHA]
    text = (
        f"For {len(differ)} of {len(names)} methods the ratios to {crossed.BASELINE} descent's distance differ between "
        f"the {sizes['zero-sum']} losses that are zero-sum and the {sizes['others']} others by Mann and Whitney's test "
        f"with Holm's correction (p ≤ {exact(ALPHA)}; the least p is {number(float(p.min()))})"
    )
    text += f": {', '.join(differ)}." if differ else "."
    numbers = {"differ": len(differ), "methods": len(names), "losses": list(sizes.values()), "level": ALPHA, "p": p}
    return Finding("Zero-sum or not", text, "plain", numbers)
