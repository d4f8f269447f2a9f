"""The experiment of the fair comparisons: every method at many learning rates, with the same seeds."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import all_claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.studies.fair.costs import step_costs
from saddlery.studies.fair.rivals import FEW, RIVALS, Rival
from saddlery.studies.study import Progress
from saddlery.text.call import Call, literal, parse


class Scale(NamedTuple):
    """The scale of the experiment: steps, seeds, records, learning rates and samples.

    `close`: when a run works: all modes are covered and at least this share of the samples is near one; without modes,
    the sliced Wasserstein distance is at most this many times a perfect sampler's of as many samples. `rivals`: by
    name, or all.
    """

    steps: int
    every: int
    seeds: int
    learning_rates: str
    close: float
    samples: int = 2500
    rivals: tuple[str, ...] = ()


class Task(NamedTuple):
    """A task of the comparison: what is trained on.

    - `game`, `title`: its text, and what it is in words.
    - `optimiser`: both players'.
    """

    game: str
    title: str
    optimiser: str
    scales: dict[str, Scale]


ADAM = "adam(learning_rate=1e-3, b1=0.5)"
TASKS = {
    "ring": Task(
        "ring(preset='numerics', batch=128)",
        "a ring of eight Gaussians",
        ADAM,
        {
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 0.25, rivals=FEW),
            "quick": Scale(1200, 100, 8, "geomspace(2.5e-4, 1.6e-2, 7)", 0.25),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 0.25),
        },
    ),
    "grid": Task(
        "grid(side=5, preset='numerics', batch=128)",
        "a grid of 25 Gaussians",
        ADAM,
        {
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 0.15, rivals=FEW),
            "quick": Scale(1200, 100, 8, "geomspace(2.5e-4, 1.6e-2, 7)", 0.15),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 0.15),
        },
    ),
    "digits": Task(
        "digits(width=32, batch=64)",
        "handwritten digits",
        ADAM,
        {  # of fewer samples, or measuring would take longer than training; both distances are the same
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 2.8, samples=100, rivals=FEW),
            "quick": Scale(600, 100, 8, "geomspace(2.5e-4, 1.6e-2, 7)", 2.8, samples=500),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 6.0),
        },
    ),
}


def measure(parts: Path, size: Scale, progress: Progress | None, on: str) -> xr.Dataset:
    """Train every method at every learning rate, with the same seeds, networks and optimiser, and time their steps.

    **Arguments:** `on`: one of `TASKS`.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`), its settings with the levels `rival`, `method`,
    `parameter` and its `value`, and `learning_rate`. A rival that changes the game has a loss and gradient norms of its
    own game; all measures of samples are common. Beside them, along `setting`: `cost`, the time of a step relative to
    simultaneous descent's, measured one after another; and `gradients`, gradients and Jacobian products of a step.
    """
    built = {name: prepare(each) for name, each in experiments(on, size).items()}
    runs = sum(len(each.experiment.settings) * each.experiment.seeds for each in built.values())
    on_progress = _run_progress(progress, runs)
    with all_claimed({parts / name: each.experiment for name, each in built.items()}, resume=True) as stops:
        sweeps = {
            name: run_experiment(each, parts / name, on_progress, stop=stops[parts / name])
            for name, each in built.items()
        }
    placed = {name: places(on, size, name) for name in built}
    results = xr.concat(
        [_named(sweep, placed[name]) for name, sweep in sweeps.items()],
        "setting", data_vars="minimal", coords="minimal", compat="override", join="override", combine_attrs="override",
    )  # fmt: skip
    costs = step_costs(placed, built, parts / "costs.json")
    for name in ("cost", "gradients"):
        results[name] = "setting", [costs[rival][name] for rival in results["rival"].values]
    return results.assign_attrs(cells=results.sizes["setting"], game=TASKS[on].game, close=size.close)


def groups(size: Scale) -> dict[str, list[Rival]]:
    """The methods by the sweep that trains them: one for all that leave the game as it is, one for each other."""
    found: dict[str, list[Rival]] = {}
    for rival in (rival for rival in RIVALS if not size.rivals or rival.name in size.rivals):
        found.setdefault("plain" if rival.plain else rival.name.lower().replace(" ", "-"), []).append(rival)
    return found


def experiments(on: str, size: Scale) -> dict[str, Experiment]:
    """The sweeps by name: every method with every value of its parameter and every learning rate."""
    return {
        name: _experiment(on, size, [_texts_of(on, rival, value) for rival in rivals for value in rival.values])
        for name, rivals in groups(size).items()
    }


def _texts_of(on: str, rival: Rival, value: float) -> tuple[Call, str]:
    """A rival's game and method."""
    return rival.texts(parse(TASKS[on].game), value)


def _experiment(on: str, size: Scale, texts: list[tuple[Call, str]]) -> Experiment:
    """One sweep: all methods on all games, which differ in their penalties at most."""
    task, game = TASKS[on], texts[0][0]
    if len(penalties := list(dict.fromkeys(call.arguments.get("penalty") for call, _ in texts))) > 1:
        game = game._replace(arguments=game.arguments | {"penalty": penalties})
    return Experiment(
        game=str(game),
        methods=tuple(dict.fromkeys(method for _, method in texts)),
        steps=size.steps,
        every=size.every,
        seeds=size.seeds,
        samples=size.samples,
        generator_optimiser=task.optimiser,
        discriminator_optimiser=task.optimiser,
        learning_rate=literal("learning_rate", size.learning_rates),
        shown=0,
    )


def _run_progress(progress: Callable[[int, int], None] | None, runs: int) -> Callable | None:
    """Progress of all sweeps together, in steps."""
    if progress is None:
        return None
    done: dict[Any, int] = {}
    lock = threading.Lock()

    def run_progress(experiment, label, report):
        with lock:  # runs report from threads of their own
            done[experiment.game, label, report.seed] = report.steps if report.diverged_at >= 0 else report.step
            progress(sum(done.values()), runs * experiment.steps)

    return run_progress


class Place(NamedTuple):
    """The place of a sweep's setting in the comparison: its method, parameter and learning rate."""

    rival: Rival
    value: float
    learning_rate: float

    @property
    def label(self) -> str:
        """The label of the place, unlike every other."""
        parameter = f", {self.rival.parameter} {self.value:g}" if self.rival.parameter else ""
        return f"{self.rival.name}{parameter}, learning rate {self.learning_rate:g}"


def places(on: str, size: Scale, sweep: str) -> list[Place]:
    """The place of each of a sweep's settings, in their order."""
    found = {}
    for rival in groups(size)[sweep]:
        for value in rival.values:
            for each in _experiment(on, size, [_texts_of(on, rival, value)]).settings:
                found[str(each.game), str(each.method)] = Place(rival, value, float(each.levels["learning_rate"]))
    return [found[str(each.game), str(each.method)] for each in experiments(on, size)[sweep].settings]


def _named(sweep: xr.Dataset, of: list[Place]) -> xr.Dataset:
    """A sweep with its settings' places as their levels."""
    bare = sweep.drop_vars([name for name, each in sweep.coords.items() if each.dims == ("setting",)])
    levels = {
        "rival": [place.rival.name for place in of],
        "method": [parse(place.rival.method.format(place.value)).name for place in of],
        "parameter": [place.rival.parameter for place in of],
        "value": [place.value for place in of],
        "learning_rate": [place.learning_rate for place in of],
    }
    along: dict[str, Any] = {name: ("setting", level) for name, level in levels.items()}
    return bare.assign_coords(along | {"setting": [place.label for place in of]})
