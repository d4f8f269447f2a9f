"""`saddlery report`: the page and the figures of finished experiments."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.cli.errors import mistakes

Store = Annotated[
    str | None, typer.Option(help="Where the results are, for an experiment that keeps them outside its folder.")
]
WIDTH = 140  # of a table that goes into a file or a pipe


def report(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one that holds several.")],
    store: Store = None,
) -> None:
    """Write report.html and its figures.

    One page that opens without a network; the figures are beside it as SVG and PNG.
    """
    with mistakes():
        from saddlery.experiment import experiments_in, open_results

        results = [open_results(found, store) for found in experiments_in(folder)]
    publish(results, folder)


def publish(results: list[Any], folder: Path, page: bool = True) -> None:
    """Print the table of some results and where they are; write the report beside them unless not wanted."""
    from rich.console import Console

    from saddlery.report.summary import table

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table(results))
    typer.echo(f"Results: {folder}")
    if page:
        from saddlery.report import write

        typer.echo(f"Report: {write(results, folder)}")
