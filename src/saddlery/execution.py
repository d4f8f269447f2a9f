"""Experiments carried out: held in a folder, trained cell by cell, written into the store."""

import contextlib
import dataclasses
import functools
import json
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlery import storage
from saddlery.arguments import differences
from saddlery.claims import DESCRIPTION, RUNS, claim, local_folder
from saddlery.experiment import (
    KEPT,
    Experiment,
    Ready,
    as_json,
    divided,
    grid_of,
    prepare,
    same,
)
from saddlery.reading import Damaged, read_json
from saddlery.results import is_inside, open_results, store_of


@contextlib.contextmanager
def claimed(
    folder: Path, experiment: Experiment, *, resume: bool = False, force: bool = False, take: bool = False
) -> Iterator[threading.Event]:
    """Hold a folder and its store for an experiment while inside; `experiment.json` is written into it.

    With `resume`, a folder that holds this same experiment is gone on with; with `force`, what Saddlery wrote there is
    deleted first. Nothing else is ever deleted.

    **Arguments:** `take`: take a store that is no folder of this machine's from who holds it.

    **Returns:** what is set when another process takes the store over, for `carry_out`.

    **Raises:** `FileExistsError` when the folder, or the store, holds anything else and neither applies;
    `NotADirectoryError` when it is a file; `saddlery.locks.Held` when another process is at work there; `ValueError`
    when the store is of another version or cannot be opened; `OSError` when the folder cannot be written.
    """
    lost = threading.Event()
    with claim(folder, resume=resume, force=force, described=f"an experiment{_described(folder)}") as going_on:
        if going_on:
            if not (folder / DESCRIPTION).is_file():
                raise FileExistsError(f"{folder} holds no {DESCRIPTION}, but other results; choose another folder")
            if not same(Experiment.read(folder), experiment):
                raise FileExistsError(
                    f"{folder} holds another experiment{_described(folder)}; choose another folder, or replace it with "
                    "--force"
                )
        store = store_of(experiment, folder, experiment.store)
        with store.claimed(lost.set, force=force, take=take):
            _require_same(store, experiment, folder)
            if not going_on:
                try:
                    experiment.write(folder)
                except OSError as error:
                    raise OSError(f"{folder} cannot be written: {error.strerror or error}") from error
            yield lost


@contextlib.contextmanager
def all_claimed(experiments: Mapping[Path, Experiment], **options: Any) -> Iterator[dict[Path, threading.Event]]:
    """Hold the folders of several experiments, all of them before anything is trained; yields what stops each.

    **Arguments:** `options` as of `claimed`.
    """
    with contextlib.ExitStack() as stack:
        yield {path: stack.enter_context(claimed(path, each, **options)) for path, each in experiments.items()}


def _require_same(store: Any, experiment: Experiment, folder: Path) -> None:
    """Compare what a store was made for with an experiment.

    **Raises:** `FileExistsError` naming what differs.
    """
    try:
        held, now = store.description(), grid_of(experiment)
    except Damaged:
        if is_inside(store.address, folder):
            return  # `carry_out` writes it anew
        raise
    if held is not None and (odd := differences(held, now)):
        raise FileExistsError(
            f"{store.address} holds the results of another sweep ({'; '.join(odd[:3])}); put {DESCRIPTION} back as it "
            "was, choose another folder or address, or replace it with --force"
        )


def _described(folder: Path) -> str:
    """What a folder's experiment is, in a bracket, where that can be read."""
    try:
        held = Experiment.read(folder)
    except (OSError, ValueError, TypeError):
        return ""
    return f" ({held.game}: {', '.join(held.methods)}; {held.steps} steps, {held.seeds} seeds)"


def cells_of(
    ready: Ready,
    folder: Path | None,
    progress: Callable | None = None,
    checkpoint_seconds: float = 30.0,
    stop: threading.Event | None = None,
) -> list[Any]:
    """The experiment's cells: the runs of each setting, with `folder` each with a place for its checkpoints."""
    import jax

    from saddlery import recording
    from saddlery.fingerprint import digest, plan_identity
    from saddlery.metrics.suited import probes
    from saddlery.sweeps.cells import Cell
    from saddlery.training import Keys, Plan

    experiment, key = ready.experiment, jax.random.key(ready.experiment.key)
    records = recording.rows(experiment.steps, experiment.every)  # type: ignore[arg-type]
    measures = {
        text: {**probes(game, experiment.samples, experiment.shown or 0), **ready.probes}
        for text, game in ready.games.items()
    }
    games = divided(experiment, ready.games)
    keys, stop = Keys(key, experiment.seeds), stop or threading.Event()
    of_game = functools.cache(lambda text: digest(ready.games[text]))

    def cell(place, setting):
        told = None if progress is None else functools.partial(progress, experiment, setting.label)
        plan = Plan(
            game=games[setting.game], method=ready.methods[setting.label], steps=experiment.steps,
            records=records, probes=measures[setting.game], players=None, average=experiment.average,
            folder=folder / RUNS / experiment.folder_of(setting.label) if folder else None,
            checkpoint_seconds=checkpoint_seconds, progress=told, stop=stop,
            keep=len(experiment.settings) * experiment.seeds <= KEPT,
        )  # fmt: skip
        if folder:
            every = experiment.every
            plan.identity = functools.cache(lambda: plan_identity(plan, every, of_game(setting.game)))
        return Cell(place, setting.label, plan, keys)

    return [cell(place, setting) for place, setting in enumerate(experiment.settings)]


