"""What the pages of the image studies share: sections of tables with intervals, sheets of samples, and figures."""

import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from PIL import Image

from saddlery.analysis import facts
from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import number
from saddlery.data.images import in_range
from saddlery.report.sheet import sheet as tiled
from saddlery.report.style import Picture, colour
from saddlery.report.template import files, filled, write_page
from saddlery.report.words import Finding

SHADES = {0: "#d55e00", 1: "#c98a00", 5: "#56a0d8", 10: "#0072b2"}  # of the steps that are unrolled
SHOWN, SIDE = 36, 220  # of a sheet: how many images, and its least side in pixels


class Column(NamedTuple):
    """A measure in a table.

    - `name`: the variable (setting, seed), or (setting, seed, step), of which the last record is meant.
    - `head`, `meaning`: what stands above it, and what it is in a line.
    - `text`: from a value to its text.
    """

    name: str
    head: str
    meaning: str
    text: Callable[[float], str] = number


class Row(NamedTuple):
    """A table's row: what it is called, its cells of a text and a smaller one, its colour, whether it is published or
    a control and no setting of the study."""

    label: str
    cells: list[tuple[str, str]]
    color: str = ""
    reference: bool = False


class Table(NamedTuple):
    """A table: heads with their meanings, that of the first column among them, and rows."""

    heads: list[tuple[str, str]]
    rows: list[Row]


class Sheet(NamedTuple):
    """Images side by side: what they are called, where they are from, their colour, the picture, and it in words."""

    label: str
    origin: str
    color: str
    png: bytes
    alt: str


class Section(NamedTuple):
    """A part of a page: its heading, a table, figures, sheets, and how to read them."""

    heading: str
    small: str = ""
    table: Table | None = None
    pictures: Sequence[Picture] = ()
    sheets: Sequence[Sheet] = ()


def write(
    name: str,
    dataset: xr.Dataset,
    folder: str | os.PathLike,
    extent: str,
    findings: Sequence[Finding],
    sections: Sequence[Section],
) -> Path:
    """Write `folder/report.html`, and below `folder/figures` its figures and sheets, as `NAME-*`.

    Each file appears whole or not at all; files of that name are replaced.

    **Arguments:**
    - `name`: the study's.
    - `dataset`: whose attributes `title`, `note`, `command`, and where there are `game` and `versions`, are shown,
      and its optimisers.
    - `extent`: how large the study is, in a line; `findings`: what was found, in words; `sections`: the rest.

    **Returns:** the path of the page.
    """
    figures = {}
    for section in sections:
        figures |= files(section.pictures, f"{name}-")
        for each in section.sheets:
            place = "".join(letter if letter.isalnum() else "-" for letter in f"{section.heading} {each.label}")
            figures[f"{name}-{place.lower()}.png"] = each.png
    about = dict(dataset.attrs) | {"optimisers": facts.optimisers(dataset)}
    settings = {"Game": "game", "Optimisers": "optimisers", "Versions": "versions"}
    page = filled(
        "images.html.jinja",
        data=dataset.attrs,
        extent=extent,
        findings=findings,
        sections=sections,
        settings=[(words, about[key]) for words, key in settings.items() if about.get(key)],
    )
    return write_page(folder, page, figures)


