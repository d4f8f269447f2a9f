"""Curves in a terminal: lines of dots, two by four to a character (Unicode's Braille patterns)."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rich.text import Text

BLANK = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # by row and column within a character


def curve(values: np.ndarray, low: float, high: float, width: int, height: int) -> np.ndarray:
    """The dots of a line through values, evenly spaced from left to right, in so many characters by so many.

    Where a value is NaN there is a gap; what lies outside `low` to `high` is cut off.

        >>> print(*written(curve(np.array([0.0, 1.0]), 0, 1, 4, 1)))
        ⣀⠤⠒⠉

    **Returns:** numbers of characters beyond the blank one, (height, width).
    """
    rows, columns = 4 * height, 2 * width
    place = np.linspace(0, len(values) - 1, columns)
    before, share = np.floor(place).astype(int), place % 1
    after = np.minimum(before + 1, len(values) - 1)
    line = np.where(share > 0, (1 - share) * values[before] + share * values[after], values[before])
    up = np.clip((line - low) / (high - low), 0, 1) * (rows - 1)
    dots = np.zeros((rows, columns), bool)
    last = -1  # the row of the column before
    for column in range(columns):
        if not np.isfinite(up[column]):
            last = -1
            continue
        here = rows - 1 - round(up[column])
        first = here if last in (-1, here) else last + (1 if here > last else -1)
        dots[min(first, here) : max(first, here) + 1, column] = True
        last = here
    blocks = dots.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
    return (blocks * DOTS).sum((2, 3))


def written(dots: np.ndarray) -> list[str]:
    """Dots as lines of text."""
    return ["".join(chr(BLANK + each) if each else " " for each in row) for row in dots]


def drawn(middle: np.ndarray, each: np.ndarray, low: float, high: float, width: int, height: int) -> "Text":
    """The curves of seeds, dim, and over them their middle, bold, as text of several lines."""
    from rich.text import Text

    over = curve(middle, low, high, width, height)
    under = np.bitwise_or.reduce([np.zeros_like(over), *(curve(one, low, high, width, height) for one in each)])
    text = Text(no_wrap=True)
    for row, (top, bottom) in enumerate(zip(over, under, strict=True)):
        for bold, some in itertools.groupby(zip(top, bottom, strict=True), key=lambda pair: pair[0] > 0):
            text.append(written(np.array([[one | other for one, other in some]]))[0], "bold" if bold else "dim")
        text.append("\n" if row < height - 1 else "")
    return text
