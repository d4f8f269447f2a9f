"""Sections of a study's page: tables, figures, sheets of images and words."""

from collections.abc import Sequence
from typing import NamedTuple

from saddlery.plots.picture import Picture
from saddlery.report.sheet import Sheet


class Cell(NamedTuple):
    """A cell of a table: a number as text, what stands beneath it, and its tone.

    `tone`: `"good"`, `"bad"`, `"bold"` or `"soft"`.
    """

    text: str
    range: str = ""
    tone: str = ""


class Row(NamedTuple):
    """A table's row: its label, its cells, its colour, and whether it is only what others are compared with."""

    label: str
    cells: Sequence[Cell]
    color: str = ""
    reference: bool = False


class Table(NamedTuple):
    """A table of a page: its heads and its rows.

    - `heads`: with their meanings, that of the first column among them. `rows`: the others.
    - `kind`: `"numbers"` in small type, `"words"` that are broken into lines, or neither.
    """

    heads: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    kind: str = "numbers"


class Section(NamedTuple):
    """A section of a page.

    - `heading`; `small`: how to read it, with code between backticks; `anchor`: what links lead to it by.
    - `table`, `pictures`, `sheets`, `pairs`: what it shows; pairs are a name and a text.
    - `small_figures`: whether the pictures stand side by side.
    """

    heading: str
    small: str = ""
    table: Table | None = None
    pictures: Sequence[Picture] = ()
    sheets: Sequence[Sheet] = ()
    pairs: Sequence[tuple[str, str]] = ()
    anchor: str = ""
    small_figures: bool = False


class Content(NamedTuple):
    """The content of a study's page beside its question and its findings.

    - `extent`: how large the study is, in a line; `sections`: all that is shown.
    - `note`: how it was done. `links`: anchors and names of the sections that are linked from the top.
    """

    extent: str
    sections: Sequence[Section]
    note: str = ""
    links: Sequence[tuple[str, str]] = ()
