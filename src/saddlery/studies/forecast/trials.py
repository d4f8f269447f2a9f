"""Short trials of advice beside full training: whether what some hundred steps say holds at the end."""

import dataclasses
import functools
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import xarray as xr

from saddlery.diagnosis.candidates import FACTORS
from saddlery.errors import InvalidValue
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.runs.cell import Carry, Cell
from saddlery.runs.keys import RunKeys
from saddlery.runs.loop import start_or_restore
from saddlery.runs.steps import start
from saddlery.studies.counting import Counting
from saddlery.studies.forecast.experiment import Gauge, gauges
from saddlery.studies.forecast.failures import WORST, Failure
from saddlery.studies.forecast.forks import cell_of, went
from saddlery.studies.forecast.population import Kind, Place, Run, Scale, places
from saddlery.studies.study import Progress
from saddlery.studies.trained import once_each
from saddlery.types import Pair

SEEDS = 3  # of each training, short or full
RECORDS = 50  # of a trial
OF_METHOD = ("five discriminator steps", "alternating", "extragradient", "consensus", "unrolled")
EACH = 3  # advice on each run: two on learning rates and one other
STREAM, KEY = 202, 9_000  # of keys of trials, and of full training
LATE = 3  # a trial's gain is of the last so manieth of its records
SOONER = 0.3  # of a trial, at which its gain is looked at too


def sooner_of(length: int) -> int:
    """How much of a trial of so many steps, or records, is looked at sooner.

    >>> sooner_of(1000)
    300
    """
    return int(SOONER * length)


class Advice(NamedTuple):
    """Advice: its kind, `rates`, `steps`, `method` or `loss`, and what it makes of a run; `None` where it is no change.

    All are proposals of `saddlery.diagnosis.candidates`.
    """

    kind: str
    of: Callable[[Run], Run | None]


def advice() -> dict[str, Advice]:
    """All advice, by what it is called.

    >>> from saddlery.studies.forecast.population import SCALES
    >>> run = places(SCALES["tiny"])[0].run
    >>> advice()["both rates × 3"].of(run).generator_rate / run.generator_rate
    3.0
    """
    found = {}
    players = {"both rates": ("generator", "discriminator"), "generator's rate": ("generator",)}
    for (words, names), factor in product((players | {"discriminator's rate": ("discriminator",)}).items(), FACTORS):
        times = f"× {factor:g}" if factor > 1 else f"÷ {1 / factor:g}"
        found[f"{words} {times}"] = Advice("rates", lambda run, names=names, by=factor: _scaled(run, names, by))
    for name in OF_METHOD:
        kind = "steps" if name == OF_METHOD[0] else "method"
        found[name] = Advice(kind, lambda run, name=name: _by(run, name))
    found["non-saturating loss"] = Advice("loss", _nonsaturating)
    return found


def _scaled(run: Run, players: tuple[str, ...], factor: float) -> Run:
    rates = {f"{name}_rate": float(f"{getattr(run, f'{name}_rate') * factor:.6g}") for name in players}
    return run._replace(**rates)


def _by(run: Run, method: str) -> Run | None:
    """A run by another method, whose game stays as it is."""
    return None if run.kind.method in (method, "R1") else run._replace(kind=run.kind._replace(method=method))


def _nonsaturating(run: Run) -> Run | None:
    return run._replace(kind=run.kind._replace(loss="non-saturating")) if run.kind.loss == "minimax" else None


class Case(NamedTuple):
    """Advice on a run: the run's place in the population, and the advice's name."""

    run: int
    advice: str


