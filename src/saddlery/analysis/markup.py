"""HTML tables for notebooks, in which everything is escaped."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

import xarray as xr

from saddlery.analysis.measures import measure_of
from saddlery.analysis.numbers import number
from saddlery.analysis.seeds import last_known
from saddlery.text.arguments import plain


def paragraph(text: object) -> str:
    """A text as an HTML paragraph.

    >>> paragraph("‖v‖ < 1")
    '<p>‖v‖ &lt; 1</p>'
    """
    return f"<p>{_escaped(text)}</p>"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """An HTML table, its first row of heads.

    >>> table(["a", "b"], [["<i>", 1]])
    '<table><tr><th>a</th><th>b</th></tr><tr><td>&lt;i&gt;</td><td>1</td></tr></table>'
    """
    top = "".join(f"<th>{_escaped(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_escaped(each)}</td>' for each in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _escaped(text: object) -> str:
    return html.escape(plain(text))


def of_runs(history: xr.Dataset) -> str:
    """An HTML table of a history (seed, step): a row for each seed, how it ended and its last record of each number."""
    names = [name for name, each in history.data_vars.items() if {*each.dims} == {"seed", "step"}]
    measures = [measure_of(history, str(name)) for name in names]
    ends = [last_known(history[name].transpose("seed", "step").values.astype(float)) for name in names]
    last = int(history["step"].values[-1])
    rows = []
    for i, seed in enumerate(history["seed"].values):
        lost = int(history["diverged_at"].values[i])
        ended = f"step {last:,}" if lost < 0 else f"diverged at step {lost:,}"
        pace = number(float(history["steps_per_second"].values[i]))
        values = [measure.text(float(end[i])) for measure, end in zip(measures, ends, strict=True)]
        rows.append([seed, ended, *values, pace])
    return table(["Seed", "Ended", *(measure.title for measure in measures), "Steps a second"], rows)
