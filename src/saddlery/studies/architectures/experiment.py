"""The experiment of the study `architectures`: methods on families of networks, the learning rate swept."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saddlery.experiments.built import prepare
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.studies.architectures.motion import Motion
from saddlery.studies.crossing import CLOSE, coordinates, row
from saddlery.studies.scores import perfect_scores, scored
from saddlery.studies.study import Progress
from saddlery.studies.trained import train_and_measure
from saddlery.text.call import parse

METHODS = {
    "simultaneous": "simultaneous",
    "alternating": "alternating",
    "consensus γ = 1": "consensus(gamma=1.0)",
    "consensus γ = 10": "consensus(gamma=10.0)",
}


class Scale(NamedTuple):
    """The scale of the experiment: networks, data, steps, learning rates, seeds and samples measured."""

    families: dict[str, str]
    data: str
    noise: int
    steps: int
    rates: tuple[float, ...]
    seeds: int
    samples: int


SCALES = {
    "tiny": Scale(
        {"dcgan3": "dcgan3(width=1)", "conv3": "conv3(width=1, hidden=4)"}, "digits", 2, 4, (1e-3, 1e-2), 2, 120
    ),
    "quick": Scale(
        {
            "dcgan3": "dcgan3(width=8)",
            "dcgan3_nobn": "dcgan3_nobn(width=8)",
            "dcgan3_nobn_cf": "dcgan3_nobn_cf(width=8)",
            "conv3": "conv3(width=8, hidden=32)",
            "resnet_cf": "resnet_cf(width=8)",
        },
        "digits", 16, 400, (3e-4, 1e-3, 3e-3), 3, 500,
    ),
    "paper": Scale(
        {name: name for name in (
            "dcgan3", "dcgan4", "dcgan4_nobn", "dcgan4_nobn_cf", "conv3", "conv4", "resnet", "resnet_cf"
        )},
        "cifar10", 256, 150_000, (5e-5, 1e-4, 2e-4), 3, 2500,
    ),
}  # fmt: skip


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train every family with every method and learning rate, and record how the game moves.

    The image experiments of Mescheder, Nowozin and Geiger (2017) have one learning rate. Their reviewers asked whether
    it was swept, why the losses stay so constant under consensus optimisation, and why it fails on DCGAN.

    **Returns:** the records (`setting`, `seed`, `step`) of every family, method and learning rate, which are
    coordinates along `setting`, those of `Motion` among them; and the scores of the generators that each run ended
    with.
    """
    experiments = {family: experiment(network, size) for family, network in size.families.items()}
    scores = partial(scored, samples=size.samples)
    results = train_and_measure(parts, experiments, scores, named, progress, {"motion": Motion()})
    first = next(iter(experiments.values()))
    return results.assign_attrs(
        note=f"Families of networks on {size.data}, trained by each method at each learning rate, with the same "
        "optimiser, batches and seeds; and along training the norm of the field, how much of it is rotation, and how "
        "far the nearest stationary point would be.",
        game=f"images(data={size.data!r}, network=…, noise={size.noise}, batch=64)",
        close=CLOSE,
        **perfect_scores(prepare(first).game, size.samples),
    )


def experiment(network: str, size: Scale) -> Experiment:
    """The experiment of one family with every method and learning rate."""
    game = f"images(data={size.data!r}, network={network!r}, noise={size.noise}, batch=64)"
    return row(
        game, METHODS.values(), size.rates, steps=size.steps, records=10, seeds=size.seeds, samples=size.samples,
        shown=36,
    )  # fmt: skip


def named(family: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting: its family, its method with γ, and its learning rate."""
    name, given = setting.method
    method = next(each for each, text in METHODS.items() if setting.method.includes(parse(text)))
    return coordinates(family, method, name, float(given["learning_rate"]))