def carry_out(
    ready: Ready,
    folder: Path,
    progress: Callable | None = None,
    checkpoint_seconds: float = 30.0,
    *,
    engine: Callable | None = None,
    told: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> Any:
    """Train every setting that is not finished, its runs from their last checkpoints.

    **Arguments:**
    - `ready`: from `prepare`; the folder is one that is `claimed` meanwhile.
    - `progress`: called from training's threads with the experiment, a setting's label and a `Progress`.
    - `checkpoint_seconds`: how often each run is checkpointed.
    - `engine`: what trains cells elsewhere than in this process, such as `saddlery.sweeps.on_ray.train`; called with
      the cells and with `part`, given all but its last arguments.
    - `told`: called with what is about to be done, in words.
    - `stop`: what `claimed` yields: it is set when another process takes the store over.

    **Returns:** the results, as `open_results` does.

    **Raises:** what `saddlery.train` does: `OSError` when something cannot be written, `saddlery.signals.Stopped`, a
    `KeyboardInterrupt`, after a checkpoint of every run; `saddlery.locks.Held` when another process has taken over.
    """
    import jax

    from saddlery import signals
    from saddlery.allocator import keep_memory
    from saddlery.locks import Held
    from saddlery.sweeps.estimate import Estimate

    if jax.default_backend() == "cpu":
        keep_memory()
    store = store_of(ready.experiment, folder, ready.experiment.store)
    stop = stop or threading.Event()
    with signals.stoppable():
        cells = cells_of(ready, folder, progress, checkpoint_seconds, stop)
        finished = _opened(ready, folder, store, cells)
        left = [cell for cell in cells if cell.place not in finished]
        for cell in (cell for cell in cells if cell.place in finished):
            skip(cell, ready.experiment.steps)
        if left:
            estimate = Estimate.of(left)
            if told:
                told(str(estimate))
            try:
                if engine is None:
                    complete(left, store, ready=told and (lambda programs: told(estimate.timed(programs))))
                else:
                    described = json.dumps(grid_of(ready.experiment) | {"store": store.address})
                    engine(left, functools.partial(part, described, str(folder.absolute()), checkpoint_seconds))
            finally:
                lost = stop.is_set() and not signals.stopping() and len(store.finished()) < len(cells)
            if lost:
                raise Held(f"{store.address}: another process has taken this sweep over while this one was held up")
        signals.check()
        return open_results(folder, ready.experiment.store)


def _opened(ready: Ready, folder: Path, store: Any, cells: Sequence[Any]) -> set[int]:
    """Make the store, or compare it with what is about to go on with it; returns the cells that are there and whole.

    One that is damaged is named in a warning and counts no more, so that it is computed again.

    **Raises:** `ValueError` when the data, the precision or the experiment are not those that it was begun with.
    """
    from saddlery.facts import facts
    from saddlery.fingerprint import compare, fingerprint

    now = fingerprint(grid_of(ready.experiment), {**ready.games, **ready.own})
    described = read_json(folder / DESCRIPTION, "description of an experiment")
    if described["fingerprint"]:
        compare(str(folder / DESCRIPTION), described["fingerprint"], now)
    elif storage.is_own(folder / DESCRIPTION):  # else the user has edited it; store and checkpoints are compared
        storage.write(folder / DESCRIPTION, as_json(described | {"fingerprint": now}))
    if not _is_whole(store):
        nothing = blank(cells)  # first: it refuses what memory has no room for
        store.create(grid_of(ready.experiment), facts(ready), nothing, now)
    else:
        compare(store.address, store.fingerprint(), now, told=False)
    finished = store.finished()
    damaged = store.damaged(finished)
    for place, what in damaged.items():
        warnings.warn(
            f"{store.address} is damaged: {what} since it was written; {cells[place].label} is computed again",
            stacklevel=2,
        )
        store.drop(place)
    return {*finished} - {*damaged}


def _is_whole(store: Any) -> bool:
    """Whether a store is there, with metadata and coordinates as they were written; a warning says if they are not."""
    try:
        store.check()
    except FileNotFoundError:
        return False
    except Damaged as error:
        warnings.warn(f"{error}; it is written anew", stacklevel=3)
        return False
    return True


def complete(cells: Sequence[Any], store: Any, **options: Any) -> None:
    """Train some cells in this process and write each into the store when its runs have ended.

    **Arguments:** `options` are those of `saddlery.sweeps.local.train`.
    """
    from saddlery.sweeps import local
    from saddlery.sweeps.cells import dataset

    def done(cell, stages):
        store.write(cell.place, dataset(cell, stages))
        if not cell.plan.keep and cell.plan.folder:
            with contextlib.suppress(OSError):  # somebody keeps something in it
                storage.remove(cell.plan.folder)

    local.train(cells, done=done, **options)


def part(
    described: str,
    folder: str,
    checkpoint_seconds: float,
    places: Sequence[int],
    *,
    cores: int | None = None,
    told: Callable[[str, Any], bool],
) -> None:
    """Complete some cells of a sweep that another process leads, in a process that has only the sweep's description.

    Runs are checkpointed where the sweep's folder is seen from here, and begin anew where it is not.

    **Arguments:**
    - `described`: the experiment, in JSON; `folder`: its folder; both as in the leading process.
    - `places`: which cells; those that are in the store already are left out.
    - `cores`: how many cores to use.
    - `told`: called with a setting's label and a `Progress`, from training's threads; returns whether to stop.

    **Raises:** `OSError` when the store is not seen from here, or cannot be written.
    """
    import jax

    from saddlery.allocator import keep_memory

    ready = _rebuilt(described)
    store = store_of(ready.experiment, folder, ready.experiment.store)  # which the leading process was given
    if store.description() is None:
        raise OSError(
            f"{store.address} is not there on {socket.gethostname()}, a worker; keep it on a file system that all "
            "machines share, or at an address such as --store s3://bucket/name.zarr"
        )
    if jax.default_backend() == "cpu":
        keep_memory()

    def progress(_, label, report):
        if told(label, report):
            cells[0].plan.stop.set()

    seen = Path(folder) if (Path(folder) / DESCRIPTION).is_file() else None
    cells = cells_of(ready, seen, progress, checkpoint_seconds)
    finished = set(store.finished())
    if left := [cells[place] for place in places if place not in finished]:
        complete(left, store, cores=cores)


@functools.lru_cache(maxsize=1)
def _rebuilt(described: str) -> Ready:
    """An experiment from its description, ready: once for all tasks of a worker, whose programs stay compiled."""
    held = json.loads(described)
    return prepare(Experiment(**held | {"methods": tuple(held["methods"])}))


def blank(cells: Sequence[Any]) -> Any:
    """A cell's dataset before any step: its names, types and shapes, those of the largest where games differ in them.

    **Raises:** `ValueError` when the games record different things; `MemoryError` when a cell's records do not fit.
    """
    import numpy as np
    import xarray

    from saddlery import recording
    from saddlery.sweeps.cells import dataset
    from saddlery.training import begin

    found = []
    for cell in {id(cell.plan.game): cell for cell in cells}.values():
        seeds, stage = len(cell.keys), begin(dataclasses.replace(cell.plan, folder=None), 0, cell.keys[0])
        recording.require_room(stage.history, seeds)
        found.append(dataset(cell, [stage]).isel(seed=0, drop=True))
        kinds = [{name: (v.dims, v.dtype) for name, v in each.data_vars.items()} for each in (found[0], found[-1])]
        if kinds[0] != kinds[1]:
            odd = sorted(name for name in kinds[0] | kinds[1] if kinds[0].get(name) != kinds[1].get(name))
            raise ValueError(
                f"game: the games of one experiment record the same measures, {', '.join(odd)} differ; run them apart"
            )
    variables = {}
    for name, first in found[0].data_vars.items():
        shape = [max(each[name].sizes[axis] for each in found) for axis in first.dims]
        empty = np.broadcast_to(np.zeros((), first.dtype), (len(cells[0].keys), *shape))  # takes no memory
        variables[name] = xarray.Variable(("seed", *first.dims), empty, first.attrs)
    return xarray.Dataset(variables, {"seed": range(len(cells[0].keys)), "step": found[0]["step"]})


def size(cells: Sequence[Any]) -> int:
    """Bytes that the records of some cells need at most."""
    return len(cells) * blank(cells).nbytes


def skip(cell: Any, steps: int) -> None:
    """Tell of a cell's runs that they are over."""
    from saddlery.training import Progress

    for seed in range(len(cell.keys)) if cell.plan.progress else ():
        cell.plan.progress(Progress(seed, steps, steps, 0.0, {}, -1))


def run(
    experiment: Experiment,
    folder: Path | str,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Callable | None = None,
) -> Any:
    """Carry an experiment out in a folder: `prepare`, `claimed` and `carry_out`.

    **Arguments:**
    - `resume`: go on with what the folder holds if it is this same experiment.
    - `force`: replace the experiment that it holds.
    - `progress`: called from training's threads with the experiment, a method's text and a `Progress`.

    **Returns:** an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    **Raises:** what those three raise.
    """
    folder, ready = local_folder("folder", folder), prepare(experiment)
    with claimed(folder, experiment, resume=resume, force=force) as stop:
        return carry_out(ready, folder, progress, stop=stop)
