"""How numbers are written."""

import math
from typing import Any

import numpy as np

TINY = 1e-37  # below which single precision cannot tell a number from 0


def number(value: float) -> str:
    """Three significant digits, without exponents for ordinary sizes; a dash for what is not known.

    >>> number(0.012345), number(1234.5), number(float("nan"))
    ('0.0123', '1,234', '–')
    """
    if math.isnan(value):
        return "–"
    if abs(value) < TINY:
        return "0"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"


def percent(value: float) -> str:
    """A share between 0 and 1 in percent.

    >>> percent(0.125)
    '12.5%'
    """
    return f"{100 * value:.1f}%"


def signed(value: float) -> str:
    """Two significant digits with the sign.

    >>> signed(0.25)
    '+0.25'
    """
    return "–" if math.isnan(value) else f"{value:+.2g}"


def complex_number(value: complex) -> str:
    """An eigenvalue, a conjugate pair as one.

    >>> complex_number(0.5 + 2j), complex_number(0.5 + 0j)
    ('0.5 ± 2i', '0.5')
    """
    if abs(value.imag) <= 1e-3 * abs(value):
        return number(value.real)
    return f"{number(value.real)} ± {number(abs(value.imag))}i"


def correlation(one: Any, other: Any) -> str:
    """Spearman's rank correlation of two arrays with its p-value, `0.6 (p = 0.04)`; what is not finite is left out."""
    from scipy.stats import spearmanr

    x, y = np.ravel(one).astype(float), np.ravel(other).astype(float)
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return "not defined"
    value, probability = np.asarray(spearmanr(x[known], y[known]))
    chance = f"= {number(float(probability))}" if probability >= 0.001 else "< 0.001"
    return f"{number(float(value))} (p {chance})"
