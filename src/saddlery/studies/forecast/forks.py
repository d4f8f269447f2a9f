"""Forks of runs: from a quarter of the way, on with one change each, so that what recovers a run is seen."""

import dataclasses
import functools
import itertools
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import xarray as xr

from saddlery import schedules
from saddlery.diagnosis.candidates import scaled
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results
from saddlery.method import Method
from saddlery.records.rows import rows
from saddlery.runs import recording
from saddlery.runs.cell import Carry, Cell, RunState
from saddlery.runs.finiteness import finite_leaves
from saddlery.runs.keys import RunKeys
from saddlery.runs.loop import train_lanes
from saddlery.runs.steps import start, strongly_typed
from saddlery.schedules import State
from saddlery.studies.forecast.adjustments import forked
from saddlery.studies.forecast.experiment import Gauge, gauges
from saddlery.studies.forecast.failures import WORST, Failure
from saddlery.studies.forecast.population import Place, Scale, places
from saddlery.studies.study import Progress
from saddlery.studies.trained import once_each

AT = 0.25  # of a run, where it forks
SMALLER = 1 / 3  # of the length of each step
MORE = 5  # discriminator steps where there was one
STREAM = 101  # of keys: a fork sees other batches than the run that it forks from


class Branch(NamedTuple):
    """A branch of a fork: what is changed, in words, and of which kind the change is.

    `adjustment`: one of `ADJUSTMENTS`, or none; `factor`: of the length of steps; `more`: whether there are more steps
    of the discriminator.
    """

    words: str
    kind: str
    adjustment: str = ""
    factor: float = 1.0
    more: bool = False

    def of(self, method: Method, state: State) -> tuple[Method, State]:
        """The method of the branch, and its state from that of the run's method."""
        if self.adjustment:
            return forked(method, state, self.adjustment)
        if not self.more:  # a run's own program
            rates = {name: scaled(each, self.factor) for name, each in method.optimisers._asdict().items()}
            return (method if self.factor == 1.0 else dataclasses.replace(method, **rates)), state
        now = getattr(method.schedule, "discriminator_steps", 1)
        schedule = schedules.alternating(discriminator_steps=MORE * now)
        return dataclasses.replace(method, schedule=schedule), state._replace(schedule=())


BRANCHES = {
    "unchanged": Branch("on as it was, on other batches", "none"),
    "smaller steps": Branch("both players' steps a third as long", "steps", factor=SMALLER),
    "symplectic": Branch("½(Hᵀ − H)ξ added", "rotation", "symplectic"),
    "off-diagonal": Branch("each player also makes the other's ‖ξ‖ small", "rotation", "off-diagonal"),
    "diagonal": Branch("each player also makes its own ‖ξ‖ small", "curvature", "diagonal"),
    "random": Branch("a random direction added", "random", "random"),
    "more discriminator steps": Branch("five times as many", "discriminator", more=True),
}


def chosen(dataset: xr.Dataset, outcomes: np.ndarray, failing: int, healthy: int, key: int = 0) -> list[int]:
    """The runs that fork, by their places, drawn at random: so many that fail, so many that do not.

    Of the kinds of failure as many each as there are; none that has left the finite numbers by then.

        >>> held = xr.Dataset({"diverged_at": ("run", [-1, -1, 9, -1]), "step": ("step", [0, 100])})
        >>> kinds = np.array([Failure.SLOW, Failure.HEALTHY, Failure.DIVERGED, Failure.HEALTHY])
        >>> chosen(held, kinds, 2, 1) in ([0, 1], [0, 3])
        True
    """
    random, last = np.random.default_rng(key), float(dataset["step"].values[-1])
    lost = dataset["diverged_at"].values
    there = (lost < 0) | (lost > AT * last)
    of_kind = {kind: random.permutation(np.flatnonzero(there & (outcomes == kind))).tolist() for kind in Failure}
    well = of_kind.pop(Failure.HEALTHY)
    turns = [each for turn in itertools.zip_longest(*of_kind.values()) for each in turn if each is not None]
    return sorted(turns[:failing] + well[:healthy])


