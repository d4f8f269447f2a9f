"""Lookup of names in a table, with the nearest one in the error for an unknown name."""

import difflib
from collections.abc import Iterable

from saddlery.text.arguments import QUOTED, plain, quoted


def nearest(kind: str, name: object, allowed: Iterable[str]) -> str:
    """The error message for an unknown name: the name, the nearest one allowed, and all that are.

    >>> nearest("method", "consensos", ["alternating", "consensus"])
    "unknown method 'consensos'; did you mean 'consensus'? Allowed: alternating, consensus"
    """
    allowed = sorted(allowed)
    shown = plain(name, QUOTED) if isinstance(name, str) else quoted(name)
    small = {each.lower(): each for each in allowed}
    close = difflib.get_close_matches(shown.lower(), small, n=1, cutoff=0.5)
    guess = f"; did you mean '{small[close[0]]}'?" if close else "."
    return f"unknown {kind} '{shown}'{guess} Allowed: {', '.join(allowed)}"
