"""`saddlery report`: the HTML page and the figures of finished experiments."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins

Store = Annotated[
    str | None, typer.Option(help="Where the results are, for an experiment that keeps them outside its folder.")
]
Data = Annotated[
    str | None, typer.Option(help="Where the pictures of the run are by now. [where they were, or beside the run]")
]
WIDTH = 140  # of a table that goes into a file or a pipe


def report(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one that holds several.")],
    store: Store = None,
    plugin: Plugins = None,
) -> None:
    """Write report.html and its figures.

    One page that opens without a network; the figures are beside it as SVG and PNG.
    """
    from saddlery.experiments.experiment import experiments_in
    from saddlery.experiments.opening import open_results

    results = [open_results(found, store) for found in experiments_in(folder)]
    publish(results, folder)


def publish(results: list[Any], folder: Path, page: bool = True) -> None:
    """Write the report of some results unless not wanted, then print their table and where they are."""
    from rich.console import Console

    from saddlery.report.summary import table

    refused, report = None, None
    if page:
        from saddlery.report import write

        try:
            report = write(results, folder)
        except OSError as error:
            refused = error
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table(results))
    say(f"Results: {folder}")
    if report:
        say(f"Report: {report}")
    if refused:
        raise Ended(f"the report is not written: {refused}; the results are in {folder}", 1) from refused
