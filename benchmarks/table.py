"""The rows that benchmarks yield, and the table they are printed in."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from saddlery._system.cores import usable_cores


class Row(NamedTuple):
    """One measured number.

    - `values`: one of each round; the median is what counts, the extremes are its spread.
    - `target`: what the median must be at least, or with `at_most` at most; `None` for what is told only.
    """

    benchmark: str
    measure: str
    values: Sequence[float]
    unit: str = ""
    target: float | None = None
    at_most: bool = False

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the target is met."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def record(self) -> dict:
        """The row for a file."""
        return {**self._asdict(), "values": list(self.values), "value": self.value, "met": self.met}


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round, so that what slows a whole round cancels."""
    return [a / b for a, b in zip(above, below, strict=True)]


def rates(times: Sequence[float]) -> list[float]:
    """Steps per second out of seconds per step."""
    return [1 / time for time in times]


def machine() -> str:
    """What was measured on, and with which versions."""
    return (
        f"{processor()}, {usable_cores()} cores, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("jax", "torch", "higher", "torchopt"))
    )


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def draw(rows: Sequence[Row], title: str) -> Table:
    """The rows as a table with targets and verdicts."""
    table = Table(title=title, caption="median over rounds; spread: smallest and largest round")
    for heading in ("benchmark", "measure"):
        table.add_column(heading)
    for heading in ("median", "spread", "target", ""):
        table.add_column(heading, justify="right")
    last = None
    for row in rows:
        if last not in (None, row.benchmark):
            table.add_section()
        target = "" if row.target is None else f"{'≤' if row.at_most else '≥'} {row.target:g}"
        spread = f"{number(min(row.values))} – {number(max(row.values))}" if len(row.values) > 1 else ""
        verdict = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[row.met]
        unit = f" {row.unit}" if row.unit else ""
        table.add_row("" if row.benchmark == last else row.benchmark, row.measure, number(row.value) + unit, spread,
                      target, verdict)  # fmt: skip
        last = row.benchmark
    return table


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write(rows: Sequence[Row], path: Path) -> None:
    """The machine and the rows, a JSON object a line."""
    lines = [{"machine": machine()}, *(row.record() for row in rows)]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
