"""How numbers are written in a diagnosis."""

import math


def number(value: float) -> str:
    """Three significant digits; a dash for what is not known, and 0 for what single precision cannot tell from it."""
    if math.isnan(value):
        return "–"
    if abs(value) < 1e-37:
        return "0"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e5 else f"{value:.3g}"


def complex_number(value: complex) -> str:
    """An eigenvalue, a conjugate pair as one."""
    if abs(value.imag) <= 1e-3 * abs(value):
        return number(value.real)
    return f"{number(value.real)} ± {number(abs(value.imag))}i"


def signed(value: float) -> str:
    """Two significant digits with the sign."""
    return "–" if math.isnan(value) else f"{value:+.2g}"
