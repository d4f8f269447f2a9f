"""The experiment of the study `divergences`: every loss with every kind of method, the learning rate swept."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saddlery.experiments.built import prepare
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.losses import LOSSES
from saddlery.studies.crossing import CLOSE, coordinates, row
from saddlery.studies.scores import perfect_scores, scored
from saddlery.studies.study import Progress
from saddlery.studies.trained import train_and_measure

ALIASES = {"standard": "nonsaturating", "indicator": "wasserstein"}  # the Numerics paper's names, and ours
METHODS = ("simultaneous", "alternating", "consensus(gamma=1.0)", "unrolled(steps=5)")


class Scale(NamedTuple):
    """The scale of the experiment: game, steps, learning rates, seeds, losses and samples."""

    game: str
    steps: int
    rates: tuple[float, ...]
    seeds: int
    samples: int
    losses: tuple[str, ...] = tuple(loss for loss in LOSSES if loss not in ALIASES)


SCALES = {
    "tiny": Scale(
        "digits(width=4, batch=8, loss={loss!r})", 4, (1e-3, 1e-2), 2, 120, ("minimax", "nonsaturating", "hinge")
    ),
    "quick": Scale("digits(width=64, batch=64, loss={loss!r})", 800, (5e-4, 2e-3), 3, 1000),
    "paper": Scale(
        "images(data='cifar10', network='dcgan4_nobn_cf', loss={loss!r})", 50_000, (5e-5, 1e-4, 2e-4, 4e-4), 3, 2500
    ),
}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train every loss of `saddlery.losses` with every method and learning rate.

    Reviewers of Mescheder, Nowozin and Geiger (2017) asked whether the results hold for other divergences and for
    losses that are no zero-sum game, and whether learning rates were swept.

    **Returns:** the records (`setting`, `seed`, `step`) of every loss, method and learning rate, which are coordinates
    along `setting`; and the scores of the generators that each run ended with.
    """
    experiments = {loss: experiment(loss, size) for loss in size.losses}
    results = train_and_measure(parts, experiments, partial(scored, samples=size.samples), named, progress)
    first = next(iter(experiments.values()))
    return results.assign_attrs(
        note="Every loss with every method at every learning rate, on the same networks, optimiser and seeds: "
        f"{', '.join(METHODS)}.",
        game=size.game.format(loss="…"),
        close=CLOSE,
        **perfect_scores(prepare(first).game, size.samples),
    )


def experiment(loss: str, size: Scale) -> Experiment:
    """The experiment of one loss with every method and learning rate."""
    return row(
        size.game.format(loss=loss), METHODS, size.rates, steps=size.steps, records=8, seeds=size.seeds,
        samples=size.samples, shown=16,
    )  # fmt: skip


def named(loss: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting: its loss, method and learning rate."""
    method, rate = setting.levels["method"], float(setting.method.arguments["learning_rate"])
    return coordinates(loss, method, method, rate)
