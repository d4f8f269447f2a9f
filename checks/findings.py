"""Whether every number in a finding's text is in its data."""

import re
from collections.abc import Iterable

import numpy as np

from saddlery.analysis.numbers import exact, number, percent

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?%?")
FORMS = (number, percent, exact)  # as findings write numbers; a sign stands before them


def undeclared(finding, labels=()):
    """The numbers of a finding's text that are neither in its data nor within a label or a text of its data."""
    values, texts = held(finding.data.values())
    text = finding.text
    for name in sorted({*texts, *map(str, labels)}, key=len, reverse=True):
        if re.search(r"\d", name):
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w|[.,]\d)", " ", text)
    allowed = {form(abs(value)) for value in values for form in FORMS}
    return [found for found in NUMBER.findall(text) if found not in allowed]


def held(data: Iterable) -> tuple[set[float], set[str]]:
    """All numbers and all texts in some data."""
    numbers, texts = set(), set()
    for each in data:
        if isinstance(each, str):
            texts.add(each)
        elif isinstance(each, list | tuple | set):
            for found, more in zip((numbers, texts), held(each), strict=True):
                found |= more
        else:
            numbers |= set(np.asarray(each, float).ravel().tolist())
    return numbers, texts


def changed(text):
    """The text with each of its numbers made another in turn: digits more at its end."""
    for found in NUMBER.finditer(text):
        at = found.end() - found[0].endswith("%")
        yield f"{text[:at]}777{text[at:]}"


def labels_of(dataset):
    """What a dataset calls its settings, measures and so on, and how many of its runs an interval may be of."""
    most = dataset.sizes.get("seed", 1) * dataset.sizes.get("setting", 1)
    names = {str(name) for each in dataset.coords.values() if each.dtype.kind in "OUT" for name in each.values.ravel()}
    return names | {f"n = {seeds}" for seeds in range(1, most + 1)}


def unsaid(findings, dataset):
    """The numbers of a study's findings that are not in their data, by the findings' subjects."""
    labels = labels_of(dataset)
    return {finding.subject: wrong for finding in findings if (wrong := undeclared(finding, labels))}
