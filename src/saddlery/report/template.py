"""Pages out of the templates beside this file."""

import base64
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def filled(template: str, **shown: Any) -> str:
    """A page as text: whatever comes from the data is escaped, and a name that is not given is an error.

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


def svg_uri(svg: bytes) -> str:
    """An SVG file as a data URI."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def png_uri(png: bytes) -> str:
    """A PNG file as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
