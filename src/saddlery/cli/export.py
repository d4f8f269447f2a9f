"""`saddlery export`: an experiment's numbers as a table for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import Store
from saddlery.errors import InvalidValue


def export(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder.")],
    format: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="The file. [FOLDER/results.FORMAT]")] = None,
    store: Store = None,
    plugin: Plugins = None,
) -> None:
    """Write an experiment's numbers as one long table: a row for each setting, seed and step.

    Of an experiment that is still running, the settings that are finished.
    """
    from saddlery.experiments.experiment import experiments_in
    from saddlery.experiments.export import export
    from saddlery.experiments.opening import open_results

    found = experiments_in(folder)
    if len(found) > 1:
        raise InvalidValue(f"{folder} holds several experiments; export one of {', '.join(map(str, found))}")
    results = open_results(found[0], store)
    path = export(results, out or found[0] / f"results.{format}", format)
    say(f"{results.sizes['setting']} of {results.attrs['cells']} settings: {path}")
