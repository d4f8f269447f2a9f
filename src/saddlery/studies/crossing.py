"""Methods crossed with losses or networks: the experiment of a row, and the coordinates of its settings."""

from collections.abc import Iterable, Sequence
from typing import Any

from saddlery.experiments.experiment import Experiment

OPTIMISER = "rmsprop(learning_rate=1e-4, decay=0.9, eps=1e-10, initial_scale=1.0)"  # of Mescheder et al. (2017)
CLOSE = 2.0  # times a perfect sampler's sliced Wasserstein distance, up to which a run is said to work


def row(
    game: str, methods: Iterable[str], rates: Sequence[float], *, steps: int, records: int, seeds: int, samples: int,
    shown: int,
) -> Experiment:  # fmt: skip
    """The experiment of a row: a game with every method at every learning rate.

    **Arguments:** `records`: how often, along training; the others as of `Experiment`.
    """
    return Experiment(
        game=game,
        methods=tuple(methods),
        steps=steps,
        every=max(1, steps // records),
        seeds=seeds,
        learning_rate=list(rates),
        generator_optimiser=OPTIMISER,
        discriminator_optimiser=OPTIMISER,
        samples=samples,
        shown=shown,
    )


def coordinates(row: str, column: str, method: str, rate: float) -> dict[str, Any]:
    """The coordinates of a setting: its row, its column with the method that it is of, and its learning rate."""
    rival = f"{row}, {column}"
    return {
        "setting": f"{rival}, {rate:g}",
        "method": method,
        "row": row,
        "column": column,
        "rival": rival,
        "learning_rate": rate,
    }
