"""Approach to an equilibrium: the distance along a record, turns about it, and growth per turn."""

import math
from typing import NamedTuple

import numpy as np

from saddlery.analysis.trends import LEAST, slope

HALF_TURN = 0.45  # turns between two records from which a turn cannot be followed
FOLLOWED = 3.0  # turns from which distances are compared a whole turn at a time


class Approach(NamedTuple):
    """The approach of a recorded path to an equilibrium θ*, d = ‖θ − θ*‖.

    - `distance`: d at the last record; `most`: over the record. `scale`: d where untrained players are.
    - `turns`: how often the path winds about θ*, in the plane in which its directions (θ − θ*)/d mostly lie; NaN where
      records are too far apart to follow it.
    - `growth`: by which log d changes along the record, and `low`, `high`, its 95% interval. Where the path winds about
      θ* at least three times these are of its means over whole turns, so that an ellipse has none.
    - `monotone`: whether d only rises, or only falls, from third to third of the record.
    - `steps`: of training, along the record.
    """

    distance: float
    most: float
    scale: float
    turns: float
    growth: float
    low: float
    high: float
    monotone: bool
    steps: int

    @property
    def per_turn(self) -> float:
        """The factor by which d changes in a turn about the equilibrium; NaN where turns are not known, or none."""
        return math.exp(self.growth / self.turns) if self.turns >= FOLLOWED else math.nan


def approach(offsets: np.ndarray, steps: np.ndarray, scale: float) -> Approach | None:
    """The approach of a path to an equilibrium; `None` for fewer records than a trend needs, or numbers not finite.

        >>> angle = np.linspace(0, 8 * np.pi, 201)
        >>> spiral = np.exp(0.1 * angle / (2 * np.pi)) * [np.cos(angle), 0.3 * np.sin(angle)]
        >>> found = approach(spiral.T, np.arange(201), 1.0)
        >>> round(found.turns, 3), round(found.per_turn, 3)  # e^0.1 a turn
        (4.0, 1.105)

    **Arguments:** `offsets`: θ − θ* at each record, `(record, axis)`; `steps`: of training, `(record,)`; `scale`: the
    distance of untrained players.
    """
    if len(offsets) < LEAST or not np.isfinite(offsets).all():
        return None
    distances = np.linalg.norm(offsets, axis=1)
    logs = np.log(np.maximum(distances, np.finfo(np.float32).tiny))
    angles = _angles(offsets, distances)
    turns = abs(angles[-1] - angles[0]) / (2 * np.pi) if angles is not None else math.nan
    means = _per_turn(logs, angles, turns) if turns >= FOLLOWED else None
    growth, low, high = slope(logs) if means is None else _trend(means, turns)
    thirds = np.array([part.mean() for part in np.array_split(logs, 3)])
    changes = np.diff(thirds)
    return Approach(
        float(distances[-1]), float(distances.max()), scale, float(turns), growth, low, high,
        bool((changes > 0).all() or (changes < 0).all()), int(steps[-1] - steps[0]),
    )  # fmt: skip


def _angles(offsets: np.ndarray, distances: np.ndarray) -> np.ndarray | None:
    """The angle of the path about the equilibrium at each record, unwound; `None` where records are too far apart."""
    directions = offsets / np.maximum(distances, np.finfo(np.float32).tiny)[:, None]
    if directions.shape[1] < 2:
        return np.zeros(len(directions))
    left, strengths, _ = np.linalg.svd(directions, full_matrices=False)
    if strengths[1] < 1e-6 * strengths[0]:
        return np.zeros(len(directions))
    angles = np.unwrap(np.arctan2(left[:, 1], left[:, 0]))
    return None if np.abs(np.diff(angles)).max() > 2 * np.pi * HALF_TURN else angles


def _per_turn(logs: np.ndarray, angles: np.ndarray | None, turns: float) -> np.ndarray:
    """The mean of log d over each whole turn: by the angle, so that every turn is weighed alike all around."""
    assert angles is not None
    passed = np.abs(angles - angles[0]) / (2 * np.pi)
    passed = np.maximum.accumulate(passed)
    grid = np.arange(int(turns) * 64) / 64
    return np.interp(grid, passed, logs).reshape(int(turns), 64).mean(1)


def _trend(means: np.ndarray, turns: float) -> tuple[float, float, float]:
    """The change of the means over the record by a line through them, with its 95% interval."""
    from scipy import stats

    per_turn, *_, error = np.asarray(stats.linregress(np.arange(len(means)), means), float)
    reach = stats.t.ppf(0.975, len(means) - 2) * error
    return float(turns * per_turn), float(turns * (per_turn - reach)), float(turns * (per_turn + reach))
