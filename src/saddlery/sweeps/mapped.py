"""Runs mapped together: one program that steps many runs at once, as accelerators want it."""

import bisect
import itertools
import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from saddlery import recording
from saddlery.finiteness import finite
from saddlery.sweeps.cells import Cell
from saddlery.training import (
    CHUNK_SECONDS,
    Carry,
    Plan,
    Stage,
    advance,
    asked_to_stop,
    begin,
    ended,
    last_finite,
    report,
    save,
)

SHARE = 0.8  # of the device's memory that runs mapped together may take
MOST = 256  # runs mapped together


def go_together(runs: Sequence[tuple[Cell, int]]) -> list[Stage]:
    """Runs of one program, from where they are to their ends: the training loop of `saddlery.training`, for many.

    Runs that are resumed from different steps are trained in groups that are at the same one. A run that leaves the
    finite numbers ends there; what its place in the batch goes on computing is not looked at.
    """
    stages = [begin(cell.plan, seed, cell.keys[seed]) for cell, seed in runs]
    order = sorted(range(len(runs)), key=lambda i: stages[i].step)
    for _, group in itertools.groupby(order, key=lambda i: stages[i].step):
        chosen = [i for i in group if not ended(runs[i][0].plan, stages[i])]
        for i, stage in zip(chosen, _together([runs[i] for i in chosen], [stages[i] for i in chosen]), strict=True):
            stages[i] = stage
    return stages


def _together(runs: list[tuple[Cell, int]], stages: list[Stage]) -> list[Stage]:
    """Runs that are all at the same step."""
    if not runs:
        return []
    plan = runs[0][0].plan
    _, step_keys, probe_keys = zip(*(jax.random.split(cell.keys[seed], 3) for cell, seed in runs), strict=True)
    decay = jnp.asarray(1.0 if plan.average is None else plan.average)
    batch = stack([(cell.plan.game, cell.plan.method) for cell, _ in runs])
    carry, keys = stack([stage.carry for stage in stages], always=True), jnp.stack(step_keys)
    step, chunk, saved = stages[0].step, 1, time.monotonic()
    while not all(ended(plan, stage) for stage in stages) and not asked_to_stop(plan):
        row = bisect.bisect_right(plan.records, step)
        n = min(plan.records[row] - step, chunk)
        began = time.perf_counter()
        reached, whole = jax.block_until_ready(
            advance_together(batch, carry[0], decay, keys, jnp.int32(step), jnp.int32(n), plan.watched)
        )
        took = time.perf_counter() - began
        chunk = max(1, min(2 * n, int(n * CHUNK_SECONDS / took)))
        for i, ((cell, seed), stage) in enumerate(zip(runs, stages, strict=True)):
            if ended(plan, stage):
                continue
            if whole[i]:
                stage = stage._replace(step=step + n, carry=lane(reached, i))
            else:
                at, last = last_finite(cell.plan, stage.carry, decay, step_keys[i], step, n)
                stage = stage._replace(step=at, carry=last, diverged_at=at + 1)
            stage = stage._replace(seconds=stage.seconds + took / len(runs))
            if stage.step == plan.records[row]:
                players, average = stage.carry.players, stage.carry.average
                record = recording.take(plan.probes, cell.plan.game, players, average, probe_keys[i])
                for name, value in record.items():
                    stage.history[name][row] = value
                if stage.diverged_at < 0 and not recording.is_finite(record):
                    stage = stage._replace(diverged_at=stage.step)
            stages[i] = stage
            if cell.plan.progress:
                report(cell.plan, seed, stage)
        due = asked_to_stop(plan) or time.monotonic() - saved > plan.checkpoint_seconds
        for (cell, seed), stage in zip(runs, stages, strict=True):
            if plan.folder and (plan.keep and stage.step > step if ended(plan, stage) else due):
                save(cell.plan, seed, cell.keys[seed], stage)
        saved = time.monotonic() if due else saved
        carry, step = (reached, carry[1]), step + n
    return stages


@eqx.filter_jit
def advance_together(
    batch: tuple[Any, Any], carry: Carry, decay: Any, keys: Any, first: Any, n: Any, watched: tuple[bool, ...]
) -> tuple[Carry, Any]:
    """`n` steps of every run from step number `first`, and which of them are still finite."""
    mapped, shared = batch

    def one(mapped, carry, key):
        game, method = eqx.combine(mapped, shared)
        reached = advance(game, method, carry, decay, key, first, n)
        return reached, finite(reached, watched)

    return jax.vmap(one)(mapped, carry, keys)


def stack(trees: Sequence[Any], always: bool = False) -> tuple[Any, Any]:
    """Pytrees that are alike as two: arrays with an axis in front, and what all hold the same.

    An array that is the same object in all of them is held once, unless `always`.
    """
    flat, structure = zip(*(jax.tree.flatten(tree) for tree in trees), strict=True)
    same = [
        not eqx.is_array(each[0]) or (not always and all(one is each[0] for one in each))
        for each in zip(*flat, strict=True)
    ]
    mapped = [None if shared else jnp.stack(each) for shared, each in zip(same, zip(*flat, strict=True), strict=True)]
    held = [leaf if shared else None for shared, leaf in zip(same, flat[0], strict=True)]
    return jax.tree.unflatten(structure[0], mapped), jax.tree.unflatten(structure[0], held)


def lane(tree: Any, i: int) -> Any:
    """One run's part of what is mapped."""
    return jax.tree.map(lambda x: x[i], tree)


def fitting(plan: Plan, count: int) -> int:
    """How many of `count` runs fit into the device's memory together, by what one run took at most; all, where the
    device does not say."""
    statistics = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" not in statistics:
        return min(count, MOST)
    held = statistics["bytes_in_use"]
    of_one = max(statistics["peak_bytes_in_use"] - held, 1)
    return max(1, min(count, MOST, int(SHARE * (statistics["bytes_limit"] - held) / of_one)))