def last(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """A variable (setting, seed), of one along training the last record."""
    values = dataset[name]
    return values.isel(step=-1, drop=True) if "step" in values.dims else values


def told(values: Any, text: Callable[[float], str] = number) -> str:
    """Some seeds' median with its interval, `7.5 (6.8 to 8)`."""
    median, range = cell(values, text)
    return f"{median} ({range})" if range else median


def cell(values: Any, text: Callable[[float], str] = number) -> tuple[str, str]:
    """Some seeds' median, and its interval where there are several."""
    median, low, high = interval(values)
    if np.isnan(median):
        return "–", ""
    return text(median), f"{text(low)} to {text(high)}" if np.size(values) > 1 else ""


def table(
    dataset: xr.Dataset,
    columns: Sequence[Column],
    references: Mapping[str, Mapping[str, Any]] | None = None,
    first: tuple[str, str] = ("Setting", ""),
) -> Table:
    """A row for each setting with medians over seeds and their intervals, and rows of what they are compared with.

    **Arguments:**
    - `dataset`: with what `tint` asks for along `setting`, by which rows are coloured.
    - `references`: by their labels, values or texts by the columns' names; what is missing is left blank.
    - `first`: the head of the first column and its meaning.
    """
    rows = []
    for i, label in enumerate(dataset["setting"].values):
        cells = [cell(last(dataset, each.name).isel(setting=i).values, each.text) for each in columns]
        rows.append(Row(str(label), cells, tint(dataset, i)))
    for label, values in (references or {}).items():
        cells = [(_text(values[each.name], each.text) if each.name in values else "", "") for each in columns]
        rows.append(Row(label, cells, reference=True))
    return Table([first, *((each.head, each.meaning) for each in columns)], rows)


def perfect(dataset: xr.Dataset, columns: Sequence[Column]) -> dict[str, float]:
    """A perfect sampler's values, those that are known."""
    held = {each.name: facts.distinct(dataset, f"perfect_{each.name}") for each in columns}
    return {name: values[0] for name, values in held.items() if values}


def controls(dataset: xr.Dataset, columns: Sequence[Column]) -> dict[str, dict[str, float]]:
    """The controls' values, those that the dataset holds along `control` as `control_*`."""
    return {
        str(control): {each.name: float(dataset[f"control_{each.name}"].sel(control=control)) for each in columns}
        for control in dataset["control"].values
    }


def _text(value: Any, text: Callable[[float], str]) -> str:
    return value if isinstance(value, str) else text(float(value))


def sheet(label: str, images: np.ndarray, origin: str = "", color: str = "", shown: int = SHOWN) -> Sheet:
    """A sheet of the first images, `(n, height, width, channels)`, of uint8 or in [-1, 1]."""
    some = np.asarray(in_range(images[:shown]))
    whole = tiled(some)
    content = io.BytesIO()
    Image.fromarray(whole.repeat(scale := max(1, -(-SIDE // len(whole))), 0).repeat(scale, 1)).save(content, "PNG")
    return Sheet(label, origin, color, content.getvalue(), f"{len(some)} images: {label}{origin and ', '}{origin}.")


def tint(dataset: xr.Dataset, i: int) -> str:
    """The colour of a setting: that of its K where there is a coordinate `depth`, else that of its `method`."""
    depth = float(dataset["depth"].values[i]) if "depth" in dataset.coords else np.nan
    return SHADES.get(depth, colour(str(dataset["method"].values[i])))  # type: ignore[call-overload]


def sheets(dataset: xr.Dataset, by: str, shown: int = SHOWN) -> list[Sheet]:
    """Real images, where the dataset holds them, and those of each setting's median seed at the last record.

    **Arguments:** `by`: the variable by which seeds are ranked; of an even number the one below the middle is shown.
    """
    made = [
        sheet(f"real, {of}" if of else "real", images, "from the data", shown=shown)
        for of, images in facts.arrays(dataset, "real")
    ]
    ranked = last(dataset, by).transpose("setting", "seed").values.astype(float)
    for i, label in enumerate(dataset["setting"].values):
        seed = int(np.argsort(np.nan_to_num(ranked[i], nan=-np.inf), kind="stable")[(ranked.shape[1] - 1) // 2])
        images = dataset["samples"].isel(setting=i, seed=seed, step=-1).values
        origin = f"seed {dataset['seed'].values[seed]}"
        if int(dataset["diverged_at"].values[i, seed]) >= 0:
            images, origin = np.full_like(images, 128), f"{origin}, diverged"
        made.append(sheet(str(label), images, origin, tint(dataset, i), shown))
    return made


def diverged(dataset: xr.Dataset) -> list[Finding]:
    """Which runs left the finite numbers, where any did."""
    lost = (dataset["diverged_at"] >= 0).sum("seed").values
    names = [
        f"{label}: {n} of {dataset.sizes['seed']}"
        for label, n in zip(dataset["setting"].values, lost, strict=True)
        if n
    ]
    return [Finding("Diverged", f"{', '.join(names)} (measured as they last were).", "bad")] if names else []
