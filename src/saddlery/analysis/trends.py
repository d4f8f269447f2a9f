"""Trends of a recorded path: the field's norm, the width of the path, turning and recurrence."""

import math
from typing import NamedTuple

import numpy as np
import xarray as xr

RESAMPLES = 400  # of the bootstrap behind the field's interval
BLOCKS = 10  # that a record is cut into for it, so that what is near in time stays together
LEAST = 8  # records that a trend needs


class Trends(NamedTuple):
    """Trends of a path of r records, positions θ_0 … θ_{r−1}; NaN where the path is too short or does not move.

    - `field`: ‖v‖ at the last record; `field_factor`: the factor by which it changes from the first to the last, by
      least squares on log ‖v‖, and `field_low`, `field_high`: its 95% interval, by a bootstrap of blocks of residuals.
    - `field_share`: `field` as a share of the largest ‖v‖ on record, of the history too.
    - `moved`: the path's length Σ‖θ_{t+1} − θ_t‖ in units of ‖θ_0‖; `moved_by`: the same of each player, in units of
      its own size, generator first; `lately`: of both in the last quarter of the record; `speed`: the median step
      between two records.
    - `straightness`: ‖θ_{r−1} − θ_0‖ as a share of the length: 1 is a straight line.
    - `persistence`: the mean cosine between one step and the next, between records.
    - `contraction`: the rms distance from the path's mean in its last third over that in its first: below 1 where the
      path draws together, above 1 where it widens, 1 for a circle, a straight line and for noise.
    - `returned`: with D(τ)² the mean of ‖θ_{t+τ} − θ_t‖² over t, for lags τ up to half the path: the greatest fall of D
      below its maximum so far, as a share of it. 1 for a closed orbit, 0 for what only goes on.
    - `spread`: the slope of log D² against log τ over the longer lags: 2 goes straight on, 1 diffuses, 0 is confined.
    - `turns`: how often the path winds about its mean in the plane of its two principal components.
    - `losses`: the change of each player's loss, last third against first, generator first.
    """

    field: float
    field_factor: float
    field_low: float
    field_high: float
    field_share: float
    moved: float
    moved_by: tuple[float, float]
    lately: float
    speed: float
    straightness: float
    persistence: float
    contraction: float
    returned: float
    spread: float
    turns: float
    losses: tuple[float, float]


