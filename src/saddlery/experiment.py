"""An experiment: methods on a game in every combination of what they are given, written down to be repeated."""

import contextlib
import dataclasses
import functools
import inspect
import json
import math
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from saddlery import storage
from saddlery.call import build, parse
from saddlery.results import DESCRIPTION, RESULTS, known, open_results, store_of
from saddlery.sweeps import grid
from saddlery.sweeps.grid import Setting
from saddlery.sweeps.store import Store

FORMAT = 3
KEPT = 64  # runs of an experiment up to which each one's last checkpoint and samples are kept
RUNS = "runs"  # of a folder: a folder for each method
RETOLD = ("title", "note", "command")  # words about an experiment, which change nothing of it


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Methods on a game, all with the same steps, seeds and measures.

    A flat list anywhere in a text is an axis, so is `linspace(a, b, n)` or `geomspace(a, b, n)`, and so is a list of
    learning rates; every combination of all axes is a setting of its own. A list of lists is a matrix.

    **Arguments:**
    - `game`, `methods`: the texts of calls, such as `"ring(preset='numerics')"` and `"unrolled(steps=[1, 10])"`; what a
      method's text says of optimisers or schedule stands for that method.
    - `steps`, `seeds`: how many steps, and how many runs of each method.
    - `every`: steps between two records; by default a fiftieth of the steps.
    - `key`: the number of the `jax.random.key`.
    - `generator_optimiser`, `discriminator_optimiser`: texts such as `"adam(learning_rate=1e-3, b1=0.5)"`; by default
      those that belong to the game's preset.
    - `learning_rate`: another for both players, a number or a list of them.
    - `schedule`: the text of a schedule that replaces each method's own.
    - `average`: decay of the generator's averaged weights, which are then measured too.
    - `devices`: how many of this machine's divide each run's batch among them; with more than one, runs follow one
      another. See `saddlery.data_parallel`.
    - `samples`: how many samples each record measures; `shown`: how many it keeps to be looked at, by default 512, and
      none where there are more than 64 runs.
    - `store`: where results are kept, a path or an fsspec address such as `s3://bucket/fair.zarr`; by default
      `results.zarr` in the experiment's folder.
    - `title`, `note`: free text for the report; `command`: the command line that makes the experiment again.

    **Raises:** `ValueError` for texts that are no calls, settings that are the same, axes that are empty, and numbers
    out of range; whether games and methods exist is found by `prepare`.
    """

    game: str
    methods: tuple[str, ...]
    steps: int = 5000
    seeds: int = 4
    every: int | None = None
    key: int = 0
    generator_optimiser: str | None = None
    discriminator_optimiser: str | None = None
    learning_rate: float | list[float] | None = None
    schedule: str | None = None
    average: float | None = None
    devices: int = 1
    samples: int = 2500
    shown: int | None = None
    store: str | None = None
    title: str = ""
    note: str = ""
    command: str = ""

    def __post_init__(self):
        methods = (self.methods,) if isinstance(self.methods, str) else self.methods
        labels = tuple(str(parse(method)) for method in methods)
        if not labels:
            raise ValueError("methods: got none, expected at least one")
        object.__setattr__(self, "methods", labels)
        object.__setattr__(self, "game", str(parse(self.game)))
        _whole("steps", self.steps, 1)
        if self.every is None:
            object.__setattr__(self, "every", max(1, self.steps // 50))
        _whole("every", self.every, 1)
        _whole("seeds", self.seeds, 1)
        _whole("samples", self.samples, 1)
        _whole("devices", self.devices, 1)
        _whole("key", self.key, 0, 2**32 - 1)
        for rate in grid.values("learning_rate", self.learning_rate):
            if rate is not None and not (isinstance(rate, int | float) and 0 < rate < math.inf):
                raise ValueError(f"learning_rate: got {rate!r}, expected a number above 0")
        if self.average is not None and not 0.0 <= self.average < 1.0:
            raise ValueError(f"average: got {self.average!r}, expected a decay in [0, 1)")
        few = len(self.settings) * self.seeds <= KEPT
        if self.shown is None:
            object.__setattr__(self, "shown", 512 if few else 0)
        _whole("shown", self.shown, 0)

    @functools.cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Every combination of the axes."""
        return grid.settings(
            self.game,
            self.methods,
            {
                "schedule": self.schedule,
                "generator": self.generator_optimiser,
                "discriminator": self.discriminator_optimiser,
                "learning_rate": self.learning_rate,
            },
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """What the settings are called; without axes, the methods' texts."""
        return tuple(setting.label for setting in self.settings)

    def folder_of(self, label: str) -> str:
        """The name of a setting's folder: its place and its label, in letters that any file system takes."""
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", label).strip("-")[:80]
        return f"{self.labels.index(label) + 1}-{readable}"

    def write(self, folder: Path) -> None:
        """Write `experiment.json` into a folder."""
        text = json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, indent=1, ensure_ascii=False)
        storage.write(folder / DESCRIPTION, text + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Experiment":
        """Read it back.

        **Raises:** `FileNotFoundError` when the folder holds none; `ValueError` when it cannot be read or was written
        by another version of Saddlery.
        """
        path = Path(folder) / DESCRIPTION
        if not path.is_file():
            raise FileNotFoundError(f"{folder} holds no experiment: there is no {path}")
        try:
            held = json.loads(path.read_text())
            version = held.pop("format")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is damaged: it is no description of an experiment") from error
        if version != FORMAT:
            raise ValueError(
                f"{path} has format {version!r}, this version of Saddlery reads format {FORMAT}; "
                "use the version that wrote it, or run the experiment again with --force"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        if odd := sorted(held.keys() ^ known):
            raise ValueError(f"{path} is damaged: {', '.join(odd)} {'is' if len(odd) == 1 else 'are'} not as expected")
        return cls(**held | {"methods": tuple(held["methods"])})


def _whole(name: str, value: Any, least: int, most: int = 2**31 - 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name}: got {value!r}, expected a whole number from {least} to {most}")


class Ready(NamedTuple):
    """An experiment whose games, by their texts, and methods, by their settings' labels, are built and fit together.

    `probes`, as of `saddlery.train`, are recorded beside those that suit the game; in this process only.
    """

    experiment: Experiment
    games: dict[str, Any]
    methods: dict[str, Any]
    probes: Mapping[str, Callable] = MappingProxyType({})

    @property
    def game(self) -> Any:
        """The game, the first where there are several."""
        return next(iter(self.games.values()))


def prepare(
    experiment: Experiment, games: dict[str, Any] | None = None, methods: dict[str, Callable] | None = None
) -> Ready:
    """Build the games and every method and check the games, before anything runs or is written.

    **Arguments:** `games` and `methods` are one's own, by the names that the experiment's texts call them: games as
    they are, methods as functions like those of `saddlery.methods`; they keep their own optimisers.

    **Raises:** `ValueError` and `TypeError` naming what does not exist or fit, and the nearest that does.
    """
    import jax

    from saddlery.game import adopt, check
    from saddlery.games import GAMES
    from saddlery.methods import METHODS
    from saddlery.sweeps.cells import alike

    mine, own = games or {}, methods or {}
    texts = dict.fromkeys(each.game for each in experiment.settings)
    games = {text: adopt(mine[text]) if text in mine else build("game", text, GAMES) for text in texts}
    for game in games.values():
        check(game, jax.random.key(experiment.key))
    divided(experiment, games)
    usual = optimisers_of(experiment, games)

    def built(setting):
        given = {} if parse(setting.method).name in own else usual[setting.game]._asdict()
        return build("method", str(_with(setting.method, given)), METHODS | own)

    methods = {each.label: built(each) for each in experiment.settings}
    for (label, method), *_ in alike(list(methods.items()), lambda pair: pair[1]):
        _try_optimisers(label, method)
    return Ready(experiment, games, methods)


def divided(experiment: Experiment, games: dict[str, Any]) -> dict[str, Any]:
    """The games as they are trained: their batches divided among devices where the experiment says so.

    **Raises:** `ValueError` when there are not so many devices, or they do not divide a batch.
    """
    from saddlery.sharding import data_parallel

    one = experiment.devices == 1
    return games if one else {text: data_parallel(game, experiment.devices) for text, game in games.items()}


def _try_optimisers(text: str, method: Any) -> None:
    """Trace each optimiser on one number: optax itself looks at its arguments only when it is used."""
    import jax
    import jax.numpy as jnp

    number = jnp.zeros(())
    for player, optimiser in method.optimisers._asdict().items():
        try:
            jax.eval_shape(lambda x, o=optimiser: o.update(x, o.init(x), x), number)
        except Exception as error:
            raise ValueError(
                f"{text}: the {player}'s optimiser cannot be used: {str(error).strip().splitlines()[0]}"
            ) from error


def optimisers_of(experiment: Experiment, games: dict[str, Any]) -> dict[str, Any]:
    """Both players' optimisers, as texts, for each game: the experiment's, or those of the game's preset or kind."""
    from saddlery.game import Pair
    from saddlery.games import GAMES, Gan
    from saddlery.methods import SETTINGS

    chosen = Pair(experiment.generator_optimiser, experiment.discriminator_optimiser)

    def of(text, game):
        call = parse(text)
        parameters = inspect.signature(GAMES[call.name]).parameters if call.name in GAMES else {}
        preset = "images" if isinstance(game, Gan) else "analytic"
        if "preset" in parameters:
            preset = call.arguments.get("preset", parameters["preset"].default)
        return Pair(*(mine or usual for mine, usual in zip(chosen, SETTINGS[preset], strict=True)))

    return {text: of(text, game) for text, game in games.items()}


def _with(text: str, given: dict[str, Any]) -> Any:
    """A method's call with the experiment's settings wherever the text does not say otherwise."""
    call = parse(text)
    return call._replace(arguments=given | call.arguments)


def claim(folder: Path, experiment: Experiment, *, resume: bool = False, force: bool = False) -> None:
    """Make a folder an experiment's own: make it, and write `experiment.json` into it.

    With `resume`, a folder that holds this same experiment is left as it is; with `force`, the experiment that it
    holds is deleted first, under the lease of its store, and nothing that Saddlery did not write.

    **Raises:** `FileExistsError` when the folder, or the store, holds an experiment and neither applies, or anything
    else among what would be deleted; `saddlery.sweeps.lease.Held` when another process fills it; `NotADirectoryError`
    when it is a file; `ValueError` when the store is of another version or cannot be opened; `OSError` when the folder
    cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file, expected a folder")
    if any((folder / name).exists() for name in (DESCRIPTION, RESULTS, RUNS, "run.json")):
        if resume and not force and _same(Experiment.read(folder), experiment):
            return
        if not force:
            raise FileExistsError(
                f"{folder} holds another experiment{_described(folder)}; choose another folder, "
                f"replace it with --force, or continue it with: saddlery resume {folder}"
            )
    store = store_of(experiment.store, folder, experiment.store)
    if force:
        _clear(folder, store)
    elif experiment.store:
        store.require_own()
    if experiment.store and (held := store.description()) not in (None, _grid(experiment)):
        raise FileExistsError(
            f"{store.address} holds another sweep ({held.get('game')}: {', '.join(held.get('methods', []))}); "
            "choose another address or replace it with --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        experiment.write(folder)
    except OSError as error:
        raise OSError(f"{folder} cannot be written: {error.strerror or error}") from error


def _clear(folder: Path, store: Any) -> None:
    """Delete an experiment's results and runs, while nobody fills its store, when all that is there is Saddlery's."""
    from saddlery.sweeps.lease import lease

    kept = Store(folder / RESULTS)
    with contextlib.ExitStack() as stack:
        for each in {each.address: each for each in (kept, store)}.values():
            each.require_own()
            if not each.local or Path(each.address).exists():
                stack.enter_context(lease(each.address, lambda: None))
        if foreign := _foreign(folder / RUNS):
            raise FileExistsError(
                f"{folder / RUNS} holds what Saddlery did not write: {foreign[0]}; nothing was removed, move it away"
            )
        kept.clear()
        store.clear()
        shutil.rmtree(folder / RUNS, ignore_errors=True)


def _foreign(runs: Path) -> list[Path]:
    """What is in a folder of runs and in no checkpoint's list of its files; links are not followed."""
    listed: set[Path] = set()
    for digests in runs.glob("*/checkpoints/seed-*/*step-*/digests.json"):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # a damaged list proves nothing
            listed |= {digests, *(digests.parent / name for name in json.loads(digests.read_text()))}
    links = [runs] if runs.is_symlink() else []
    files = [path for path in runs.rglob("*") if path.is_symlink() or not path.is_dir()]
    return links + sorted(path for path in files if path.is_symlink() or path not in listed)


def _same(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments have the same results, whatever is said about them."""
    return _grid(one) == _grid(other)


def _grid(experiment: Experiment) -> dict[str, Any]:
    """All of an experiment that its results depend on, in JSON's types."""
    told = {name: value for name, value in dataclasses.asdict(experiment).items() if name not in RETOLD}
    return json.loads(json.dumps(told))


def _described(folder: Path) -> str:
    """What a folder's experiment is, in a bracket, where that can be read."""
    try:
        held = Experiment.read(folder)
    except (OSError, ValueError, TypeError):
        return ""
    return f" ({held.game}: {', '.join(held.methods)}; {held.steps} steps, {held.seeds} seeds)"


def cells_of(
    ready: Ready, folder: Path | None, progress: Callable | None = None, checkpoint_seconds: float = 30.0
) -> list[Any]:
    """The experiment's cells: the runs of each setting, with `folder` each with a place for its checkpoints."""
    import jax

    from saddlery import recording
    from saddlery.metrics.probes import probes
    from saddlery.sweeps.cells import Cell
    from saddlery.training import Plan

    experiment, key = ready.experiment, jax.random.key(ready.experiment.key)
    records = recording.rows(experiment.steps, experiment.every)  # type: ignore[arg-type]
    measures = {
        text: {**probes(game, experiment.samples, experiment.shown or 0), **ready.probes}
        for text, game in ready.games.items()
    }
    games = divided(experiment, ready.games)
    keys, stop = tuple(jax.random.fold_in(key, seed) for seed in range(experiment.seeds)), threading.Event()

    def cell(place, setting):
        told = None if progress is None else functools.partial(progress, experiment, setting.label)
        plan = Plan(
            game=games[setting.game], method=ready.methods[setting.label], steps=experiment.steps,
            records=records, probes=measures[setting.game], players=None, average=experiment.average,
            folder=folder / RUNS / experiment.folder_of(setting.label) if folder else None,
            checkpoint_seconds=checkpoint_seconds, progress=told, stop=stop,
            keep=len(experiment.settings) * experiment.seeds <= KEPT,
        )  # fmt: skip
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
) -> Any:
    """Train every setting that is not finished, its runs from their last checkpoints.

    **Arguments:**
    - `ready`: from `prepare`; the folder is one that `claim` accepted.
    - `progress`: called from training's threads with the experiment, a setting's label and a `Progress`.
    - `checkpoint_seconds`: how often each run is checkpointed.
    - `engine`: what trains cells elsewhere than in this process, such as `saddlery.sweeps.on_ray.train`; called with
      the cells and with `part`, given all but its last arguments.
    - `told`: called with what is about to be done, in words.

    **Returns:** the results, as `open_results` does.

    **Raises:** what `saddlery.train` does: `OSError` when something cannot be written, `KeyboardInterrupt` after a
    checkpoint of every run; `saddlery.sweeps.lease.Held` when another process is at it.
    """
    import jax

    from saddlery.allocator import keep_memory
    from saddlery.sweeps.estimate import Estimate
    from saddlery.sweeps.lease import Held, lease

    if jax.default_backend() == "cpu":
        keep_memory()
    store = store_of(ready.experiment.store, folder, ready.experiment.store)
    cells = cells_of(ready, folder, progress, checkpoint_seconds)
    with lease(store.address, cells[0].plan.stop.set):
        if store.description() is None:
            store.create(_grid(ready.experiment), facts(ready), blank(cells))
        finished = set(store.finished())
        left = [cell for cell in cells if cell.place not in finished]
        for cell in (cell for cell in cells if cell.place in finished):
            skip(cell, ready.experiment.steps)
        if not left:
            return open_results(folder, ready.experiment.store)
        estimate = Estimate.of(left)
        if told:
            told(str(estimate))

        try:
            if engine is None:
                complete(left, store, ready=told and (lambda programs: told(estimate.timed(programs))))
            else:
                address = os.path.abspath(store.address) if store.local else store.address
                described = json.dumps(_grid(ready.experiment) | {"store": address})
                engine(left, functools.partial(part, described, str(folder.absolute()), checkpoint_seconds))
        finally:
            lost = left[0].plan.stop.is_set() and len(store.finished()) < len(cells)
        if lost:
            raise Held(f"{store.address}: another process has taken this sweep over while this one was held up")
    return open_results(folder, ready.experiment.store)


def complete(cells: Sequence[Any], store: Any, **options: Any) -> None:
    """Train some cells in this process and write each into the store when its runs have ended.

    **Arguments:** `options` are those of `saddlery.sweeps.local.train`.
    """
    from saddlery.sweeps import local
    from saddlery.sweeps.cells import dataset

    def done(cell, stages):
        store.write(cell.place, dataset(cell, stages))
        if not cell.plan.keep and cell.plan.folder:
            shutil.rmtree(cell.plan.folder, ignore_errors=True)

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
    store = store_of(ready.experiment.store, folder, ready.experiment.store)
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


def facts(ready: Ready) -> Any:
    """What is known of an experiment before it runs, a dataset."""
    return known(ready.experiment, ready.games, optimisers_of(ready.experiment, ready.games))


def blank(cells: Sequence[Any]) -> Any:
    """A cell's dataset before any step: its names, types and shapes.

    **Raises:** `ValueError` when the games record different things.
    """
    from saddlery.sweeps.cells import dataset
    from saddlery.training import begin

    found = []
    for cell in {id(cell.plan.game): cell for cell in cells}.values():
        plan = dataclasses.replace(cell.plan, folder=None)
        found.append(dataset(cell, [begin(plan, 0, cell.keys[0])] * len(cell.keys)))
        kinds = [{name: (v.sizes, v.dtype) for name, v in each.data_vars.items()} for each in (found[0], found[-1])]
        if kinds[0] != kinds[1]:
            odd = sorted(name for name in kinds[0] | kinds[1] if kinds[0].get(name) != kinds[1].get(name))
            raise ValueError(
                f"game: the games of one experiment record the same measures, {', '.join(odd)} differ; run them apart"
            )
    return found[0]


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
    """Carry an experiment out in a folder: `prepare`, `claim` and `carry_out`.

    **Arguments:**
    - `resume`: go on with what the folder holds if it is this same experiment.
    - `force`: replace the experiment that it holds.
    - `progress`: called from training's threads with the experiment, a method's text and a `Progress`.

    **Returns:** an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    **Raises:** what those three raise.
    """
    ready = prepare(experiment)
    claim(Path(folder), experiment, resume=resume, force=force)
    return carry_out(ready, Path(folder), progress)


def experiments_in(folder: Path | str) -> list[Path]:
    """The folder itself when it holds an experiment, or those right below it that do.

    **Raises:** `FileNotFoundError` when there is none.
    """
    folder = Path(folder)
    if (folder / DESCRIPTION).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{DESCRIPTION}"))
    if not found:
        raise FileNotFoundError(f"{folder} holds no experiment" if folder.exists() else f"there is no folder {folder}")
    return found
