"""`saddlery.train`: training of one game by one method, with one seed or several."""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import xarray as xr

from saddlery import sharding
from saddlery._system import signals
from saddlery._system.allocator import keep_memory
from saddlery.errors import InvalidType, InvalidValue
from saddlery.experiments import local
from saddlery.experiments.cells import blank, dataset
from saddlery.experiments.claimed import claimed, opened, store_of
from saddlery.experiments.completion import clear
from saddlery.experiments.extension import exchange
from saddlery.experiments.facts import attributes, facts_of_training
from saddlery.experiments.trained import BuiltTraining, Training, made_by
from saddlery.game import Game, Pair, adopt, check
from saddlery.loggers.delivery import delivering, made
from saddlery.loggers.logger import Logger
from saddlery.method import Method
from saddlery.records import description
from saddlery.records.claims import local_folder
from saddlery.records.rows import rows
from saddlery.runs.cell import Cell, Progress, RunState
from saddlery.runs.fingerprint import cell_identity
from saddlery.runs.keys import SeedKeys, as_key
from saddlery.text.arguments import number, plain, quoted, whole
from saddlery.types import Key


class SingleRun(NamedTuple):
    """A single run: its players, its method's state, the generator's averaged weights, its history along `step`."""

    players: Pair
    state: Any
    average: Any
    history: xr.Dataset


@dataclass
class Run:
    """The result of training: lists by seed.

    - `players`: the trained players, a list with a `Pair` for each seed. Of a run that diverged, the last finite ones.
    - `state`: the method's state, likewise.
    - `average`: the generator's averaged weights where `average` was asked for, likewise, else a list of `None`.
    - `history`: an `xarray.Dataset` with dimensions `seed` and `step`, a variable per probe, and `diverged_at` (the
      step at which a run left the finite numbers, -1 for never) and `steps_per_second`; its attributes say by which
      optimisers.
    """

    players: list[Pair]
    state: list[Any]
    average: list[Any]
    history: xr.Dataset

    def seed(self, seed: int) -> SingleRun:
        """The run of one seed."""
        whole("seed", seed, 0, len(self.players) - 1)
        history = self.history.isel(seed=seed, drop=True)
        return SingleRun(self.players[seed], self.state[seed], self.average[seed], history)

    @property
    def only(self) -> SingleRun:
        """The single run, where there is only one.

        **Raises:** `ValueError` when there are several.
        """
        if len(self.players) != 1:
            raise InvalidValue(f"only: there are {len(self.players)} runs; take one of them, run.seed(0)")
        return self.seed(0)

    def _repr_html_(self) -> str:
        """A row for each seed, in notebooks."""
        from saddlery.analysis.markup import of_runs

        return of_runs(self.history)