def cases(outcomes: np.ndarray, runs: list[Run], advised: int, key: int = 0) -> list[Case]:
    """Advice on runs that failed, drawn at random: on each two changes of learning rates and one of something else.

    Where nothing else is a change, as under R1, there are three of rates.
    All runs of a kind that failed are taken, and given one of two changes other than rates, so that fewer programs are
    compiled.

    **Arguments:** `outcomes` (run,); `runs`: the population in the same order; `advised`: on how many runs.
    """
    random, known = np.random.default_rng(key), advice()
    rates = [name for name, each in known.items() if each.kind == "rates"]
    of_kind: dict[Kind, list[int]] = {}
    for i, run in enumerate(runs):
        if outcomes[i] != Failure.HEALTHY:
            of_kind.setdefault(run.kind, []).append(i)
    found, kinds = [], list(of_kind)
    for kind in random.permutation(len(kinds)):
        failed = of_kind[kinds[kind]]
        others = [name for name, each in known.items() if each.kind != "rates" and each.of(runs[failed[0]])]
        two = random.permutation(others).tolist()[:2]
        for i, run in enumerate(failed):
            other = two[i % len(two) :][:1] if two else []
            drawn = random.choice(rates, EACH - len(other), replace=False).tolist()
            found += [Case(run, name) for name in [*drawn, *other]]
    return sorted(found[: EACH * advised])


def trials(
    parts: Path, population: Path, size: Scale, wanted: list[Case], progress: Progress | None = None
) -> xr.Dataset:
    """Try advice shortly and in full training, going on with what the folder `parts` holds.

    A trial is what `saddlery.diagnosis.verification` makes: from the run's last checkpoint, of a run that diverged from
    its start, with fresh optimisers' states, `size.trial` steps with and without the change. Full training is from
    starts of its own.

    **Arguments:** `population`: the folder of its experiments.

    **Returns:** a dataset (`case`, `seed`) of by how much the shortfall is less with the advice than without: `short`,
    at a trial's end, `sooner`, at `SOONER` of it, and `full`, at the end of full training; along `case` the `run`, the
    `advice`, and `advised`, its kind.
    """
    place, all_of = places(size), [*wanted, *dict.fromkeys(map(_unchanged, wanted))]
    runs = {case: _advised(case, place) for case in all_of}  # with the advice; without, where that is empty
    experiments = _experiments(runs, place, size)
    settings = sum(len(each.settings) for each in experiments.values())
    whole = Counting(progress, SEEDS * (len(all_of) * size.trial + settings * size.steps))
    short = _short(parts / "short", population, size, runs, place, whole)
    full = _full(parts / "full", experiments, runs, place, whole)
    whole.ended()
    found = {
        name: [short[_unchanged(case)][name] - short[case][name] for case in wanted] for name in ("short", "sooner")
    }
    found["full"] = [full[_unchanged(case)] - full[case] for case in wanted]
    return xr.Dataset(
        {name: (("case", "seed"), np.array(each)) for name, each in found.items()},
        {
            "run": ("case", [case.run for case in wanted]),
            "advice": ("case", [case.advice for case in wanted]),
            "advised": ("case", [advice()[case.advice].kind for case in wanted]),
        },
    )


def _unchanged(case: Case) -> Case:
    """The run of a case without advice."""
    return case._replace(advice="")


def _advised(case: Case, place: list[Place]) -> Run:
    """The run of a case with its advice; as it was where that is empty."""
    run = place[case.run].run
    changed = advice()[case.advice].of(run) if case.advice else run
    if changed is None:
        raise InvalidValue(f"case: {case.advice!r} changes nothing of {run}")
    return changed


