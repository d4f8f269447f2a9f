"""`saddlery resume`: runs that were stopped, resumed, and runs extended to more steps."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.progress import Watched, shown
from saddlery.cli.report import Data, Store, publish
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
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, whole

if TYPE_CHECKING:
    from saddlery.experiments.trained import BuiltTraining
    from saddlery.loggers import Logger
    from saddlery.records.description import Description

Steps = Annotated[
    int | None, typer.Option(help="Steps in all; more than it has extend it, finished or not. [as many as it has]")
]


def resume(
    folder: Annotated[Path, typer.Argument(help="A folder of runs, or one that holds several.")],
    steps: Steps = None,
    data: Data = None,
    store: Store = None,
    engine: Engine = "local",
    address: Address = None,
    quiet: Quiet = False,
    no_report: NoReport = False,
    log: Log = None,
    break_lease: BreakLease = False,
    plugin: Plugins = None,
) -> None:
    """Resume runs that were stopped, or extend runs to more steps.

    It ends with exactly the numbers of an uninterrupted run of so many steps. Until then the results of fewer stay.
    """
    environment.require(figures=not no_report)
    from saddlery.experiments.built import BuiltExperiment
    from saddlery.experiments.claimed import all_claimed, store_of
    from saddlery.experiments.experiment import Experiment, experiments_in
    from saddlery.experiments.extension import is_finished
    from saddlery.experiments.opening import open_results
    from saddlery.experiments.restored import built_in
    from saddlery.experiments.trained import BuiltTraining
    from saddlery.records import description
    from saddlery.records.claims import local_folder

    folder, steps = local_folder("folder", folder), None if steps is None else whole("steps", steps)
    held = _with_games({path: description.read(path) for path in experiments_in(folder)})
    if steps is not None and len(held) > 1:
        raise InvalidValue(f"steps: {folder} holds several runs; extend one of them: {', '.join(map(str, held))}")
    if steps is not None and engine != "local":
        raise InvalidValue(f"steps: got {steps} with the engine {engine}; runs are extended on this machine")
    found = {path: Experiment.of(each, path) for path, each in held.items() if each.kind == "experiment"}
    stores = {path: store_of(found[path].store if path in found else None, path, store) for path in held}
    done = {
        path
        for path, each in held.items()
        if steps in (None, each.what["steps"])
        and is_finished(stores[path], len(found[path].labels) if path in found else 1, each.what["steps"])
    }
    told = loggers(log, engine)
    every = {
        path: built_in(path, data=data) for path in held if path not in done or (path in found and done < found.keys())
    }
    for path in held.keys() - found.keys():
        if isinstance(each := every.get(path), BuiltTraining):
            _resume_training(path, each, steps, quiet, page=not no_report, log=told)
        else:
            say(_finished(path, held[path]))
            publish([open_results(path)], path, not no_report)
    if found and found.keys() <= done:
        with all_claimed(found, resume=True, take=break_lease):
            for path in found:
                say(_finished(path, held[path]))
            publish([open_results(path, store) for path in found], folder, not no_report)
        return
    built = {path: each for path, each in every.items() if isinstance(each, BuiltExperiment)}
    if not built:
        return
    if steps is not None:
        built = {path: each._replace(experiment=each.experiment.extended(steps)) for path, each in built.items()}
    chosen = chosen_engine(engine, address)
    with claimed(built, resume=True, take=break_lease) as stops:
        train(built, folder, stops, quiet=quiet, page=not no_report, engine=chosen, log=told)


def _with_games(held: "dict[Path, Description]") -> "dict[Path, Description]":
    """What can be resumed: not what was watched in PyTorch, which is said; where there is nothing else, refused."""
    from saddlery.records.description import require_game

    left = {path: each for path, each in held.items() if each.kind != "watched"}
    for path, each in held.items():
        if not left:
            require_game(each, path)
        if path not in left:
            say(f"{plain(path)} was watched in PyTorch, whose loop alone goes on with it")
    return left


def _finished(folder: Path, held: "Description") -> str:
    """What is said of finished runs: how to extend them, or why they cannot be."""
    from saddlery.experiments.experiment import Experiment
    from saddlery.experiments.extension import require_extensible

    steps, training = held.what["steps"], held.kind == "training"
    try:
        if not training:
            Experiment.of(held, folder).extended(2 * steps).require_same(held, folder)
        else:
            require_extensible(folder, steps, 2 * steps, held.what["every"])
        how = f"extend it to more steps: saddlery resume {plain(folder)} --steps {2 * steps}"
        if training and held.what["again"]["own"]:
            how = f"extend it to more steps by the same saddlery.train(…, steps={2 * steps}, resume=True)"
    except InvalidValue as error:
        how = f"it cannot be extended: {str(error).removeprefix('steps: ')}"
    return f"{plain(folder)} is finished, with {steps:,} steps; {how}"


def _resume_training(
    path: Path, built: "BuiltTraining", steps: int | None, quiet: bool, page: bool, log: "Sequence[Logger]"
) -> None:
    """Go on with runs of `saddlery.train`."""
    from saddlery import training
    from saddlery.experiments.opening import open_results

    label, *_ = built.labels
    told = Watched(built.again["game"], built.labels, steps or built.cell.steps, built.seeds)
    with resumable(path), shown([told], quiet) as progress:
        reported = progress and functools.partial(progress, told, label)
        training.resume(built, steps=steps, on_progress=reported, loggers=log)
    publish([open_results(path)], path, page)
