"""Records of training in NumPy, whoever trained, and the facts that a verdict takes from them."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.approach import approach
from saddlery.analysis.outcome import Facts, Local
from saddlery.analysis.sample_quality import References, sample_quality
from saddlery.analysis.trends import trends

NAN = float("nan")
SERIES = ("generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm")


class Record(NamedTuple):
    """A record of training, from a run, a loop of one's own or a log; what is not known is left out.

    - `path`: what was recorded closely, along `step`: of `SERIES`, of `position` (step, axis), the players'
      displacement, and of `modes` (a share of all) with `high_quality` or a distance of samples such as
      `sliced_wasserstein`, with `counts` (step, mode), `precision`, `coverage`, `scale`, `separation`.
    - `history`: what was recorded before, more coarsely, of the same.
    - `sizes`: ‖θ‖ of each player where the path begins, generator first.
    - `measure`: `"modes"`, the name of a distance, or nothing where samples were not measured; `references`: its;
      `distances`: of `sliced_wasserstein`, where that is in the path beside `modes`.
    - `offset`: θ − θ* where the path begins, in the axes of `position`; `scale`: ‖θ − θ*‖ of untrained players.
    - `local`: the update at the equilibrium. `fading`, `field_scale`, `diverged_at`, `lost`: as in `Facts`.
    """

    path: xr.Dataset
    history: xr.Dataset | None = None
    sizes: tuple[float, float] = (NAN, NAN)
    measure: str = ""
    references: References = References(NAN, NAN)
    distances: References | None = None
    offset: np.ndarray | None = None
    scale: float = NAN
    local: Local | None = None
    fading: tuple[float, float] = (NAN, NAN)
    field_scale: float = NAN
    diverged_at: int = -1
    lost: int = -1


def facts(record: Record) -> Facts:
    """The facts that a verdict rests on, of a record.

    >>> path = xr.Dataset({"generator_loss": ("step", np.ones(9))}, {"step": np.arange(9)})
    >>> facts(Record(path, lost=8)).lost
    8
    """
    path, history = record.path, record.history
    past = np.zeros(0) if history is None else norms(history)
    largest = float(past.max(initial=np.nan_to_num(record.field_scale)))
    moved = "position" in path and len(path["step"]) > 1
    quality = None
    if record.measure:
        quality = sample_quality(path, history, record.measure, record.references, record.distances)
    offset = record.offset
    near = None
    if offset is not None and moved:
        near = approach(path["position"].values.astype(float) + offset, path["step"].values, record.scale)
    growth, growing = _growth(path, history)
    return Facts(
        trends=trends(path, record.sizes, largest) if moved else None,
        quality=quality,
        approach=near,
        local=record.local,
        diverged_at=record.diverged_at,
        lost=record.lost,
        growth=growth,
        growing=growing,
        faint=_faint(path, history),
        fading=record.fading,
        field_scale=record.field_scale,
    )


def norms(history: xr.Dataset) -> np.ndarray:
    """‖v‖ along a history, without records that were not taken; empty where gradients' norms were not recorded."""
    if "generator_norm" not in history or "discriminator_norm" not in history:
        return np.zeros(0)
    found = np.hypot(history["generator_norm"].values, history["discriminator_norm"].values)
    return found[np.isfinite(found)]


def _whole(path: xr.Dataset, history: xr.Dataset | None, name: str) -> np.ndarray:
    """A series along the whole record, its finite numbers."""
    parts = [each[name].values.astype(float) for each in (history, path) if each is not None and name in each]
    whole = np.concatenate(parts) if parts else np.zeros(0)
    return whole[np.isfinite(whole)]


def _faint(path: xr.Dataset, history: xr.Dataset | None) -> float:
    """The generator's gradient norm, over the second half of the path, as a share of its largest on record."""
    largest = _whole(path, history, "generator_norm").max(initial=0.0)
    if not largest > 0 or "generator_norm" not in path:
        return NAN
    generator = path["generator_norm"].values
    return float(np.median(generator[len(generator) // 2 :]) / largest)


def _growth(path: xr.Dataset, history: xr.Dataset | None) -> tuple[float, bool]:
    """By how much losses and gradient norms have grown since the start of the record, the most of them; and whether."""
    found = [(1.0, False)]
    for name in SERIES:
        whole, recent = (np.abs(_whole(path, before, name)) for before in (history, None))
        third = len(recent) // 3
        if third and (early := np.median(whole[: max(3, len(whole) // 4)])) > 0:
            now = np.median(recent[-third:])
            found.append((float(now / early), bool(now > 1.5 * np.median(recent[:third]))))
    return max(found)
