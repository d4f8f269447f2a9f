"""The cost of a step of each method, in steps of simultaneous descent and in gradients."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from saddlery._system.files import read_json
from saddlery.experiments.built import BuiltExperiment
from saddlery.experiments.cells import cells_of
from saddlery.records import storage
from saddlery.runs.loop import start_or_restore
from saddlery.runs.steps import steps_from

ROUNDS, SECONDS = 5, 0.1  # of the measurement of a step's cost: how often, and how long each time
BASELINE = "simultaneous"


def step_costs(
    of: Mapping[str, Sequence[Any]], built: Mapping[str, BuiltExperiment], path: Path
) -> dict[str, dict[str, float]]:
    """The cost of a step of each method, `cost` and `gradients`, from the file where it is known, else measured.

    **Arguments:** `of`: by the names of `built`, the place of each setting, with its `rival`.

    Each is timed in turns with simultaneous descent, one stream alone, so that whatever else the machine does falls
    on both; `cost` is the ratio of the least times.
    """
    if path.exists():
        return read_json(path, "table of costs")
    cells = {
        place.rival.name: cell
        for name, each in built.items()
        for place, cell in zip(of[name], cells_of(each, None), strict=True)
    }
    costs = {}
    reference = _stopwatch(cells[BASELINE])
    for name, cell in cells.items():
        seconds = _stopwatch(cell)
        times = np.array([[seconds(), reference()] for _ in range(ROUNDS)]).min(0)
        ratio = 1.0 if name == BASELINE else float(times[0] / times[1])
        costs[name] = {"cost": ratio, "gradients": _gradients(cell)}
    storage.write(path, json.dumps(costs, indent=1))
    return costs


def _stopwatch(cell: Any) -> Callable[[], float]:
    """What times some steps of a cell's first run, and gives the seconds of one."""
    key, decay = cell.keys[0], jnp.asarray(1.0)
    carry = start_or_restore(cell, 0).carry

    def seconds(steps):
        began = time.perf_counter()
        steps_from(cell.game, cell.method, carry, decay, key, 0, steps)
        return time.perf_counter() - began

    steps = 1
    while min(seconds(steps) for _ in range(3)) < SECONDS:  # the first compiles, and others may be held up
        steps *= 2
    return lambda: seconds(steps) / steps


def _gradients(cell: Any) -> float:
    """Gradients and Jacobian products of a step, both players' together counted as one."""
    method, key = cell.method, cell.keys[0]
    size = sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(cell.game.init, key)))
    return float(method.schedule.evaluations * (method.rule.evaluations(size) or np.nan))
