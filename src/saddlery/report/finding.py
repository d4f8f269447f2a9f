"""Findings, in words and as data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Finding(NamedTuple):
    """A finding: a sentence, what it is about, and the numbers in it.

    - `subject`, `text`: what it is about, and what was found.
    - `tone`: whether that is `"good"`, `"bad"` or `"plain"`.
    - `data`: numbers and arrays by name. Every number in the text is one of them, written by `saddlery.analysis`:
      what was measured, and what was set, such as a threshold.
    """

    subject: str
    text: str
    tone: str = "plain"
    data: Mapping[str, Any] = NOTHING
