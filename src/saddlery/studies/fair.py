"""The studies `fair-ring`, `fair-grid` and `fair-digits`: every rival at many learning rates, with the same seeds."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery.call import Call, literal, parse
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import all_claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.names import nearest
from saddlery.reading import read_json
from saddlery.records import storage
from saddlery.records.datasets import read_dataset, write_dataset
from saddlery.runs.loop import start_or_restore
from saddlery.runs.steps import steps_from

ROUNDS, SECONDS = 5, 0.1  # of the measurement of a step's cost: how often, and how long each time
BASELINE = "simultaneous"


class Rival(NamedTuple):
    """A row of the comparison.

    - `name`: what it is called; `parameter`, `values`: what is tried beside the learning rate, where there is any.
    - `method`: the text of its method, with `{}` for the parameter.
    - `loss`, `penalties`: its changes to the game, with `{}` for the parameter.
    """

    name: str
    method: str
    parameter: str = ""
    values: tuple[float, ...] = (np.nan,)
    loss: str | None = None
    penalties: tuple[str, ...] = ()


TENS = (0.1, 1.0, 10.0)
RIVALS = (
    Rival("simultaneous", "simultaneous"),
    Rival("alternating", "alternating"),
    Rival("two time scales", "two_time_scales(ratio={})", "ratio", (0.25, 4.0)),
    Rival("ℓ∞ clipping", "clipped(value={})", "bound", (0.001, 0.01)),
    Rival("norm clipping", "clipped_norm(value={})", "bound", (0.1, 1.0)),
    Rival("negative momentum", "negative_momentum(momentum=-0.5)"),
    Rival("optimistic", "optimistic"),
    Rival("extragradient", "extragradient"),
    Rival("lookahead", "lookahead(steps=5)"),
    Rival("symplectic", "symplectic(weight={})", "λ", (0.1, 1.0)),
    Rival("competitive", "competitive"),
    Rival("JARE", "jare(gamma={})", "γ", TENS),
    Rival("consensus", "consensus(gamma={})", "γ", TENS),
    Rival("adaptive consensus", "consensus(gamma=0.1, rate={})", "rate", (0.001, 0.01)),
    Rival("discriminator-only consensus", "consensus_discriminator(gamma={})", "γ", TENS),
    Rival("unrolled (1 step)", "unrolled(steps=1)"),
    Rival("unrolled (5 steps)", "unrolled(steps=5)"),
    Rival("unrolled (10 steps)", "unrolled(steps=10)"),
    Rival(
        "WGAN-GP", "alternating(discriminator_steps=5)", "weight", TENS, "wasserstein", ("wgan_gp(weight={})",)
    ),
    Rival("DRAGAN", "alternating", "weight", TENS, None, ("dragan(weight={})",)),
    Rival("R1", "alternating", "weight", TENS, None, ("r1(weight={})",)),
    Rival("relativistic R1+R2", "alternating", "weight", TENS, "relativistic", ("r1(weight={})", "r2(weight={})")),
)  # fmt: skip


class Scale(NamedTuple):
    """How many steps and seeds, how often recorded, which learning rates, and of how many samples.

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
    """What is trained on.

    - `game`, `title`: its text, and what it is in words.
    - `optimiser`: both players'.
    """

    game: str
    title: str
    optimiser: str
    scales: dict[str, Scale]


FEW = ("simultaneous", "consensus", "unrolled (1 step)", "R1")  # of a trial
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


def run(
    folder: Path | str, scale: str = "quick", progress: Callable[[int, int], None] | None = None, on: str = "ring"
) -> xr.Dataset:
    """Train every rival at every learning rate, with the same seeds, networks and optimiser, and time their steps.

    What the folder holds already is not computed again.

    **Arguments:**
    - `folder`: results are written to `folder/fair-<on>.zarr`, and before that to a sweep for each game below `parts`.
    - `scale`: `"quick"` (some minutes on two cores) or `"paper"`.
    - `progress`: called with how many steps of training are done and of how many.
    - `on`: one of `TASKS`.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`), its settings with the levels `rival`, `method`,
    `parameter` and its `value`, and `learning_rate`. A rival that changes the game has a loss and gradient norms of its
    own game; all measures of samples are common. Beside them, along `setting`: `cost`, the time of a step relative to
    simultaneous descent's, measured one after another; and `gradients`, gradients and Jacobian products of a step.

    **Raises:** `ValueError` for another scale; `FileExistsError` when the folder holds other sweeps.
    """
    if scale not in TASKS[on].scales:
        raise ValueError(nearest("scale", scale, TASKS[on].scales))
    folder = Path(folder)
    parts = folder / "parts" / scale
    ready = {name: prepare(each) for name, each in experiments(on, scale).items()}
    told = _told(progress, sum(len(r.experiment.settings) * r.experiment.seeds for r in ready.values()))
    with all_claimed({parts / name: each.experiment for name, each in ready.items()}, resume=True) as stops:
        sweeps = {
            name: run_experiment(each, parts / name, told, stop=stops[parts / name]) for name, each in ready.items()
        }
    results = xr.concat(
        [_named(sweep, places(on, scale, name)) for name, sweep in sweeps.items()],
        "setting", data_vars="minimal", coords="minimal", compat="override", join="override", combine_attrs="override",
    )  # fmt: skip
    costs = _costs({name: places(on, scale, name) for name in ready}, ready, parts / "costs.json")
    for name in ("cost", "gradients"):
        results[name] = "setting", [costs[rival][name] for rival in results["rival"].values]
    results = results.assign_attrs(
        cells=results.sizes["setting"],
        game=TASKS[on].game,
        close=TASKS[on].scales[scale].close,
        title=f"A fair comparison on {TASKS[on].title}",
        command=f"saddlery study fair-{on} --scale {scale}",
    )
    write_dataset(folder / f"fair-{on}.zarr", results)
    return open_fair(folder, on)


