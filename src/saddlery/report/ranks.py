"""Rank correlations in words."""

from typing import Any

import numpy as np
from scipy.stats import spearmanr

from saddlery.report.measures import number


def correlation(one: Any, other: Any) -> str:
    """Spearman's rank correlation of two arrays with its p-value, `0.6 (p = 0.04)`; what is not finite is left out."""
    x, y = np.ravel(one).astype(float), np.ravel(other).astype(float)
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return "not defined"
    value, probability = np.asarray(spearmanr(x[known], y[known]))
    chance = f"= {number(float(probability))}" if probability >= 0.001 else "< 0.001"
    return f"{number(float(value))} (p {chance})"
