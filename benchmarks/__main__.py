"""`python -m benchmarks [NAME …] [--json PATH]`: Saddlery beside its peers, in one table."""

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import table
from saddlery.allocator import keep_memory

NAMES = ("unroll", "ring", "memory", "runs", "sweep", "first_order", "spectrum", "convolution", "stacked", "inversion")
WIDTH = 130  # of the table in a file or a pipe


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(NAMES)}; all by default.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the rows here too, a JSON object a line.")] = None,
) -> None:
    """Measure Saddlery beside its peers, side by side in this process, and print one table."""
    names = names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    os.environ.setdefault("PJRT_NPROC", "1")  # a run on one core, as the peers are fastest; before JAX starts
    keep_memory()  # for PyTorch as for JAX: the whole process
    console, rows = Console(), []
    console = console if console.is_terminal else Console(width=WIDTH)
    for name in names:
        with console.status(f"measuring {name} …"):
            rows.extend(import_module(f"benchmarks.{name}").rows())
    console.print(table.draw(rows, table.machine()))
    if json:
        table.write(rows, json)


typer.run(main)
