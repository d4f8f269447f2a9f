"""Training: the loop, its probes, its checkpoints, and seeds side by side."""

import bisect
import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery import checkpoints, recording, sharding, signals, storage
from saddlery.allocator import keep_memory
from saddlery.arguments import number, quoted, whole
from saddlery.claims import CHECKPOINTS, HISTORY, claim, local_folder
from saddlery.cores import Completed, threads, usable_cores
from saddlery.data.shards import refill
from saddlery.datasets import write_dataset
from saddlery.description import describe
from saddlery.fingerprint import plan_identity, run_identity, said
from saddlery.finiteness import finite, finite_leaves
from saddlery.game import Pair, adopt, check
from saddlery.method import Method
from saddlery.optimisers import as_text

CHUNK_SECONDS = 1.0  # of computation between two looks at probes, checkpoints, Ctrl-C and finiteness
HASTY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # for what runs only once


class Carry(NamedTuple):
    """What one step hands to the next: the players, the method's state, the generator's averaged weights."""

    players: Pair
    state: Any
    average: Any


class Progress(NamedTuple):
    """A report from a run under way: steps done and to do, steps per second, the latest record, where it diverged."""

    seed: int
    step: int
    steps: int
    steps_per_second: float
    latest: dict[str, np.ndarray]
    diverged_at: int


class Keys(Sequence):
    """The keys of runs that differ in their seeds only, run i's being `jax.random.fold_in(key, i)`, when needed."""

    def __init__(self, key: Any, seeds: int):
        self.key, self.seeds = key, seeds

    def __len__(self) -> int:
        return self.seeds

    def __getitem__(self, seed: Any) -> Any:
        if not 0 <= seed < self.seeds:
            raise IndexError(seed)
        return jax.random.fold_in(self.key, seed)


@dataclass
class Run:
    """What training leaves.

    - `players`: the trained players; with `seeds`, a list of them. Of a run that diverged, the last finite ones.
    - `state`: the method's state, likewise.
    - `average`: the generator's averaged weights where `average` was asked for, likewise.
    - `history`: an `xarray.Dataset` with dimension `step` (with `seeds`: `seed`, `step`), a variable per probe, and
      `diverged_at` (the step at which a run left the finite numbers, -1 for never) and `steps_per_second`; its
      attributes say by which optimisers.
    """

    players: Any
    state: Any
    average: Any
    history: Any


@eqx.filter_jit
def advance(game: Any, method: Method, carry: Carry, decay: Any, key: Any, first: Any, n: Any) -> Carry:
    """`n` steps of training from step number `first`, one compiled program for any `n`.

    The key of a step is folded from the run's key and the step's number, so the numbers do not depend on how a run is
    cut into calls.
    """

    def step(i, carry):
        players, state = method.step(game, carry.players, carry.state, jax.random.fold_in(key, i))
        average = jax.tree.map(
            lambda mean, now: mean + (1.0 - decay).astype(now.dtype) * (now - mean), carry.average, players.generator
        ) if carry.average is not None else None  # fmt: skip
        return Carry(players, state, average)

    return jax.lax.fori_loop(first, first + n, step, carry)


@eqx.filter_jit(compiler_options=HASTY)  # type: ignore[call-overload]  # which its stubs leave out
def start(game: Any, method: Method, key: Any, players: Pair | None, averaged: bool) -> Carry:
    """The players, the state and the average before the first step."""
    players = Pair(*game.init(key)) if players is None else players
    carry = Carry(players, method.init(game, players), players.generator if averaged else None)
    return jax.tree.map(lambda x: jax.lax.convert_element_type(x, x.dtype), carry)  # weak types would compile twice


