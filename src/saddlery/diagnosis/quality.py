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
    """A measure of samples with its reference values; `modes`: how many there are, 0 where none are counted."""

    measure: str
    references: References
    distances: References | None
    modes: int = 0

    def shares(self, record: xr.Dataset | None) -> xr.Dataset | None:
        """A record with modes as their share."""
        if record is None or not self.modes or "modes" not in record:
            return record
        return record.assign(modes=record["modes"] / self.modes)


def measured(game: Game, history: xr.Dataset | None = None) -> Measured | None:
    """The measure of a game's samples: modes for a mixture, else the sliced Wasserstein distance; `None` without any.

    **Arguments:** `history`: of the run before, whose first record is an untrained generator's, where it is of step 0.
    """
    gan = as_gan(game)
    if gan is None:
        return None
    begun = history is not None and DISTANCE in history and int(history["step"].values[0]) == 0
    untrained = float(history[DISTANCE].values[0]) if begun else float(untrained_distance(gan, jax.random.key(0)))  # type: ignore[index]
    distances = References(float(perfect_distance(gan.data, jax.random.key(0))), untrained)
    if not hasattr(gan.data, "centres"):
        return Measured(DISTANCE, distances, None)
    shape = gan.data.centres.shape
    near = References(float(perfect_sampler(OF_MODES, *shape)["high_quality"].mean), np.nan)
    return Measured("modes", near, distances, shape[0])
