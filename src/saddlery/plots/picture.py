"""Figures as files: drawn once, shown by notebooks, embedded in reports, saved whole or not at all."""

import base64
import html
import io
import os
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter

from saddlery.errors import InvalidValue
from saddlery.records import storage
from saddlery.text.arguments import plain

KINDS = ("svg", "png")
SALT = "saddlery"  # with which names in an SVG file are digests, so that one figure is always one file


class Picture(NamedTuple):
    """A figure: its name, its description in words, and its SVG and PNG files.

    Notebooks show it.
    """

    name: str
    alt: str
    svg: bytes
    png: bytes

    def save(self, path: str | os.PathLike) -> Path:
        """Save the figure to a file, whole or not at all; one that Saddlery wrote before is replaced.

        The file's digest is noted in `.saddlery` beside it, which is how Saddlery knows its own.

            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     Picture("square", "A square.", b"<svg/>", b"").save(f"{folder}/square.svg").read_bytes()
            b'<svg/>'

        **Arguments:** `path`: ends in `.svg` or `.png`, which says how it is written; its folder is made.

        **Returns:** the path.

        **Raises:** `ValueError` for another ending; `FileExistsError` when there is a file that Saddlery did not
        write; `OSError` when it cannot be written.
        """
        target = storage.expanded("path", os.fspath(path), "the name of a file")
        kind = target.suffix.lower().removeprefix(".")
        if kind not in KINDS:
            raise InvalidValue(f"path: got {plain(target)}, expected a name that ends in .svg or .png")
        storage.require_replaceable(target)
        storage.mark(target.parent)
        storage.write(target, getattr(self, kind))
        return target

    def __repr__(self) -> str:
        return f"<Picture {plain(self.name)}: {plain(self.alt)}>"

    def _repr_svg_(self) -> str:
        """The drawing, in notebooks."""
        return self.svg.decode()

    def _repr_png_(self) -> bytes:
        """The same, where a notebook shows no SVG."""
        return self.png


class Pictures(tuple[Picture, ...]):
    """Several figures, which notebooks show side by side."""

    def _repr_html_(self) -> str:
        """All of them, in notebooks."""
        return "".join(f'<img src="{svg_uri(each.svg)}" alt="{html.escape(each.alt)}">' for each in self)


def svg_uri(svg: bytes) -> str:
    """An SVG file as a data URI."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def png_uri(png: bytes) -> str:
    """A PNG file as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def render(figure: Figure, name: str, alt: str) -> Picture:
    """Render a figure as SVG, its dense parts as pixels, and as PNG."""
    _tame(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both files, which `savefig` would draw once more each
    svg, png = io.BytesIO(), io.BytesIO()
    FigureCanvasAgg(figure).print_png(png)
    with matplotlib.rc_context({"svg.hashsalt": SALT}):
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None})
    return Picture(name, alt, svg.getvalue(), png.getvalue())


def _tame(figure: Figure) -> None:
    """Let no text of the user's break a figure: control characters are replaced, `$` that is no formula is a letter."""
    for text in figure.findobj(Text):
        text.set_text("\n".join(map(plain, text.get_text().split("\n"))))
        if "$" in text.get_text() and not _is_formula(text.get_text()):
            text.set_parse_math(False)
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if not isinstance(axis.get_major_formatter(), LogFormatter):  # whose own labels are formulas
            for tick in axis.get_major_ticks():
                tick.label1.set_parse_math(False)
                tick.label2.set_parse_math(False)


def _is_formula(text: str) -> bool:
    """Whether Matplotlib can read what is between the dollars of a text."""
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return False
    return True
