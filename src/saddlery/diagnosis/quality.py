"""The measure of a GAN's samples that a diagnosis goes by, with its reference values."""

from typing import NamedTuple

import jax
import numpy as np
import xarray as xr

from saddlery.analysis.sample_quality import DISTANCE, References
from saddlery.diagnosis.trial import OF_MODES, perfect_distance, untrained_distance
from saddlery.game import Game
from saddlery.games import as_gan
from saddlery.metrics.modes import perfect_sampler


class Measured(NamedTuple):
    """A measure of samples with its reference values, and the records that hold it, of modes their share."""

    measure: str
    references: References
    distances: References | None
    path: xr.Dataset
    history: xr.Dataset | None


def references(game: Game, path: xr.Dataset, history: xr.Dataset | None = None) -> Measured | None:
    """The measure of a game's samples: modes for a mixture, else the sliced Wasserstein distance; `None` without any.

    **Arguments:** `path`: as a trial run records it; `history`: of the run before.
    """
    gan = as_gan(game)
    if gan is None or not len(path["step"]):
        return None
    begun = history is not None and DISTANCE in history and int(history["step"].values[0]) == 0
    untrained = float(history[DISTANCE].values[0]) if begun else float(untrained_distance(gan, jax.random.key(0)))  # type: ignore[index]
    distances = References(float(perfect_distance(gan.data, jax.random.key(0))), untrained)
    if "modes" not in path:
        return Measured(DISTANCE, distances, None, path, history)
    centres = gan.data.centres
    near = References(float(perfect_sampler(OF_MODES, *centres.shape)["high_quality"].mean), np.nan)
    share = lambda record: record.assign(modes=record["modes"] / len(centres))  # noqa: E731
    known = history is not None and "modes" in history
    return Measured("modes", near, distances, share(path), share(history) if known else history)
