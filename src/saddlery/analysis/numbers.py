"""Numbers as text: significant digits, percentages, differences, complex numbers and correlations."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

LEAST = 0.001  # a p-value below which it is not told further
TINY = 1e-37  # below which single precision cannot tell a number from 0


def number(value: float) -> str:
    """A number as text: three significant digits, without exponents for ordinary sizes; a dash for what is not known.

    >>> number(0.012345), number(1234.5), number(float("nan")), number(float("inf"))
    ('0.0123', '1,234', '–', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < TINY:
        return "0"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"


def percent(value: float) -> str:
    """A share between 0 and 1 as a percentage; one too small for a digit after the point with its first digit.

    >>> percent(0.125), percent(0.0004), percent(0)
    ('12.5%', '0.04%', '0.0%')
    """
    return f"{100 * value:.1g}%" if 0 < abs(value) < 0.0005 else f"{100 * value:.1f}%"


def exact(value: float) -> str:
    """A number that was chosen, such as a learning rate, as text with all of its digits.

    >>> exact(0.00025), exact(236.4), exact(20000)
    ('0.00025', '236.4', '20,000')
    """
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def change(value: float, text: Callable[[float], str] = number) -> str:
    """A difference as text with its sign.

    >>> change(-0.5), change(0.125, percent), change(0.0)
    ('−0.5', '+12.5%', '±0')
    """
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text(abs(value))}"


def signed(value: float) -> str:
    """A number as text, two significant digits with the sign.

    >>> signed(0.25), signed(-0.0)
    ('+0.25', '+0')
    """
    return "–" if math.isnan(value) else f"{value + 0.0:+.2g}"


def complex_number(value: complex) -> str:
    """A complex eigenvalue as text, a conjugate pair as one.

    >>> complex_number(0.5 + 2j), complex_number(0.5 + 0j)
    ('0.5 ± 2i', '0.5')
    """
    if abs(value.imag) <= 1e-3 * abs(value):
        return number(value.real)
    return f"{number(value.real)} ± {number(abs(value.imag))}i"


def chance(probability: float) -> str:
    """A p-value as text, `p = 0.04`; one below a thousandth is not told further.

    >>> chance(0.04), chance(1e-9)
    ('p = 0.04', 'p < 0.001')
    """
    return f"p = {number(probability)}" if probability >= LEAST else f"p < {exact(LEAST)}"


class Correlation(NamedTuple):
    """Spearman's rank correlation and its p-value; NaN where it is not defined."""

    value: float
    probability: float

    def __str__(self) -> str:
        """`0.6 (p = 0.04)`."""
        if math.isnan(self.value):
            return "not defined"
        return f"{number(self.value)} ({chance(self.probability)})"


def rank_correlation(one: ArrayLike, other: ArrayLike) -> Correlation:
    """Spearman's rank correlation of two arrays; what is not finite is left out."""
    from scipy.stats import spearmanr

    x, y = np.ravel(one).astype(float), np.ravel(other).astype(float)
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return Correlation(math.nan, math.nan)
    return Correlation(*map(float, np.asarray(spearmanr(x[known], y[known]))))


def correlated(*found: Correlation) -> dict[str, Any]:
    """The numbers of some correlations as the data of a finding."""
    return {"rank correlation": found, "least p": LEAST}
