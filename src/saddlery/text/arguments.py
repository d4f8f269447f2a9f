"""Argument checks: whole numbers and numbers within ranges, and values quoted in errors that name the argument."""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, TypedDict, TypeVar, Unpack, cast

from saddlery.errors import InvalidValue

QUOTED = 80  # characters of a value in an error
F = TypeVar("F")
COUNT = 2**31 - 1  # the largest count: sizes and steps are 32-bit numbers in compiled programs
FINITE = (2 - 2**-23) * 2.0**127  # the largest number: programs compute in float32
SMALLEST = 2.0**-126  # the smallest number above 0: smaller ones count as 0 in programs


def quoted(value: object, most: int = QUOTED) -> str:
    """A value as errors quote it: its `repr` in one line of at most `most` characters.

    >>> quoted("x" * 200, 12)
    "'xxxxxxxxxx…"
    >>> quoted(10**400)
    'a whole number of 401 digits'
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**most:
        return f"a whole number of {len(str(abs(value))) if value.bit_length() < 10_000 else 'thousands of'} digits"
    try:
        text = repr(value)
    except Exception:  # a foreign object, or a container of numbers too long to be written out
        text = f"a {type(value).__name__}"
    return plain(text, most)


def plain(text: object, most: int | None = None) -> str:
    """Text for a terminal, a file or a figure: no control character, lone surrogate or line break, and shortened.

    >>> plain("a\\x1b[31mb\\nc")
    'a�[31mb c'
    """
    text = str(text) if most is None else str(text)[: most + 1]
    kept = "".join(" " if each in "\n\r\t" else each if each.isprintable() or each == " " else "�" for each in text)
    return kept if most is None or len(kept) <= most else kept[: most - 1] + "…"


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The differences between two mappings, in words.

    >>> differences({"steps": 5, "key": 0}, {"steps": 9, "key": 0})
    ['steps there: 5, here: 9']
    """
    return [
        f"{name} there: {quoted(was.get(name))}, here: {quoted(now.get(name))}"
        for name in dict.fromkeys([*now, *was])
        if was.get(name) != now.get(name)
    ]


def first_line(error: BaseException, most: int = 300) -> str:
    """The first line of an error's message, or its type's name where it says nothing."""
    return plain((str(error).strip().splitlines() or [type(error).__name__])[0], most)


def whole(name: str, value: object, least: int = 1, most: int = COUNT, why: str = "") -> int:
    """Check a whole number from `least` to `most`, and return it as a Python integer.

    **Arguments:** `why` says why there is no more than `most`, in a clause that the error ends with.

    **Raises:** `ValueError` naming the argument, its value and what is allowed, for anything else, booleans included.
    """
    found = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if found is None or not least <= found <= most:
        endless = most == COUNT and (found is None or found < least)
        wanted = f"a whole number, {least} or more" if endless else f"a whole number from {least} to {most}"
        raise InvalidValue(f"{name}: got {quoted(value)}, expected {wanted}{f': {why}' if why else ''}")
    return found


class Bounds(TypedDict, total=False):
    """A range of numbers: `least` and `most` are in the range, `above` and `below` are not; `why` as of `whole`."""

    least: float | None
    above: float | None
    most: float | None
    below: float | None
    why: str


def number(name: str, value: object, **within: Unpack[Bounds]) -> float:
    """Check a real number, finite in float32 and within its `Bounds`, and return it as a Python float.

    **Raises:** `ValueError` naming the argument, its value and what is allowed, for anything else, booleans included.
    """
    try:
        found = float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    except OverflowError:
        found = math.inf
    return required(name, value, found, **within)


def required(name: str, value: object, numbers: F | None, **within: Unpack[Bounds]) -> F:
    """A number, or an array of numbers, once it is sure to be finite and within its `Bounds`.

        >>> required("ratio", "4", 4.0, above=0.0)
        4.0

    **Arguments:** `value`: as it was given, for the error; `numbers`: what it is, `None` for no number at all.

    **Raises:** `ValueError` as `number`.
    """
    found: Any = numbers
    least, above, most, below = (within.get(end) for end in ("least", "above", "most", "below"))
    why = within.get("why", "")
    finite = found is not None and _everywhere(abs(found) <= FINITE)
    if finite and _everywhere(
        (least is None or found >= least)
        & (above is None or found > above)
        & (most is None or found <= most)
        & (below is None or found < below)
    ):
        return cast(F, found)
    endless = "finite in float32" if found is not None and not finite else ""
    low = f"above {above:g}" if above is not None else f"of {least:g} or more" if least is not None else ""
    high = f"below {below:g}" if below is not None else f"of at most {most:g}" if most is not None else ""
    wanted = " and ".join(filter(None, (low, high, endless)))
    raise InvalidValue(
        f"{name}: got {quoted(value)}, expected a number{' ' if wanted else ''}{wanted}{f': {why}' if why else ''}"
    )


def _everywhere(holds: Any) -> bool:
    """Whether it holds, of an array in all of its entries."""
    return holds if isinstance(holds, bool) else bool(holds.all())