def trends(path: xr.Dataset, sizes: tuple[float, float], largest: float = 0.0) -> Trends:
    """The trends of a path.

    **Arguments:**
    - `path`: an `xarray.Dataset` with `position` (step, axis) and, where they are known, `generator_norm`,
      `discriminator_norm`, `generator_loss`, `discriminator_loss` (step); of the axes the first `generator_axes`, an
      attribute, are the generator's, half of them where it is missing.
    - `sizes`: ‖θ_0‖ of each player, generator first.
    - `largest`: the largest ‖v‖ known from before.
    """
    unknown = np.full(len(path["step"]), np.nan)
    norms, losses = (
        [path[name].values.astype(float) if name in path else unknown for name in names]
        for names in (("generator_norm", "discriminator_norm"), ("generator_loss", "discriminator_loss"))
    )
    norms = np.hypot(*norms)
    positions = path["position"].values.astype(float)
    moves = np.diff(positions, axis=0)
    lengths = np.linalg.norm(moves, axis=1)
    length, size = lengths.sum(), float(np.hypot(*sizes))
    of_generator = int(path.attrs.get("generator_axes", positions.shape[1] // 2))
    parts = (moves[:, :of_generator], moves[:, of_generator:])
    of_each = [_in_units(np.linalg.norm(part, axis=1).sum(), own) for part, own in zip(parts, sizes, strict=True)]
    known = norms[np.isfinite(norms)]
    factor, low, high = change(norms)
    lags = distances_by_lag(positions)
    return Trends(
        field=known[-1] if len(known) else np.nan,
        field_factor=factor,
        field_low=low,
        field_high=high,
        field_share=known[-1] / max(largest, known.max()) if len(known) and known.max() > 0 else 0.0,
        moved=_in_units(length, size),
        moved_by=(of_each[0], of_each[1]),
        lately=_in_units(lengths[-(len(lengths) // 4 or 1) :].sum(), size),
        speed=float(np.median(lengths)) if len(lengths) else 0.0,
        straightness=np.linalg.norm(positions[-1] - positions[0]) / length if length else np.nan,
        persistence=persistence(moves, lengths),
        contraction=contraction(positions),
        returned=returned(lags),
        spread=spread(lags),
        turns=turns(positions),
        losses=(later(losses[0]), later(losses[1])),
    )


def _in_units(length: float, size: float) -> float:
    return float(length / size) if size else math.inf if length else 0.0


def change(values: np.ndarray) -> tuple[float, float, float]:
    """The factor by which positive values change along a record, with its 95% interval, from a line through logs."""
    logs = np.log(np.maximum(values.astype(float), np.finfo(np.float32).tiny))
    factor, low, high = np.exp(np.clip(slope(logs), -700, 700))
    return float(factor), float(low), float(high)


def slope(values: np.ndarray) -> tuple[float, float, float]:
    """The change of values along a record by a line through them, with its 95% interval by a bootstrap of blocks.

    >>> [round(each, 6) for each in slope(np.arange(10.0))]  # a line: from the first to the last, and no doubt
    [9.0, 9.0, 9.0]
    """
    known = values[np.isfinite(values)].astype(float)
    if len(known) < LEAST:
        return math.nan, math.nan, math.nan
    time = np.linspace(-0.5, 0.5, len(known))
    weights = time / (time**2).sum()
    found = float(weights @ known)
    residuals = known - known.mean() - found * time
    block = max(1, len(known) // BLOCKS)
    starts = np.random.default_rng(0).integers(0, len(known) - block + 1, (RESAMPLES, -(-len(known) // block)))
    drawn = residuals[(starts[..., None] + np.arange(block)).reshape(RESAMPLES, -1)[:, : len(known)]]
    low, high = np.quantile(found + drawn @ weights, [0.025, 0.975])
    return found, float(low), float(high)


def persistence(moves: np.ndarray, lengths: np.ndarray) -> float:
    """Persistence of a path: the mean cosine between each step and the next."""
    known = cosines(moves, lengths)[lengths[1:] * lengths[:-1] > 0]
    return float(known.mean()) if len(known) else np.nan


def cosines(moves: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The cosine between each step and the next, of their `lengths`; NaN where one of them is none.

    >>> cosines(np.array([[1.0], [2.0], [-1.0], [0.0]]), np.array([1.0, 2.0, 1.0, 0.0])).tolist()
    [1.0, -1.0, nan]
    """
    scale = lengths[1:] * lengths[:-1]
    return np.divide((moves[1:] * moves[:-1]).sum(1), scale, out=np.full(len(scale), np.nan), where=scale > 0)


def contraction(positions: np.ndarray) -> float:
    """Contraction of a path: the rms distance from the mean in its last third over that in the first."""
    third = len(positions) // 3
    squares = ((positions - positions.mean(0)) ** 2).sum(1)
    if len(positions) < LEAST or not squares[:third].any():
        return np.nan
    return float(np.sqrt(squares[-third:].mean() / squares[:third].mean()))


def distances_by_lag(positions: np.ndarray) -> np.ndarray:
    """The distances D(τ), rms of ‖θ_{t+τ} − θ_t‖ over t, for τ from 1 to three quarters of the path; empty if short."""
    if len(positions) < LEAST:
        return np.zeros(0)
    lags = range(1, 3 * len(positions) // 4 + 1)
    return np.sqrt([((positions[lag:] - positions[:-lag]) ** 2).sum(1).mean() for lag in lags])


def returned(lags: np.ndarray) -> float:
    """Recurrence of a path: the greatest fall of D(τ) below its maximum at smaller lags, as a share of that maximum."""
    if not lags.any():
        return np.nan
    return float((1 - lags / np.maximum.accumulate(lags)).max())


def spread(lags: np.ndarray) -> float:
    """The diffusion exponent of a path: the slope of log D² against log τ over the longer lags, half of log τ."""
    if not lags.any():
        return np.nan
    time = np.arange(1, len(lags) + 1)
    long = (time**2 >= len(lags)) & (lags > 0)
    return float(np.polyfit(np.log(time[long]), 2 * np.log(lags[long]), 1)[0]) if long.sum() > 1 else np.nan


def turns(positions: np.ndarray) -> float:
    """The winding number of a path about its mean in the plane of its two principal components."""
    centred = positions - positions.mean(0)
    if len(positions) < LEAST or not centred.any() or positions.shape[1] < 2:
        return 0.0
    left, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    if strengths[1] < 1e-6 * strengths[0]:
        return 0.0
    angles = np.unwrap(np.arctan2(left[:, 1], left[:, 0]))  # of an ellipse as of a circle
    return float(abs(angles[-1] - angles[0]) / (2 * np.pi))


def later(values: np.ndarray) -> float:
    """The mean of the last third of a record less that of the first."""
    known = values[np.isfinite(values)]
    third = len(known) // 3
    return float(known[-third:].mean() - known[:third].mean()) if third else np.nan
