"""HTML pages out of the templates beside this file, written with their figures."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from saddlery.plots.picture import Picture, png_uri, svg_uri
from saddlery.records import storage


def write_page(folder: str | os.PathLike, page: str, figures: Mapping[str, bytes]) -> Path:
    """Write `folder/report.html`, and its figures by their names below `folder/figures`.

    Each file appears whole or not at all; files of that name are replaced, the page last.

    **Arguments:** `folder`: created if it does not exist.

    **Returns:** the path of the page.

    **Raises:** `OSError` when it cannot be written.
    """
    folder = Path(folder)
    storage.mark(folder)
    (folder / "figures").mkdir(exist_ok=True)
    for name, content in figures.items():
        storage.write(folder / "figures" / name, content)
    storage.write(folder / "report.html", page)
    return folder / "report.html"


def files(pictures: Iterable[Picture], prefix: str = "") -> dict[str, bytes]:
    """The files of figures, an SVG and a PNG each, by their names after a prefix."""
    return {f"{prefix}{picture.name}.{kind}": getattr(picture, kind) for picture in pictures for kind in ("svg", "png")}


def filled(template: str, **shown: object) -> str:
    """The HTML of a page: whatever comes from the data is escaped, and a name that is not given is an error.

    **Arguments:**
    - `template`: the file's name, such as `"page.html.jinja"`.
    - `shown`: what the template shows; the filters `uri` and `png_uri` turn an SVG or PNG file into a data URI.
    """
    environment = Environment(
        loader=PackageLoader("saddlery", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"uri": svg_uri, "png_uri": png_uri}
    return environment.get_template(template).render(shown)
