"""The experiment of the study `pairwise`: distances between generated images, beside real images and noise."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array
from scipy.stats import wasserstein_distance

from saddlery import metrics
from saddlery.data import Images, as_data
from saddlery.data.distinct import distinct
from saddlery.data.images import Data, in_range
from saddlery.experiments.built import prepare
from saddlery.games import Gan
from saddlery.metrics.probes import PIXELS
from saddlery.metrics.suited import suited
from saddlery.studies.controls import beside
from saddlery.studies.inversion.experiment import SCALES as INVERSION
from saddlery.studies.inversion.experiment import Training, named, trained_generators
from saddlery.studies.scores import sampled
from saddlery.studies.study import Progress
from saddlery.studies.trained import once, train_and_measure
from saddlery.types import Key

SPACES = ("pixels", "features")
BINS = 60
CONTROLS = ("real", "noise", "untrained")
REFERENCE = 0  # of the reference's draw
SHARE = 1e-3  # of the pairs of real images, those that count as the same


class Reference(NamedTuple):
    """The reference: real images, and what follows from them in each space.

    - `images`: of the training split. `features`: from images to what they are compared by, besides their pixels.
    - `distances`: of all pairs, by space; `edges`: of the histograms' bins; `thresholds`: below which a pair counts as
      the same image.
    """

    images: Any
    features: Callable[[Any], np.ndarray]
    distances: dict[str, np.ndarray]
    edges: dict[str, np.ndarray]
    thresholds: dict[str, float]


class Scale(NamedTuple):
    """The scale of the experiment: the trainings of the study `inversion`, and how many samples are compared."""

    training: Training
    samples: int


SAMPLES = {"tiny": 60, "quick": 600, "paper": 2500}
SCALES = {name: Scale(INVERSION[name].training, samples) for name, samples in SAMPLES.items()}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train generators with K = 0, 1, 5, 10 unrolled steps and compare the distances between their samples.

    Metz et al. (2017, section 3.4.2) compare histograms of pairwise distances in pixels with that of real images. Their
    reviewers answered that pixels say little, and that nonsense could match them: so there is the same in features,
    with noise images, whose every pixel is distributed as the real ones', untrained generators, and other real images
    as controls, drawn anew for each seed; and the support size by the birthday paradox.

    **Returns:** the records of training (`setting`, `seed`, `step`) and, along `generator` with the controls in the
    place of `setting`, what `compared` says; `edges` (space, edge) of the histograms.
    """
    training, number = size
    experiment = trained_generators(training)
    game = prepare(experiment).game
    reference = known(game, number)

    def of_players(game, players, key):
        return compared(sampled(game, players.generator, key, number), reference)

    of_players.dims = DIMS  # type: ignore[attr-defined]
    results = train_and_measure(parts, {"unrolled": experiment}, of_players, named, progress)

    def control(name, seed):
        key = jax.random.key(seed)
        if name == "real":
            return compared(others(training.data, number, key), reference)
        if name == "noise":
            return compared(metrics.noise_like(reference.images, key), reference)
        return of_players(game, game.init(key), key)

    controls = {
        name: [
            once(parts / "controls" / f"{name}-{seed}.npz", partial(control, name, seed))
            for seed in range(training.seeds)
        ]
        for name in CONTROLS
    }
    results = beside(results, list(DIMS), controls)
    results["edges"] = ("space", "edge"), np.stack([reference.edges[name] for name in SPACES])
    return results.assign_coords(space=list(SPACES)).assign_attrs(
        note=f"Generators trained on {training.data} against a discriminator unrolled for K steps; the distances of "
        f"all pairs of {number:,} samples, in pixels and in features, beside those of as many training images.",
        number=number,
        share=SHARE,
        pool=left(training.data, number),
    )


def known(game: Gan, number: int) -> Reference:
    """The reference of a game: real images, and what the others are compared with."""
    (real,) = distinct(game.data, jax.random.key(REFERENCE), number)
    features = suited(game.data).features(game.data).features
    distances = _distances(real, features)
    edges = {name: np.linspace(0, 1.4 * each.max(), BINS + 1) for name, each in distances.items()}
    thresholds = {name: float(np.quantile(each, SHARE)) for name, each in distances.items()}
    return Reference(real, features, distances, edges, thresholds)


def others(data: str, number: int, key: Key) -> Array:
    """Real images that are not the reference's, drawn by the key: held-out ones, and training images that are left.

    No image is drawn twice. Of images that are not held in memory, held-out ones.
    """
    training, held_out = _splits(data)
    if not (isinstance(training, Images) and isinstance(held_out, Images)):
        return held_out.draw(key, number)
    used = jax.random.permutation(jax.random.key(REFERENCE), len(training))[:number]
    unused = np.setdiff1d(np.arange(len(training)), np.asarray(used))
    pool = jnp.concatenate([training.images[unused], held_out.images])
    return in_range(pool[jax.random.permutation(key, len(pool))[:number]])


def left(data: str, number: int) -> int:
    """How many images `others` draws from; 0 where they are drawn without end."""
    training, held_out = _splits(data)
    if not (isinstance(training, Images) and isinstance(held_out, Images)):
        return 0
    return max(0, len(training) - number) + len(held_out)


def _splits(data: str) -> tuple[Data, Data]:
    """The training and the held-out images of a data set."""
    return as_data(f"{data}(split='train')"), as_data(f"{data}(split='test')")


NUMBERS = ("median", "apart", "support", "support_low", "support_high")
DIMS = {"histogram": ("space", "bin"), "made": ("shown", *PIXELS)} | dict.fromkeys(NUMBERS, ("space",))


def compared(samples: Array, reference: Reference) -> dict[str, np.ndarray]:
    """The pairwise distances of samples, in pixels and in features.

    - `histogram` (space, bin): the share of the pairs in each bin; what lies beyond the last edge is in none.
    - `median` (space); `apart` (space): how far the distances' distribution is from that of the real images', the
      Wasserstein-1 distance over the real median.
    - `support`, `support_low`, `support_high` (space): 1 / the share of the pairs that are as near as the nearest
      `SHARE` of the training images' pairs, infinite where none is, and its 95% interval as of a Poisson count.
    - `made` (shown, …): the first samples, uint8.
    """
    found = _distances(samples, reference.features)
    numbers: dict[str, list[Any]] = {name: [] for name in (*NUMBERS, "histogram")}
    for name in SPACES:
        own, real = found[name], reference.distances[name]
        counts, _ = np.histogram(own, reference.edges[name])
        features = reference.features if name == "features" else None
        support = metrics.support_size(samples, reference.thresholds[name], features)
        numbers["histogram"].append(counts / len(own))
        numbers["median"].append(np.median(own))
        numbers["apart"].append(wasserstein_distance(own, real) / np.median(real))
        numbers["support"].append(support.size)
        numbers["support_low"].append(support.low)
        numbers["support_high"].append(support.high)
    arrays = {name: np.asarray(each) for name, each in numbers.items()}
    return arrays | {"made": np.asarray(metrics.pixels(samples[:36]))}


def _distances(samples: Any, features: Callable[[Any], np.ndarray]) -> dict[str, np.ndarray]:
    """The distances of all pairs, by space."""
    return {
        "pixels": metrics.pairwise_distances(samples),
        "features": metrics.pairwise_distances(samples, features),
    }
