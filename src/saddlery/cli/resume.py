"""`saddlery resume`: go on with an experiment that was stopped."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import cache
from saddlery.cli.errors import mistakes
from saddlery.cli.run import NoReport, Quiet, train


def resume(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one that holds several.")],
    quiet: Quiet = False,
    no_report: NoReport = False,
) -> None:
    """Go on with an experiment that was stopped.

    It ends with exactly the numbers of an uninterrupted run.
    """
    cache.enable()
    with mistakes():
        from saddlery.experiment import Experiment, experiments_in, prepare

        ready = {path: prepare(Experiment.read(path)) for path in experiments_in(folder)}
    train(ready, folder, quiet=quiet, page=not no_report)
