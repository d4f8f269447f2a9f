"""`saddlery resume`: go on with an experiment that was stopped."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import cache
from saddlery.cli.errors import mistakes
from saddlery.cli.report import Store
from saddlery.cli.run import Address, Engine, NoReport, Quiet, chosen_engine, train


def resume(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one that holds several.")],
    store: Store = None,
    engine: Engine = "local",
    address: Address = None,
    quiet: Quiet = False,
    no_report: NoReport = False,
) -> None:
    """Go on with an experiment that was stopped.

    It ends with exactly the numbers of an uninterrupted run.
    """
    cache.enable()
    with mistakes():
        from saddlery.experiment import Experiment, experiments_in, prepare
        from saddlery.results import store_of

        found = {path: Experiment.read(path) for path in experiments_in(folder)}
        for path, experiment in found.items():
            store_of(experiment.store, path, store)
        ready = {path: prepare(experiment) for path, experiment in found.items()}
        chosen = chosen_engine(engine, address)
    train(ready, folder, quiet=quiet, page=not no_report, engine=chosen)