def forks(parts: Path, population: Path, size: Scale, runs: list[int], progress: Progress | None = None) -> xr.Dataset:
    """Fork runs of the population, going on with what the folder `parts` holds.

    Each run is trained anew to `AT` of its steps, which gives the same numbers, and from there on to its end by each of
    `BRANCHES`, all on the same batches.

    **Arguments:** `population`: the folder of its experiments; `runs`: the places of runs.

    **Returns:** a dataset (`run`, `branch`, `step`) of `shortfall`, and (`run`, `branch`) of `diverged_at`; steps count
    from the run's start.
    """
    place, done = places(size), itertools.count(1)
    found = once_each(
        {run: (parts / f"{run}.npz", functools.partial(_forked, population, place[run])) for run in runs},
        lambda run: progress(next(done), len(runs)) if progress else None,
    )
    each = [found[run] for run in runs]
    return xr.Dataset(
        {
            "shortfall": (("run", "branch", "step"), np.array([one["shortfall"] for one in each])),
            "diverged_at": (("run", "branch"), np.array([one["diverged_at"] for one in each])),
        },
        {"run": runs, "branch": list(BRANCHES), "step": each[0]["step"]},
    )


def _forked(population: Path, place: Place) -> dict[str, np.ndarray]:
    """What becomes of a run by each branch."""
    experiment = place.experiment
    cell, gauge = cell_of(population / place.name, experiment, place.setting)
    at = int(AT * experiment.steps)
    carry = reached(cell, at)
    keys = RunKeys.of(jax.random.fold_in(cell.keys[0], STREAM))._replace(probes=RunKeys.of(cell.keys[0]).probes)
    every = experiment.every or 1
    shortfall, lost = [], []
    for branch in BRANCHES.values():
        method, state = branch.of(cell.method, carry.state)
        short, diverged_at = went(cell, gauge, method, carry._replace(state=state), keys, experiment.steps - at, every)
        shortfall.append(short)
        lost.append(diverged_at + at if diverged_at >= 0 else -1)
    steps = at + np.array(rows(experiment.steps - at, every))
    return {"shortfall": np.array(shortfall), "diverged_at": np.array(lost), "step": steps}


def cell_of(folder: Path, experiment: Experiment, setting: int) -> tuple[Cell, Gauge]:
    """A setting's cell without a folder, with the probes of its samples alone, and what these are held against."""
    cell = cells_of(prepare(dataclasses.replace(experiment, measures=())), None)[setting]
    gauge = gauges(open_results(folder, experiment.store))[setting]
    wanted = {name: probe for name, probe in cell.probes.items() if name != "losses"}
    return dataclasses.replace(cell, probes=wanted), gauge


def reached(cell: Cell, steps: int) -> Carry:
    """What a cell's first run carries after so many steps, the same numbers as in its own training."""
    bare = dataclasses.replace(cell, probes={}, steps=steps, records=[0, steps])
    keys = RunKeys.of(bare.keys[0])
    carry = start(bare.game, bare.method, keys.init, None, False)
    bare.watched = finite_leaves(carry)
    [ended] = train_lanes([bare], [keys], [RunState(0, -1, 0.0, carry, {})], [0])
    return ended.carry


def went(
    cell: Cell, gauge: Gauge, method: Method, carry: Carry, keys: RunKeys, steps: int, every: int
) -> tuple[np.ndarray, int]:
    """The shortfall along steps of a method from a carry, `(record,)`, `WORST` once lost; and where that was, or −1."""
    on = dataclasses.replace(cell, method=method, steps=steps, records=rows(steps, every))
    carry = strongly_typed(carry)
    on.watched = finite_leaves(carry)
    [ended] = train_lanes([on], [keys], [recording.begun(on, carry, keys.probes)], [0])
    path = recording.of_runs([ended], on.probes, on.records).isel(seed=0, drop=True)
    short = gauge.of(path)["shortfall"]
    return np.where(np.isfinite(short), short, WORST), ended.diverged_at
