"""Signed JSON: it carries its own digest, so that what was changed since it was written is not read as data."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def signed(held: Mapping[str, Any]) -> str:
    """An object as signed JSON on one line, with its digest as `sum`."""
    return json.dumps(dict(held) | {"sum": _sum(json.loads(json.dumps(held)))})


def unsigned(content: bytes | str) -> dict[str, Any] | None:
    """The object in signed JSON; `None` when it is none, or has another digest than it was written with."""
    try:
        held = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) and held.pop("sum", "") == _sum(held) else None


def are_signed(lines: Sequence[bytes]) -> bool:
    """Whether each line of signed JSON, in a file that is appended to, fits its digest.

    One at the end may not, which was being written, nor one before an empty line, which was cut off once.
    """
    wrong = [i for i, line in enumerate(lines) if line and unsigned(line) is None]
    return all(i == len(lines) - 1 or not lines[i + 1] for i in wrong)


def _sum(held: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
