"""Sample quality of a GAN along a path, where it can be measured."""

from typing import NamedTuple

import jax
import numpy as np
import xarray as xr

from saddlery.diagnosis.trends import change, later
from saddlery.diagnosis.trial import perfect_distance
from saddlery.game import Game
from saddlery.games import as_gan


class Quality(NamedTuple):
    """The quality of samples along a path, by the measure that suits the game.

    - `name`: `modes` (more is better) or `sliced_wasserstein` (less is).
    - `now`: the median over the second half of the path; `best`: the number of modes, or a perfect sampler's distance.
    - `gain`: modes gained from the first third to the last, or the share by which the distance fell.
    - `certain`: whether the 95% interval of that change excludes none; for modes, whether it is at least half a mode.
    - `visited`: modes drawn at some record, `held`: at most at once; 0 where there are none to count.
    - `separation`: the median over the second half of how often the discriminator tells a real sample from a generated.
    """

    name: str
    now: float
    best: float
    gain: float
    certain: bool
    visited: int
    held: int
    separation: float

    @property
    def share(self) -> float:
        """The share of a perfect score: modes covered, or a perfect sampler's distance over this one's; 1 is best."""
        return self.now / self.best if self.name == "modes" else self.best / self.now


def quality(game: Game, path: xr.Dataset) -> Quality | None:
    """The quality of a path's samples; `None` for a game without samples to measure.

    **Arguments:** `path` is an `xarray.Dataset` as a trial run records it.
    """
    gan = as_gan(game)
    if gan is None:
        return None
    separation = float(_second_half(path["separation"].values))
    if "modes" in path:
        values, counts = path["modes"].values, path["counts"].values
        fair = counts.sum(1, keepdims=True) / counts.shape[1]
        drawn = (counts >= 0.5 * fair) & (counts > 0)
        gain = later(values)
        return Quality(
            "modes", float(_second_half(values)), float(counts.shape[1]), gain, abs(gain) >= 0.5,
            int(drawn.any(0).sum()), int(drawn.sum(1).max()), separation,
        )  # fmt: skip
    values = path["sliced_wasserstein"].values
    factor, low, high = change(values)
    best = float(perfect_distance(gan.data, jax.random.key(0)))
    return Quality(
        "sliced_wasserstein", float(_second_half(values)), best, 1 - factor, high < 1 or low > 1, 0, 0, separation
    )


def _second_half(values: np.ndarray) -> np.floating:
    return np.median(values[len(values) // 2 :])
