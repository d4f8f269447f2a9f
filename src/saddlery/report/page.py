"""The report: one HTML file that opens without a network, and its figures as SVG and PNG beside it."""

import os
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saddlery.analysis.comparison import measures
from saddlery.analysis.facts import optimisers
from saddlery.analysis.labels import with_short_labels
from saddlery.analysis.measures import MEASURES, measured
from saddlery.analysis.seeds import ranking
from saddlery.analysis.sweeps import shown
from saddlery.errors import InvalidValue
from saddlery.plots.curves import curve, drawn_of
from saddlery.plots.picture import Picture
from saddlery.plots.samples import pictures
from saddlery.plots.style import looks
from saddlery.plots.ways import caption, ways
from saddlery.report import sweeps
from saddlery.report.animation import Animation, animation
from saddlery.report.finding import Finding
from saddlery.report.sections import Row, Table
from saddlery.report.summary import PERFECT, columns, labels, title
from saddlery.report.template import files, filled, write_page
from saddlery.report.words import extent, findings

NEEDED = ("setting", "seed", "step")


class Part(NamedTuple):
    """The part of the report on one experiment."""

    name: str
    title: str
    extent: str
    note: str
    findings: list[Finding]
    table: Table
    seeds: int
    near: bool
    perfect: bool
    chosen: str
    ranked: str
    pictures: list[Picture]
    map: Picture | None
    of: int
    ways: Picture | None
    ways_caption: str
    animation: Animation | None
    curves: list[Picture]
    key: list[str]
    settings: list[tuple[str, str]]
    command: str

    @property
    def link(self) -> tuple[str, str]:
        """The link to the part."""
        return self.name, self.title


def write(datasets: Sequence[xr.Dataset], folder: str | os.PathLike) -> Path:
    """Write `folder/report.html` and `folder/figures/*.svg` and `*.png` for one or more experiments.

    Each file appears whole or not at all; files of that name are replaced.

    **Arguments:**
    - `datasets`: experiments with dimensions `setting`, `seed`, `step`.
    - `folder`: created if it does not exist.

    **Returns:** the path of the page.

    **Raises:** `ValueError` when there is no experiment, or one lacks a dimension or has no record.
    """
    if not datasets:
        raise InvalidValue("datasets: got none, expected at least one experiment")
    for dataset in datasets:
        _check(dataset)
    parts, figures = [], {}
    for dataset in datasets:
        part = _part(dataset, taken=[part.name for part in parts])
        parts.append(part)
        figures |= files(filter(None, (part.map, part.ways, *part.pictures, *part.curves)), f"{part.name}-")
    return write_page(folder, html(parts), figures)


def html(parts: Sequence[Part]) -> str:
    """The HTML of the report; whatever comes from the data is escaped."""
    return filled("page.html.jinja", of=parts)


def _part(dataset: xr.Dataset, taken: Sequence[str]) -> Part:
    """One experiment, drawn and put into words."""
    heading, whole = title(dataset), dataset
    labelled = shown(whole)
    dataset, names = with_short_labels(labelled)
    name = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:60] or "experiment"
    return Part(
        name=name if name not in taken else f"{name}-{len(taken) + 1}",
        title=heading,
        extent=extent(dataset),
        note=str(dataset.attrs.get("note", "")),
        findings=[*sweeps.findings(whole), *findings(dataset)],
        table=_table(dataset),
        seeds=dataset.sizes["seed"],
        near="high_quality" in dataset,
        perfect=any(label.startswith(PERFECT) for label in labels(dataset)),
        chosen=_named(measures(dataset)),
        ranked=_named([name for name in (ranking(dataset), "high_quality") if name in dataset]),
        pictures=pictures(dataset),
        map=sweeps.every(whole),
        of=whole.sizes["setting"],
        ways=(drawn := ways(dataset)),
        ways_caption=caption(dataset) if drawn else "",
        animation=animation(dataset),
        curves=[curve(dataset, each) for each in drawn_of(dataset)],
        key=names.lines,
        settings=_settings(labelled),
        command=str(dataset.attrs.get("command", "")),
    )


def _named(names: Sequence[str]) -> str:
    """The measures by which seeds or settings are ranked, in words."""
    titles = (MEASURES[name].title for name in names)
    return ", then ".join(f"{title[0].lower()}{title[1:]}" for title in titles)


def _table(dataset: xr.Dataset) -> Table:
    """The summary, a row for each setting in its colour, and what a perfect sampler would have."""
    parts, colours = columns(dataset), [look.color for look in looks(dataset)]
    rows = [
        Row(label, [column.cells[i] for column in parts], color, reference=not color)
        for i, (label, color) in enumerate(zip_longest(labels(dataset), colours, fillvalue=""))
    ]
    return Table([("Method", ""), *((column.head, column.meaning) for column in parts)], rows, kind="")


def _settings(dataset: xr.Dataset) -> list[tuple[str, str]]:
    """What was set, by name; what the experiment does not say is left out."""
    attrs = dataset.attrs
    pairs: list[tuple[str, Any]] = [
        ("Game", attrs.get("game")),
        ("Methods", ", ".join(map(str, dataset["setting"].values))),
        ("Optimisers", optimisers(dataset)),
        ("Steps", attrs.get("steps")),
        ("Steps between records", attrs.get("every")),
        ("Seeds", ", ".join(map(str, dataset["seed"].values))),
        ("Key", attrs.get("key")),
        ("Samples measured", attrs.get("samples_measured") if measured(dataset, "quality") else None),
        ("Versions", attrs.get("versions")),
    ]
    return [(name, str(value)) for name, value in pairs if value is not None]


def _check(dataset: xr.Dataset) -> None:
    """Refuse what is no experiment."""
    missing = [name for name in NEEDED if not dataset.sizes.get(name)]
    if missing:
        raise InvalidValue(
            f"datasets: {title(dataset)} has no {' and no '.join(missing)}; its dimensions are {dict(dataset.sizes)}, "
            f"an experiment has at least one of each of {', '.join(NEEDED)}"
        )
