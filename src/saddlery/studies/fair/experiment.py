"""The experiments of the fair comparisons: every method at many learning rates, with the same seeds."""

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

from saddlery.experiments.experiment import Experiment
from saddlery.studies.fair.costs import BASELINE
from saddlery.studies.fair.rivals import FEW, RIVALS, Rival
from saddlery.text.call import Call, literal, parse


class Scale(NamedTuple):
    """The scale of the experiment: steps, seeds, records, learning rates and samples.

    `seeds`: of tuning, and as many others of the test. `close`: when a run works: all modes are covered and at least
    this share of the samples is near one; without modes, the sliced Wasserstein distance is at most this many times a
    perfect sampler's of as many samples. `rivals`: by name, or all; or of the baseline so many `copies`.
    """

    steps: int
    every: int
    seeds: int
    learning_rates: str
    close: float
    samples: int = 2500
    rivals: tuple[str, ...] = ()
    copies: int = 0


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
FRESH = 2**20  # between the keys of tuning and of each test
TASKS = {
    "ring": Task(
        "ring(preset='numerics', batch=128)",
        "a ring of eight Gaussians",
        ADAM,
        {
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 0.25, rivals=FEW),
            "quick": Scale(1200, 100, 16, "geomspace(2.5e-4, 1.6e-2, 7)", 0.25),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 0.25),
        },
    ),
    "grid": Task(
        "grid(side=5, preset='numerics', batch=128)",
        "a grid of 25 Gaussians",
        ADAM,
        {
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 0.15, rivals=FEW),
            "quick": Scale(1200, 100, 16, "geomspace(2.5e-4, 1.6e-2, 7)", 0.15),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 0.15),
        },
    ),
    "digits": Task(
        "digits(width=32, batch=64)",
        "handwritten digits",
        ADAM,
        {  # of fewer samples, or measuring would take longer than training; both distances are the same
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 2.8, samples=100, rivals=FEW),
            "quick": Scale(600, 100, 16, "geomspace(2.5e-4, 1.6e-2, 7)", 2.8, samples=500),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 6.0),
        },
    ),
    "null": Task(
        "ring(preset='numerics', batch=128)",
        "a ring of eight Gaussians, of one method under many names",
        ADAM,
        {
            "tiny": Scale(6, 3, 2, "geomspace(1e-3, 1e-2, 2)", 0.25, copies=3),
            "quick": Scale(600, 100, 16, "geomspace(2.5e-4, 1.6e-2, 7)", 0.25, copies=22),
            "paper": Scale(20_000, 500, 16, "geomspace(1e-5, 1e-2, 7)", 0.25, copies=22),
        },
    ),
}


def groups(size: Scale) -> dict[str, list[Rival]]:
    """The methods by the sweep that trains them: one for all that leave the game as it is, one for each other."""
    if size.copies:  # each with keys of its own, so that no run is compared with itself
        names = [BASELINE, *(f"{BASELINE} {i + 1}" for i in range(1, size.copies))]
        return {name.replace(" ", "-"): [Rival(name, BASELINE)] for name in names}
    found: dict[str, list[Rival]] = {}
    for rival in (rival for rival in RIVALS if not size.rivals or rival.name in size.rivals):
        found.setdefault("plain" if rival.plain else rival.name.lower().replace(" ", "-"), []).append(rival)
    return found


def experiments(on: str, size: Scale) -> dict[str, Experiment]:
    """The sweeps of tuning by name: every method with every value of its parameter and every learning rate."""
    return {
        name: _experiment(
            on, size, [_texts_of(on, rival, value) for rival in rivals for value in rival.values],
            key=i if size.copies else 0,
        )
        for i, (name, rivals) in enumerate(groups(size).items())
    }  # fmt: skip


def fresh(sweep: Experiment, chosen: Iterable[int], pair: int) -> list[Experiment]:
    """The tests of settings that a seed of tuning chose, by their places in a sweep, on a seed that tuned nothing.

    They are one run of each, in an experiment for each game. **Arguments:** `pair`: the place of the seed of tuning.
    """
    settings: dict[str, list[str]] = {}
    for place in sorted(set(chosen)):
        setting = sweep.settings[place]
        settings.setdefault(str(setting.game), []).append(str(setting.method))
    new = {"learning_rate": None, "seeds": 1, "key": sweep.key + FRESH * (pair + 1)}
    return [dataclasses.replace(sweep, game=game, methods=tuple(methods), **new) for game, methods in settings.items()]


def _texts_of(on: str, rival: Rival, value: float) -> tuple[Call, str]:
    """A rival's game and method."""
    return rival.texts(parse(TASKS[on].game), value)


def _experiment(on: str, size: Scale, texts: list[tuple[Call, str]], key: int = 0) -> Experiment:
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
        key=key,
        samples=size.samples,
        generator_optimiser=task.optimiser,
        discriminator_optimiser=task.optimiser,
        learning_rate=literal("learning_rate", size.learning_rates),
        shown=0,
    )


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
