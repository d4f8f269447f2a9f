"""The folder of a watched training: the same as of Saddlery's own runs, and a report of bounded length."""

import contextlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from saddlery.errors import InTheWay
from saddlery.records import description, storage
from saddlery.records.claims import RUN, claim, local_folder
from saddlery.records.description import Description
from saddlery.records.live import LiveFile, read_live
from saddlery.records.watched import RECORDS, REPORT
from saddlery.text.arguments import plain
from saddlery.torch.watching.rows import Rows

POINTS = 400  # of a series in the report
LONGEST = 256 * 1024  # bytes of the report


class Folder:
    """A folder that a watch writes: `run.json`, `live/0-0.jsonl` and `report.json`.

    **Raises:** what `saddlery.records.claims.claim` raises.
    """

    def __init__(self, path: str | os.PathLike, about: Mapping[str, Any], resume: bool):
        self.path = local_folder("out", path)
        self._stack = contextlib.ExitStack()
        self._about = dict(about)
        self.since = time.monotonic()
        if (self.path / RUN).is_file() and not resume:
            raise InTheWay(
                f"out: {plain(self.path)} holds records already; give another folder, or resume=True to go on"
            )
        there = self._stack.enter_context(claim(self.path, resume=resume))
        self.earlier = read_live(self.path / RECORDS) if there and (self.path / RECORDS).is_file() else None
        if not there:
            description.write(self.path, Description("watched", self._about))
        self._live = LiveFile(self.path / RECORDS, lambda: {"label": self._about["title"], "seed": 0, "variables": {}})

    def append(self, step: int, row: Mapping[str, float]) -> None:
        """Append a record."""
        self._live.append(step, time.monotonic() - self.since, row)

    def report(self, found: Mapping[str, Any], rows: Rows) -> None:
        """Write all records so far, and the report."""
        self._live.flush()
        points = POINTS
        while len(text := _text(found, rows, points)) > LONGEST and points > 1:
            points //= 2
        storage.write(self.path / REPORT, text)

    def close(self) -> None:
        """Let go of the folder."""
        self._stack.close()


def _text(found: Mapping[str, Any], rows: Rows, points: int) -> str:
    """The report with at most so many points of each series, the last among them."""
    series = {"step": rows.steps, **_series(rows.rows)}
    places = np.unique(np.linspace(0, len(rows.steps) - 1, min(points, len(rows.steps))).round().astype(int))
    held = {name: [_number(each[i]) for i in places] for name, each in series.items()} if rows.steps else {}
    return json.dumps(dict(found) | {"series": held}, indent=None, ensure_ascii=False) + "\n"


def _series(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, np.nan) for row in rows] for name in names}


def _number(value: float) -> float | int | None:
    """A number as JSON has it, to five digits."""
    if not np.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.5g}")
