"""`saddlery resume`: runs that were stopped, resumed."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.plugins import Plugins
from saddlery.cli.progress import Watched, shown
from saddlery.cli.report import Store, publish
from saddlery.cli.run import (
    Address,
    BreakLease,
    Engine,
    Log,
    NoReport,
    Quiet,
    chosen_engine,
    claimed,
    loggers,
    resumable,
    train,
)

if TYPE_CHECKING:
    from saddlery.experiments.trained import BuiltTraining
    from saddlery.loggers import Logger


def resume(
    folder: Annotated[Path, typer.Argument(help="A folder of runs, or one that holds several.")],
    store: Store = None,
    engine: Engine = "local",
    address: Address = None,
    quiet: Quiet = False,
    no_report: NoReport = False,
    log: Log = None,
    break_lease: BreakLease = False,
    plugin: Plugins = None,
) -> None:
    """Resume runs that were stopped.

    It ends with exactly the numbers of an uninterrupted run.
    """
    environment.require(figures=not no_report)
    from saddlery.experiments.built import BuiltExperiment
    from saddlery.experiments.claimed import store_of
    from saddlery.experiments.experiment import Experiment, experiments_in
    from saddlery.experiments.restored import built_in
    from saddlery.experiments.trained import BuiltTraining
    from saddlery.records import description
    from saddlery.records.claims import local_folder

    folder = local_folder("folder", folder)
    held = {path: description.read(path) for path in experiments_in(folder)}
    found = {path: Experiment.of(each, path) for path, each in held.items() if each.kind == "experiment"}
    for path, experiment in found.items():
        store_of(experiment.store, path, store)
    told = loggers(log, engine)
    every = {path: built_in(path) for path in held}
    for path, each in every.items():
        if isinstance(each, BuiltTraining):
            _resume_training(path, each, quiet, page=not no_report, log=told)
    built = {path: each for path, each in every.items() if isinstance(each, BuiltExperiment)}
    if not built:
        return
    chosen = chosen_engine(engine, address)
    with claimed(built, resume=True, take=break_lease) as stops:
        train(built, folder, stops, quiet=quiet, page=not no_report, engine=chosen, log=told)


def _resume_training(path: Path, built: "BuiltTraining", quiet: bool, page: bool, log: "Sequence[Logger]") -> None:
    """Go on with runs of `saddlery.train`."""
    from saddlery import training
    from saddlery.experiments.opening import open_results

    label, *_ = built.labels
    told = Watched(built.again["game"], built.labels, built.cell.steps, built.seeds)
    with resumable(path), shown([told], quiet) as progress:
        reported = progress and functools.partial(progress, told, label)
        training.resume(built, on_progress=reported, loggers=log)
    publish([open_results(path)], path, page)