def train(
    game: Game,
    method: Method,
    *,
    steps: int,
    key: Key,
    every: int | None = None,
    probes: Mapping[str, Callable] | None = None,
    seeds: int | None = None,
    players: Pair | None = None,
    average: float | None = None,
    out: str | os.PathLike | None = None,
    resume: bool = False,
    force: bool = False,
    checkpoint_seconds: float = 30.0,
    on_progress: Callable[[Progress], None] | None = None,
    loggers: Sequence[str | Logger] = (),
) -> Run:
    """Train a game by a method.

    Seeds run side by side, on the CPU a thread each over the same compiled single-run program: a run's numbers are
    the same bits alone, beside others, and after a resume. On accelerators they are mapped together, and agree to
    rounding.

    **Arguments:**
    - `game`: any object with `init`, `draw`, `act`, `losses`.
    - `method`: a `Method`, such as `saddlery.methods.consensus()`.
    - `steps`: how many steps.
    - `key`: a `jax.random.key`, or its number; with `seeds`, run i's is `jax.random.fold_in(key, i)`.
    - `every`: steps between two records of the probes, which are also taken at step 0 and at the last; by default a
      hundredth of the steps, or what is recorded in a folder that is resumed.
    - `probes`: `{name: probe}`, each `probe(game, players, key)` returning an array (the variable `name` of the
      history) or a dict of arrays (a variable each); an attribute `dims` of it, `{variable: names of its axes}`, names
      the dimensions. A run's probes see the same key at every record. By default both players' losses and gradient
      norms. Numbers that the method adapts, such as `adaptive_consensus`'s γ, are recorded beside them.
    - `seeds`: how many runs; `None` is one, whose key is `key` itself.
    - `players`: where to start, instead of `game.init`.
    - `average`: decay of an exponential moving average of the generator's weights; the probes are then also taken on
      the averaged generator, as `averaged_<variable>`.
    - `out`: a folder for checkpoints and results, which `saddlery.load` opens; `resume` continues what it holds, up
      to more `steps` where they are more and those before a multiple of `every`; `force` replaces it.
    - `checkpoint_seconds`: how often each run is checkpointed, apart from at its end and when it is stopped.
    - `on_progress`: called with a `Progress` about every second and after each record, from the runs' threads.
    - `loggers`: what is told of every record while runs are under way: texts such as `"csv"` and
      `"wandb(project='gans')"`, or objects, see `saddlery.loggers`.

    **Returns:** a `Run`; `run.only` is the single one.

    **Raises:** `ValueError` and `TypeError` for arguments that do not fit, naming them; `FileExistsError` when `out`
    holds a run and neither `resume` nor `force` is given; `MemoryError` when the history would not fit; `OSError` when
    the folder cannot be written, the run so far being kept; `KeyboardInterrupt`, after a checkpoint of every run.
    """
    steps = whole("steps", steps)
    if every is None and resume and out is not None:
        every = description.recorded_every(local_folder("out", out))
    every = max(1, steps // 100) if every is None else whole("every", every)
    seeds = None if seeds is None else whole("seeds", seeds)
    told = made(loggers)
    average = None if average is None else number("average", average, least=0, below=1)
    key = as_key(key)
    if not isinstance(method, Method):
        raise InvalidType(f"method: got {quoted(method)}, expected a Method, such as saddlery.methods.simultaneous()")
    again = made_by(game, method, probes=probes, players=players)
    game = adopt(game)
    check(game, key)
    method = method.for_game(game)
    if players is not None:
        from saddlery.dynamics.jacobian import require_players_of

        require_players_of(game, players, key)
    if probes is None:
        from saddlery.metrics.probes import Losses

        probes = {"losses": Losses()}
    if jax.default_backend() == "cpu":
        keep_memory()
    cell = Cell(
        game=game, method=method, steps=steps, records=rows(steps, every), probes=dict(probes), average=average,
        keys=[key] if seeds is None else SeedKeys(key, seeds), label=again["method"],
        players=None if players is None else jax.tree.map(jnp.asarray, players),
        folder=None if out is None else local_folder("out", out), checkpoint_seconds=checkpoint_seconds,
        on_progress=on_progress, adapting=True,
    )  # fmt: skip
    cell.identity = functools.cache(lambda: cell_identity(cell, every))
    ends: list[RunState] = []
    with signals.stoppable(), _kept(cell, Training(cell, every, seeds, key, again), resume, force) as keep:
        mine = told if sharding.is_main_process(game) else ()
        with delivering(mine, cell.folder, [cell.label]) as cell.log:
            local.train([cell], done=lambda _, states: ends.extend(states), held=sys.maxsize)
        signals.check()
        if cell.stop.is_set() and not ends:
            raise KeyboardInterrupt
        history = dataset(cell, ends)
        keep(history)
        signals.check()
    history.attrs |= attributes(cell)
    trained, states, averages = (list(each) for each in zip(*(run.carry for run in ends), strict=True))
    return Run(trained, states, averages, history)


def resume(
    built: BuiltTraining,
    *,
    steps: int | None = None,
    checkpoint_seconds: float = 30.0,
    on_progress: Callable[[Progress], None] | None = None,
    loggers: Sequence[str | Logger] = (),
) -> Run:
    """Resume the runs of `train` in a folder, by the folder's description.

    **Arguments:** `built`: of `saddlery.experiments.restored.built_in`; `steps`: by default as many as the folder says;
    the others as of `train`.

    **Raises:** `ValueError` when they began at players, or were measured by probes, that are one's own and in no
    folder; what `train` raises.
    """
    cell, own = built.cell, [name for name in ("probes", "players") if name in built.again["own"]]
    if own:
        raise InvalidValue(
            f"{plain(cell.folder)}: these runs were given {' and '.join(own)}, which no folder holds; go on by the "
            "same saddlery.train(…, resume=True)"
        )
    return train(
        cell.game, built.method, steps=cell.steps if steps is None else steps, key=built.key, every=built.every,
        seeds=built.asked, average=cell.average, out=cell.folder, resume=True, checkpoint_seconds=checkpoint_seconds,
        on_progress=on_progress, loggers=loggers,
    )  # fmt: skip


@contextlib.contextmanager
def _kept(cell: Cell, what: Training, resume: bool, force: bool) -> Iterator[Callable[[Any], None]]:
    """Hold the folder of some runs, where they have one; yields what writes their history into it."""
    folder, nothing = cell.folder, functools.cache(lambda: blank([cell]))
    if folder and sharding.spread(cell.game):
        nothing()  # which all processes compute together
    if folder is None or not sharding.is_main_process(cell.game):
        sharding.agreed(cell.game, 0.0)
        yield lambda history: None
        return
    with claimed(folder, what, resume=resume, force=force and not resume, called=f"out: {folder}"):
        store = store_of(None, folder)
        made = lambda: (facts_of_training(cell, what.every, what.again["game"]), nothing())  # noqa: E731
        finished = opened(folder, store, what, what.fingerprint, [cell.label], made, {"game": cell.game})
        anew = made() if store.steps() < cell.steps else None
        sharding.agreed(cell.game, 0.0)

        def keep(history: xr.Dataset) -> None:
            if anew:
                exchange(store, what.grid, anew, what.fingerprint, {0: history})
            elif not finished:
                store.write(0, history)
            clear(cell)

        yield keep