def _short(
    parts: Path, population: Path, size: Scale, runs: dict[Case, Run], place: list[Place], whole: Counting
) -> dict[Case, dict[str, np.ndarray]]:
    """Of each case the shortfall in its trials, `(seed,)`: `short`, at their end, and `sooner`."""

    @functools.cache
    def held(run: int) -> tuple[Cell, Gauge, Pair]:
        at = place[run]
        folder = population / at.name
        return *cell_of(folder, at.experiment, at.setting), _last(folder, at.experiment, at.setting)

    def tried(case: Case) -> dict[str, np.ndarray]:
        cell, gauge, players = held(case.run)
        own = prepare(Experiment(runs[case].game, (runs[case].method,), size.trial, seeds=1))
        cell = dataclasses.replace(cell, game=own.game, method=next(iter(own.methods.values())))
        carry = Carry(players, cell.method.init(cell.game, players), None)
        every, ended = max(1, size.trial // RECORDS), []
        for seed in range(SEEDS):
            key = jax.random.fold_in(jax.random.fold_in(cell.keys[0], STREAM), seed)
            path, _ = went(cell, gauge, cell.method, carry, RunKeys.of(key), size.trial, every)
            path = np.minimum(path, WORST)
            early = path[: sooner_of(len(path))]
            ended.append([np.median(each[-max(1, len(each) // LATE) :]) for each in (path, early)])
        return dict(zip(("short", "sooner"), np.array(ended).T, strict=True))

    wanted = {
        case: (parts / f"{case.run}-{_plain(case.advice)}.npz", functools.partial(tried, case)) for case in sorted(runs)
    }
    return once_each(wanted, lambda case: whole.noted(case, SEEDS * size.trial))


def _plain(name: str) -> str:
    """The name of a file for what is tried."""
    return "".join(letter if letter.isalnum() else "-" for letter in name) or "unchanged"


def _last(folder: Path, experiment: Experiment, setting: int) -> Pair:
    """The players of a run's last checkpoint; of one that diverged, those that it started from."""
    cell = cells_of(prepare(experiment), folder)[setting]
    state = start_or_restore(cell, 0)
    if state.diverged_at < 0:
        return state.carry.players
    return start(cell.game, cell.method, RunKeys.of(cell.keys[0]).init, None, False).players


def _experiments(runs: dict[Case, Run], place: list[Place], size: Scale) -> dict[tuple[str, str], Experiment]:
    """The experiments of full training by the games' texts, without the advice and with it.

    With an advice starts and batches are the same as without.
    """
    methods: dict[tuple[str, str], dict[str, None]] = {}
    for case, run in runs.items():
        methods.setdefault((place[case.run].run.game, run.game), {})[run.method] = None
    key = {before: KEY + i for i, before in enumerate(dict.fromkeys(before for before, _ in methods))}
    return {
        (before, game): Experiment(
            game, tuple(own), size.steps, SEEDS, size.every, key[before], samples=size.samples, shown=0
        )
        for (before, game), own in methods.items()
    }


def _full(
    parts: Path, experiments: dict[tuple[str, str], Experiment], runs: dict[Case, Run], place: list[Place],
    whole: Counting,
) -> dict[Case, np.ndarray]:  # fmt: skip
    """Of each case the shortfall at the end of full training, the median over its last quarter, `(seed,)`."""
    ended: dict[tuple[str, str, str], np.ndarray] = {}
    for i, ((before, game), experiment) in enumerate(experiments.items()):
        folder = parts / f"{i + 1}"
        with claimed(folder, experiment, resume=True) as stop:
            dataset = run_experiment(prepare(experiment), folder, whole.heard, stop=stop)
        for j, (gauge, setting) in enumerate(zip(gauges(dataset), experiment.settings, strict=True)):
            ended[before, game, str(setting.method)] = _late(dataset.isel(setting=j), gauge)
    return {case: ended[place[case.run].run.game, run.game, run.method] for case, run in runs.items()}


def _late(held: xr.Dataset, gauge: Gauge) -> np.ndarray:
    """The median shortfall over the last quarter of each seed's records; 1 of one that diverged."""
    found = []
    for seed in range(held.sizes["seed"]):
        run = held.isel(seed=seed)
        short = gauge.of(run[[name for name in run.data_vars if run[name].dims == ("step",)]])["shortfall"]
        late = np.median(short[3 * len(short) // 4 :])
        found.append(WORST if int(run["diverged_at"]) >= 0 or not np.isfinite(late) else min(late, WORST))
    return np.array(found)