def open_fair(folder: Path | str, on: str = "ring") -> xr.Dataset:
    """The study that a folder holds.

    **Raises:** `FileNotFoundError` when there is none.
    """
    path = Path(folder) / f"fair-{on}.zarr"
    if not path.exists():
        raise FileNotFoundError(f"{folder} holds no study fair-{on}: there is no {path}")
    return read_dataset(path)


def groups(size: Scale) -> dict[str, list[Rival]]:
    """The rivals by the sweep that trains them: one for all that leave the game as it is, one for each other."""
    found: dict[str, list[Rival]] = {}
    for rival in (rival for rival in RIVALS if not size.rivals or rival.name in size.rivals):
        plain = rival.loss is None and not rival.penalties
        found.setdefault("plain" if plain else rival.name.lower().replace(" ", "-"), []).append(rival)
    return found


def experiments(on: str, scale: str) -> dict[str, Experiment]:
    """The sweeps by name: every rival with every value of its parameter and every learning rate."""
    return {
        name: _experiment(on, scale, [_texts_of(on, rival, value) for rival in rivals for value in rival.values])
        for name, rivals in groups(TASKS[on].scales[scale]).items()
    }


def _texts_of(on: str, rival: Rival, value: float) -> tuple[Call, str]:
    """A rival's game and method."""
    game = parse(TASKS[on].game)
    changes: dict[str, Any] = {} if rival.loss is None else {"loss": rival.loss}
    if rival.penalties:
        changes["penalty"] = tuple(text.format(value) for text in rival.penalties)
    return game._replace(arguments=game.arguments | changes), rival.method.format(value)


def _experiment(on: str, scale: str, texts: list[tuple[Call, str]]) -> Experiment:
    """One sweep: all methods on all games, which differ in their penalties at most."""
    task, size = TASKS[on], TASKS[on].scales[scale]
    game = texts[0][0]
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


def _told(progress: Callable[[int, int], None] | None, runs: int) -> Callable | None:
    """Progress of all sweeps together, in steps."""
    if progress is None:
        return None
    done: dict[Any, int] = {}
    lock = threading.Lock()

    def told(experiment, label, report):
        with lock:  # runs report from threads of their own
            done[experiment.game, label, report.seed] = report.steps if report.diverged_at >= 0 else report.step
            progress(sum(done.values()), runs * experiment.steps)

    return told


class Place(NamedTuple):
    """What a sweep's setting is of the comparison."""

    rival: Rival
    value: float
    learning_rate: float

    @property
    def label(self) -> str:
        """What it is called, unlike every other."""
        parameter = f", {self.rival.parameter} {self.value:g}" if self.rival.parameter else ""
        return f"{self.rival.name}{parameter}, learning rate {self.learning_rate:g}"


def places(on: str, scale: str, sweep: str) -> list[Place]:
    """The place of each of a sweep's settings, in their order."""
    found = {}
    for rival in groups(TASKS[on].scales[scale])[sweep]:
        for value in rival.values:
            for each in _experiment(on, scale, [_texts_of(on, rival, value)]).settings:
                found[each.game, each.method] = Place(rival, value, float(each.levels["learning_rate"]))
    return [found[each.game, each.method] for each in experiments(on, scale)[sweep].settings]


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


def _costs(of: dict[str, list[Place]], ready: dict[str, BuiltExperiment], path: Path) -> dict[str, dict[str, float]]:
    """What a step of each rival takes, from the file where it is known, else measured.

    Each is timed in turns with simultaneous descent, one stream alone, so that whatever else the machine does falls
    on both; `cost` is the ratio of the least times.
    """
    if path.exists():
        return read_json(path, "table of costs")
    cells = {
        place.rival.name: cell
        for name, each in ready.items()
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
