"""The study `divergences`: every loss with every kind of method, the learning rate swept."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saddlery.call import parse
from saddlery.experiments.built import prepare
from saddlery.experiments.experiment import Experiment
from saddlery.losses import LOSSES
from saddlery.records.datasets import write_dataset
from saddlery.studies import images
from saddlery.studies.scores import perfect_scores, scored

ALIASES = {"standard": "nonsaturating", "indicator": "wasserstein"}  # the Numerics paper's names, and ours
METHODS = ("simultaneous", "alternating", "consensus(gamma=1.0)", "unrolled(steps=5)")
OPTIMISER = "rmsprop(learning_rate=1e-4, decay=0.9, eps=1e-10, initial_scale=1.0)"  # of Mescheder et al. (2017)
CLOSE = 2.0  # times a perfect sampler's sliced Wasserstein distance, up to which a run is said to work
RESULTS = "divergences.zarr"


class Scale(NamedTuple):
    """On which game, for how long, with which learning rates, seeds and losses, and of how many samples."""

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


def run(folder: Path | str, scale: str = "quick", progress: Callable[[int, int], None] | None = None) -> xr.Dataset:
    """Train every loss of `saddlery.losses` with every method and learning rate.

    Reviewers of Mescheder, Nowozin and Geiger (2017) asked whether the results hold for other divergences and for
    losses that are no zero-sum game, and whether learning rates were swept. What the folder holds already is not
    computed again.

    **Arguments:**
    - `folder`: results are written to `folder/divergences.zarr`.
    - `scale`: `"quick"` (some minutes on two cores) or `"paper"`.
    - `progress`: called with how much is done and of how much.

    **Returns:** the records (`setting`, `seed`, `step`) of every loss, method and learning rate, which are coordinates
    along `setting`; and the scores of the generators that each run ended with.

    **Raises:** `ValueError` for another scale.
    """
    size, folder = images.scale_of(scale, SCALES), Path(folder)
    experiments = {loss: experiment(loss, size) for loss in size.losses}
    measure = partial(scored, samples=size.samples)
    results = images.study(folder / "parts" / scale, experiments, measure, named, progress)
    first = next(iter(experiments.values()))
    results = results.assign_attrs(
        title="Does it depend on the loss?",
        note="Every loss with every method at every learning rate, on the same networks, optimiser and seeds: "
        f"{', '.join(METHODS)}.",
        command=f"saddlery study divergences --scale {scale}",
        game=size.game.format(loss="…"),
        close=CLOSE,
        **perfect_scores(prepare(first).game, size.samples),
    )
    write_dataset(folder / RESULTS, results)
    return open_divergences(folder)


def open_divergences(folder: Path | str) -> xr.Dataset:
    """The study that a folder holds.

    **Raises:** `FileNotFoundError` when there is none.
    """
    return images.kept(Path(folder) / RESULTS, "divergences")


def experiment(loss: str, size: Scale) -> Experiment:
    """One loss with every method and learning rate."""
    return Experiment(
        game=size.game.format(loss=loss),
        methods=METHODS,
        steps=size.steps,
        every=max(1, size.steps // 8),
        seeds=size.seeds,
        learning_rate=list(size.rates),
        generator_optimiser=OPTIMISER,
        discriminator_optimiser=OPTIMISER,
        samples=size.samples,
        shown=16,
    )


def named(loss: str, setting: Any) -> dict[str, Any]:
    """A setting's coordinates: its loss, method and learning rate."""
    method, rate = setting.levels["method"], float(parse(setting.method).arguments["learning_rate"])
    return {
        "setting": f"{loss}, {method}, {rate:g}",
        "method": method,
        "row": loss,
        "column": method,
        "rival": f"{loss}, {method}",
        "learning_rate": rate,
    }