def train(
    game: Any,
    method: Method,
    *,
    steps: int,
    key: Any,
    every: int | None = None,
    probes: Mapping[str, Callable] | None = None,
    seeds: int | None = None,
    players: Pair | None = None,
    average: float | None = None,
    out: str | os.PathLike | None = None,
    resume: bool = False,
    force: bool = False,
    checkpoint_seconds: float = 30.0,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Train a game by a method.

    Seeds run side by side, on the CPU a thread each over the same compiled single-run program: a run's numbers are
    the same bits alone, beside others, and after a resume.

    **Arguments:**
    - `game`: any object with `init`, `draw`, `act`, `losses`.
    - `method`: a `Method`, such as `saddlery.methods.consensus()`.
    - `steps`: how many steps.
    - `key`: a `jax.random.key`; with `seeds`, run i's is `jax.random.fold_in(key, i)`.
    - `every`: steps between two records of the probes, which are also taken at step 0 and at the last; by default a
      hundredth of the steps.
    - `probes`: `{name: probe}`, each `probe(game, players, key)` returning an array (the variable `name` of the
      history) or a dict of arrays (a variable each); an attribute `dims` of it, `{variable: names of its axes}`, names
      the dimensions. A run's probes see the same key at every record. By default both players' losses and gradient
      norms.
    - `seeds`: how many runs; `None` is one, without the dimension.
    - `players`: where to start, instead of `game.init`.
    - `average`: decay of an exponential moving average of the generator's weights; the probes are then also taken on
      the averaged generator, as `averaged_<variable>`.
    - `out`: a folder for checkpoints and history; `resume` continues what it holds, `force` replaces it.
    - `checkpoint_seconds`: how often each run is checkpointed, apart from at its end and when it is stopped.
    - `progress`: called with a `Progress` about every second, from the runs' threads.

    **Returns:** a `Run`.

    **Raises:** `ValueError` and `TypeError` for arguments that do not fit, naming them; `FileExistsError` when `out`
    holds a run and neither `resume` nor `force` is given; `MemoryError` when the history would not fit; `OSError` when
    the folder cannot be written, the run so far being kept; `KeyboardInterrupt`, after a checkpoint of every run.
    """
    steps = whole("steps", steps)
    every = max(1, steps // 100) if every is None else whole("every", every)
    seeds = None if seeds is None else whole("seeds", seeds)
    average = None if average is None else number("average", average, least=0, below=1)
    if not (hasattr(key, "dtype") and jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == ()):
        raise TypeError(f"key: got {quoted(key)}, expected a jax.random.key(…)")
    if not isinstance(method, Method):
        raise TypeError(f"method: got {quoted(method)}, expected a Method, such as saddlery.methods.simultaneous()")
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
    plan = Plan(
        game=game, method=method, steps=steps, records=recording.rows(steps, every), probes=dict(probes),
        players=None if players is None else jax.tree.map(jnp.asarray, players), average=average,
        folder=None if out is None else local_folder("out", out), checkpoint_seconds=checkpoint_seconds,
        progress=progress,
    )  # fmt: skip
    identity = plan.identity = functools.cache(lambda: plan_identity(plan, every))
    keys = [key] if seeds is None else Keys(key, seeds)
    with contextlib.ExitStack() as stack:
        stack.enter_context(signals.stoppable())
        folder = plan.folder if sharding.leads(game) else None
        if folder:
            going_on = stack.enter_context(
                claim(folder, resume=resume, force=force and not resume, called=f"out: {folder}")
            )
            asked = {"steps": steps, "every": every, "seeds": seeds, "key": said(key)}
            describe(folder, asked | identity(), going_on)
        sharding.agreed(game, 0.0)
        ended = side_by_side(plan, keys)
        history = recording.of_runs(ended, plan.probes, plan.records)
        history = history.isel(seed=0, drop=True) if seeds is None else history
        history.attrs |= {f"{player}_optimiser": as_text(each) for player, each in method.optimisers._asdict().items()}
        if folder:
            write_dataset(folder / HISTORY, history)
        signals.check()
    if plan.stop.is_set():
        raise KeyboardInterrupt
    carries = [run.carry for run in ended]
    trained, state, mean = carries[0] if seeds is None else map(list, zip(*carries, strict=True))
    return Run(trained, state, mean, history)


@dataclass(kw_only=True)
class Plan:
    """What the runs of one call of `train` share."""

    game: Any
    method: Method
    steps: int
    records: list[int]
    probes: dict[str, Callable]
    players: Pair | None
    average: float | None
    folder: Path | None
    checkpoint_seconds: float
    progress: Callable[[Progress], None] | None
    stop: threading.Event = field(default_factory=threading.Event)
    keep: bool = True  # a checkpoint of the end
    identity: Callable[[], dict[str, Any]] | None = None  # the fingerprint of its runs, but for their keys
    watched: tuple[bool, ...] = ()  # which arrays of a `Carry` must stay finite, once that is known
    read_back: bool = False  # whether a first checkpoint was


class Stage(NamedTuple):
    """How far one run is: everything that a checkpoint holds."""

    step: int
    diverged_at: int
    seconds: float
    carry: Carry
    history: dict[str, np.ndarray]


def begin(plan: Plan, seed: int, key: Any) -> Stage:
    """A run at its first step, with the first record taken, or where its last checkpoint left it.

    **Raises:** `saddlery.signals.Stopped` between the programs that it compiles; what probes and checkpoints raise.
    """
    signals.check()
    first, _, probe_key = jax.random.split(key, 3)
    carry = start(plan.game, plan.method, first, plan.players, plan.average is not None)
    plan.watched = plan.watched or finite_leaves(carry)
    signals.check()
    record = recording.take(plan.probes, plan.game, carry.players, carry.average, probe_key)
    signals.check()
    history = recording.empty(record, len(plan.records))
    for name, value in record.items():
        history[name][0] = value
    stage = Stage(0, -1 if recording.is_finite(record) else 0, 0.0, carry, history)
    restored = None
    if plan.folder:
        place = _checkpoints(plan, seed)
        if sharding.leads(plan.game):
            storage.tidy(place)
        if any(place.glob("step-*")):  # or there is nothing to compare
            restored = checkpoints.restore(place, stage, run_identity(plan, key))
    found = 0 if restored is None else int(restored.step)
    if sharding.agreed(plan.game, found) != found or sharding.agreed(plan.game, -found) != -found:
        raise ValueError(f"out: {plan.folder} is not the same folder for all processes; choose one that they share")
    if restored is None:
        return stage
    for name, values in restored.history.items():  # a run that is made longer has more rows than its checkpoint
        history[name][: len(values)] = values
    carry = jax.tree.map(jnp.asarray, restored.carry)
    return Stage(found, int(restored.diverged_at), float(restored.seconds), carry, history)


def go_on(plan: Plan, seed: int, key: Any, stage: Stage) -> Stage:
    """A run from where it is to its end, or to where it is stopped: the training loop."""
    _, step_key, probe_key = jax.random.split(key, 3)
    decay = jnp.asarray(1.0 if plan.average is None else plan.average)
    step, diverged_at, seconds, carry, history = stage
    chunk, saved = 1, time.monotonic()
    now, until = plan, step  # the plan whose game holds the data of the steps before `until`
    stopped = halted(plan)
    while not ended(plan, stage) and not stopped:
        if step == until:
            game, until = refill(plan.game, step, step_key)
            now = replace(plan, game=game)
        row = bisect.bisect_right(plan.records, step)
        n = min(plan.records[row] - step, chunk, until - step)
        began = time.perf_counter()
        reached = steps_from(now, carry, decay, step_key, step, n)
        took = sharding.agreed(plan.game, time.perf_counter() - began)
        if finite(reached, plan.watched):
            step, carry, seconds = step + n, reached, seconds + took
            chunk = max(1, min(2 * n, int(n * CHUNK_SECONDS / took)))
        else:
            step, carry = last_finite(now, carry, decay, step_key, step, n)
            diverged_at = step + 1
        if step == plan.records[row]:
            record = recording.take(plan.probes, plan.game, carry.players, carry.average, probe_key)
            for name, value in record.items():
                history[name][row] = value
            if diverged_at < 0 and not recording.is_finite(record):
                diverged_at = step
        stage = Stage(step, diverged_at, seconds, carry, history)
        if plan.progress:
            report(plan, seed, stage)
        stopped = halted(plan)
        due = stopped or time.monotonic() - saved > plan.checkpoint_seconds
        if plan.folder and (plan.keep if ended(plan, stage) else due):
            save(plan, seed, key, stage)
            saved = time.monotonic()
    return stage


def ended(plan: Plan, stage: Stage) -> bool:
    """Whether a run is over: all steps are done, or it has diverged."""
    return stage.step == plan.steps or stage.diverged_at >= 0


def halted(plan: Plan) -> bool:
    """Whether to stop: also when another of the processes that share a run is asked to."""
    if sharding.agreed(plan.game, asked_to_stop(plan)):
        plan.stop.set()
    return plan.stop.is_set()


def asked_to_stop(plan: Plan) -> bool:
    """Whether this process is to stop, by a signal or because another run failed."""
    return plan.stop.is_set() or signals.stopping()


def save(plan: Plan, seed: int, key: Any, stage: Stage) -> None:
    """Write a run's checkpoint; the first is read back."""
    if sharding.leads(plan.game):
        again, plan.read_back = not plan.read_back, True
        checkpoints.save(_checkpoints(plan, seed), stage.step, stage, run_identity(plan, key), again=again)


def steps_from(plan: Plan, carry: Carry, decay: Any, key: Any, step: int, n: int) -> Carry:
    """`n` steps from `step`, computed."""
    numbers = jnp.asarray(step, jnp.int32), jnp.asarray(n, jnp.int32)
    return jax.block_until_ready(advance(plan.game, plan.method, carry, decay, key, *numbers))


def last_finite(plan: Plan, carry: Carry, decay: Any, key: Any, step: int, n: int) -> tuple[int, Carry]:
    """The last step of the `n` from `step` whose players are finite, by bisection: steps can be taken again exactly.

    So the loop itself need not look at every step. Numbers that are not finite stay so.
    """
    while n > 1:
        reached = steps_from(plan, carry, decay, key, step, n // 2)
        if finite(reached, plan.watched):
            step, carry, n = step + n // 2, reached, n - n // 2
        else:
            n = n // 2
    return step, carry


def side_by_side(plan: Plan, keys: Sequence[Any]) -> list[Stage]:
    """All runs to their ends, a thread for each core, or one after another where a run takes several devices.

    When a signal or an error stops one, the others stop after their chunk.
    """
    first = begin(plan, 0, keys[0])  # here, so that each program is compiled once
    recording.require_room(first.history, len(keys))
    steps_from(plan, first.carry, jnp.asarray(1.0), keys[0], 0, 0)
    streams = 1 if isinstance(plan.game, sharding.DataParallel) else usable_cores()

    def run(seed: int) -> Stage:
        key = keys[seed]
        return go_on(plan, seed, key, begin(plan, seed, key) if seed else first)

    with threads(min(streams, len(keys))) as pool:
        runs = [pool.submit(run, seed) for seed in range(len(keys))]
        try:
            for future in Completed(runs):
                if future.exception():
                    plan.stop.set()
        except KeyboardInterrupt:
            plan.stop.set()
    return [future.result() for future in runs]


def report(plan: Plan, seed: int, stage: Stage) -> None:
    """Tell how far a run is, with its latest record."""
    row = bisect.bisect_right(plan.records, stage.step) - 1
    latest = {name: values[row] for name, values in stage.history.items()}
    pace = stage.step / stage.seconds if stage.seconds else 0.0
    plan.progress(Progress(seed, stage.step, plan.steps, pace, latest, stage.diverged_at))  # type: ignore[misc]


def _checkpoints(plan: Plan, seed: int) -> Path:
    return plan.folder / CHECKPOINTS / f"seed-{seed}"  # type: ignore[operator]
