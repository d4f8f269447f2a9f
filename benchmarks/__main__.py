"""`python -m benchmarks [NAME …] [--json PATH]`: Saddlery beside its peers, in one table."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import table
from benchmarks.process import rows_of

NAMES = (
    "unroll", "ring", "memory", "runs", "sweep", "first_order", "spectrum", "convolution", "stacked", "inversion",
    "watched", "overhead", "growth",
)  # fmt: skip
WIDTH = 130  # of the table in a file or a pipe


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(NAMES)}; all by default.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the rows here too, a JSON object a line.")] = None,
) -> None:
    """Measure Saddlery beside its peers, in turns, and print one table."""
    names = names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    console, rows = Console(), []
    console = console if console.is_terminal else Console(width=WIDTH)
    for name in names:
        with console.status(f"measuring {name} …"):
            rows.extend(rows_of(name))
    console.print(table.draw(rows, table.machine()))
    if json:
        table.write(rows, json)


typer.run(main)
