"""`saddlery resume`: go on with an experiment that was stopped."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import Store
from saddlery.cli.run import Address, BreakLease, Engine, NoReport, Quiet, chosen_engine, claimed, train


def resume(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder, or one that holds several.")],
    store: Store = None,
    engine: Engine = "local",
    address: Address = None,
    quiet: Quiet = False,
    no_report: NoReport = False,
    break_lease: BreakLease = False,
    plugin: Plugins = None,
) -> None:
    """Go on with an experiment that was stopped.

    It ends with exactly the numbers of an uninterrupted run.
    """
    environment.require(figures=not no_report)
    from saddlery.experiments.claimed import store_of
    from saddlery.experiments.experiment import Experiment, experiments_in
    from saddlery.experiments.restored import built_in
    from saddlery.records.claims import local_folder

    folder = local_folder("folder", folder)
    found = {path: Experiment.read(path) for path in experiments_in(folder)}
    for path, experiment in found.items():
        store_of(experiment.store, path, store)
    built = {path: built_in(path) for path in found}
    chosen = chosen_engine(engine, address)
    with claimed(built, resume=True, take=break_lease) as stops:
        train(built, folder, stops, quiet=quiet, page=not no_report, engine=chosen)
