"""The experiment of the study `recurrent`: an LSTM generator, without unrolling and with it."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array

from saddlery import metrics
from saddlery.data import as_data
from saddlery.data.images import in_range
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.games import Gan
from saddlery.games import images as game_of
from saddlery.studies import depths
from saddlery.studies.depths import Scale, unrolled
from saddlery.studies.study import Progress
from saddlery.studies.trained import named_digits, train_and_measure
from saddlery.types import Key, Players

SAMPLES, PAIRS = 2_000, 500  # measured, and of how many all pairs are compared
SURE = 0.9  # the probability from which the classifier is sure of a digit
CONTROLS = ("real images", "one image", "noise of the same pixels", "untrained generator")
ADAM = "adam(learning_rate=1e-3, b1=0.5)"
SCALES = {
    "tiny": Scale("digits", "lstm(width=4, layers=1)", 4, 2, 8, 4, ADAM, ADAM, (0, 1)),
    "quick": Scale(
        "digits", "lstm(width=32, layers=2)", 3000, 4, 64, 32, ADAM, ADAM, (0, 10)
    ),
    "paper": Scale(
        "mnist", "lstm", 50_000, 5, 128, 256, ADAM,
        "adam(learning_rate=1e-4, b1=0.5)", (0, 10),
    ),
}  # fmt: skip


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train a recurrent generator against a convolutional discriminator with K = 0 and K = 10.

    After Metz, Poole, Pfau and Sohl-Dickstein (2017, section 3.2), where K = 0 makes the same sample again and again,
    and K = 10 does not.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`); and (`setting`, `seed`) of samples of the trained
    generators `pixels` and `features`, the median distance of two of them; `support`, the size of the support by the
    birthday paradox; `found`, the digits of which there is at least one in a hundred, and `model_kl`, KL of their
    histogram from the uniform one; `sure`, the share that the classifier is sure of; `frechet`, the Fréchet distance of
    features; and the `distances` of some pairs in pixels (…, `pair`). The same of `CONTROLS` (`control`) as
    `control_<measure>`.
    """
    results = train_and_measure(parts, experiments(size), of_players, named, progress)
    return results.assign_attrs(
        note=(
            f"{named_digits(size.data)}; an LSTM against a convolutional discriminator, {size.network}, batch "
            f"{size.batch}."
        ),
        samples_found=SAMPLES,
        accuracy=metrics.classifier(as_data(size.data)).accuracy,
    ).merge(_controls(size))


def experiments(size: Scale) -> dict[str, Experiment]:
    """The experiments of the study."""
    return {"unrolled": size.experiment(size.game("images", size.network), unrolled(size.depths), samples=1000)}


def named(_: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting."""
    return depths.named(setting)


def of_players(game: Gan, players: Players, key: Key) -> dict[str, Any]:
    """The diversity of a trained generator's samples, and their digits."""
    return of_samples(game, game.sample(players.generator, key, SAMPLES))


of_players.dims = {"distances": ("pair",)}  # type: ignore[attr-defined]


def of_samples(game: Gan, samples: Array) -> dict[str, Any]:
    """The diversity of any images, and their digits."""
    judge = metrics.classifier(game.data)
    real = in_range(game.data.images[:SAMPLES])
    seen, some = judge.probabilities(samples), samples[:PAIRS]
    counts = np.bincount(np.asarray(seen.argmax(1)), minlength=10)
    distances = metrics.pairwise_distances(some)
    threshold = metrics.real_threshold(real[:PAIRS], judge.features)
    return {
        "pixels": np.median(distances),
        "features": np.median(metrics.pairwise_distances(some, judge.features)),
        "support": metrics.support_size(some, threshold, judge.features).size,
        "found": (counts >= SAMPLES / 100).sum(),
        "model_kl": metrics.coverage_of_counts(counts).kl,
        "sure": (seen.max(1) > SURE).mean(),
        "frechet": metrics.frechet_distance(judge.features(samples), judge.features(real)),
        "distances": distances.astype(np.float32),
    }


def _controls(size: Scale) -> xr.Dataset:
    """What real images, one image repeated, noise and an untrained generator score."""
    game = game_of(size.data, network=size.network, batch=size.batch, noise=size.noise)
    keys = jax.random.split(jax.random.key(2), 3)
    real = game.data.draw(keys[0], SAMPLES)
    untrained = game.init(jax.random.key(1)).generator
    columns = (
        real,
        real[:1].repeat(SAMPLES, 0),
        metrics.noise_like(real, keys[1]),
        game.sample(untrained, keys[2], SAMPLES),
    )
    found = [of_samples(game, column) for column in columns]
    values = {name: np.stack([np.asarray(each[name]) for each in found]) for name in found[0]}
    return xr.Dataset(
        {f"control_{name}": (("control", "pair")[: value.ndim], value) for name, value in values.items()},
        {"control": list(CONTROLS)},
    )
