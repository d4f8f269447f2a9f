"""Quality of samples along training: between an untrained generator's and a perfect sampler's, and how it changes."""

import math
from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.trends import LEAST, slope

AT_LEAST = 1.5  # an untrained generator's distance over a perfect sampler's, below which distances tell nothing
GOOD = 0.22  # shortfall of modes: up to this samples are as good as a perfect sampler's …
NEAR = 1.35  # … and a distance of up to this many times a perfect sampler's
STEADY, SWINGS = 0.3, 2.2  # … for nine tenths of the second half of the record these
DIGITS = 1e-6
DISTANCE = "sliced_wasserstein"


class References(NamedTuple):
    """The reference values of a measure: a perfect sampler's and an untrained generator's; NaN where not known."""

    perfect: float
    untrained: float


class SampleQuality(NamedTuple):
    """The quality of samples along a record, by the measure that suits the data.

    Shortfall is 0 for a perfect sampler and 1 for an untrained generator: of modes 1 − (share of the modes covered) ×
    (share of samples near one, over a perfect sampler's), of a distance D
    log(D/D_perfect) / log(D_untrained/D_perfect); no less than 0.

    - `name`: `modes` or a distance. `value`: its median over the last third; `references`: its.
    - `shortfall`: its median over the last third, `best`: the least that was held before, over as long, `first`: at the
      record's start. `worst`: that 9 of 10 records of the second half stay below.
    - `gain`, `low`, `high`: by how much it fell along the closely recorded part, with a 95% interval; `lately`: from
      the middle third of that to the last, by medians; `past_gain`: from the first third of the history to that.
    - `covered`, `precise`: of modes, their share and that of the samples near one; of other data the shares of real
      samples near a generated one and of generated ones near real ones; over a perfect sampler's, NaN where unknown.
      `precise` is what a quarter of the last half's records reach: samples between modes are near none.
    - `covered_gain`: by how much `covered` grew from the middle third of the record to the last. `visited`, `held`:
      modes drawn at some record, and at most at once; 0 where they were not recorded.
    - `scale`: the generated samples' root mean square distance from the real ones' mean over the real ones', NaN where
      unknown; `scale_growth`: the factor by which it changed. `spread`: that from their own mean.
    - `separation`: how often the discriminator scores a real sample above a generated one, NaN where unknown.
    - `moves`: by how much `scale` and `spread` varied along the run, the larger of the two; NaN where unknown.
    - `records`: how many there are. `nearer`: of modes, the quality by the distance of samples, where that was recorded
      too: while hardly a sample is near a mode, it shows that they get nearer.
    """

    name: str
    value: float
    references: References
    shortfall: float
    first: float
    best: float
    worst: float
    gain: float
    low: float
    high: float
    lately: float
    past_gain: float
    covered: float
    precise: float
    covered_gain: float
    visited: int
    held: int
    scale: float
    scale_growth: float
    spread: float
    separation: float
    records: int
    nearer: "SampleQuality | None" = None
    moves: float = math.nan

    @property
    def counts_modes(self) -> bool:
        """Whether quality is that of modes."""
        return self.name == "modes"

    @property
    def good(self) -> bool:
        """Whether samples are as good as a perfect sampler's, within `GOOD` and `NEAR`."""
        return self.shortfall <= GOOD if self.counts_modes else self.value <= NEAR * self.references.perfect

    @property
    def steady(self) -> bool:
        """Whether nine tenths of the second half of the record stay within `STEADY` and `SWINGS`."""
        limit = STEADY if self.counts_modes else math.log(SWINGS) / unit(self.references)
        return self.worst <= limit

    @property
    def told(self) -> bool:
        """Whether the measure tells an untrained generator from a perfect sampler at all."""
        return self.counts_modes or self.references.untrained >= AT_LEAST * self.references.perfect


def unit(references: References) -> float:
    """The logarithm of an untrained generator's distance over a perfect sampler's, that of `AT_LEAST` at least."""
    ratio = references.untrained / references.perfect if references.perfect > 0 else math.nan
    return math.log(max(ratio, AT_LEAST)) if math.isfinite(ratio) else math.log(10.0)


def shortfalls(record: xr.Dataset, name: str, references: References) -> np.ndarray:
    """The shortfall at each record, `(record,)`; NaN where the measure is.

        >>> values = xr.Dataset({"sliced_wasserstein": ("step", [10.0, 1.0, 0.1])})
        >>> shortfalls(values, "sliced_wasserstein", References(0.1, 10.0)).round(3).tolist()
        [1.0, 0.5, 0.0]

    **Arguments:** `record`: `modes` (a share of all) with `high_quality` (step), or a distance of this name.
    """
    values = record[name].values.astype(float)
    if name == "modes":
        near = record["high_quality"].values.astype(float) / references.perfect if "high_quality" in record else 1.0
        return 1 - values * np.minimum(near, 1.0)
    least = max(references.perfect, DIGITS * np.nanmax(values, initial=DIGITS))
    return np.log(np.maximum(values, least) / least) / unit(references)


def sample_quality(
    path: xr.Dataset, history: xr.Dataset | None, name: str, references: References, distances: References | None = None
) -> SampleQuality | None:
    """The quality of samples along a run; `None` where it was never measured, or is not finite.

    **Arguments:**
    - `path`: the closely recorded part, along `step`; `history`: what was recorded before, or `None`. Of modes both
      hold their share, 0 to 1.
    - `name`: `modes`, or a distance such as `sliced_wasserstein`. `references`: of modes, the share of samples near
      one; `distances`: then those of the distance, where it is in the path.
    """
    recent = shortfalls(path, name, references)
    before = shortfalls(history, name, references) if history is not None and name in history else np.zeros(0)
    recent, before = recent[np.isfinite(recent)], before[np.isfinite(before)]
    if not len(recent):
        return None
    third = -(-len(recent) // 3)
    now, whole = recent[-third:], np.concatenate([before, recent])
    values = path[name].values.astype(float)
    gain, high, low = (-each if abs(each) > DIGITS else 0.0 for each in slope(recent))  # what rises falls short
    visited, held = _modes_drawn(path)
    known = name == "modes" and distances is not None and DISTANCE in path
    nearer = sample_quality(path, None, DISTANCE, distances) if known else None  # type: ignore[arg-type]
    scale, scale_growth = _scale(path)
    spread, separation = (
        float(np.nanmedian(_half(path[each].values))) if each in path else math.nan for each in ("spread", "separation")
    )
    return SampleQuality(
        name, float(np.nanmedian(values[-third:])), references, float(np.median(now)), float(whole[0]),
        _held(before, recent[: len(recent) - third]), float(np.quantile(_late(before, recent), 0.9)), gain, low, high,
        float(np.median(recent[third:-third]) - np.median(now)) if len(recent) > 2 * third else math.nan,
        _past_gain(whole, before, now), _share(path, name, third), _precise(path, name, references),
        _grown(path, name, third), visited, held, scale, scale_growth, spread, separation, len(whole), nearer,
        _moves(path, history),
    )  # fmt: skip


def _late(before: np.ndarray, recent: np.ndarray) -> np.ndarray:
    """The later half of what was recorded before, and all that is recent; of fewer records the later half of all."""
    if len(before) < LEAST:
        return _half(np.concatenate([before, recent]))
    return np.concatenate([_half(before), recent])


def _half(values: np.ndarray) -> np.ndarray:
    return values[len(values) // 2 :]


def _held(before: np.ndarray, earlier: np.ndarray) -> float:
    """The least shortfall that was held: the least median over a tenth of the records, of at least three."""
    windows = [np.inf]
    for values in (before, earlier):
        width = max(3, len(values) // 10)
        windows += [float(np.median(values[i : i + width])) for i in range(0, len(values) - width + 1)]
    return min(windows)


def _past_gain(whole: np.ndarray, before: np.ndarray, now: np.ndarray) -> float:
    """By how much the shortfall fell from the first third of the history to now; NaN for fewer records than a trend."""
    if len(before) < LEAST:
        return math.nan
    return float(np.median(whole[: len(before) // 3]) - np.median(now))


def _share(path: xr.Dataset, name: str, third: int) -> float:
    source = name if name == "modes" else "coverage"
    return float(np.nanmedian(path[source].values[-third:])) if source in path else math.nan


def _precise(path: xr.Dataset, name: str, references: References) -> float:
    source, perfect = ("high_quality", references.perfect) if name == "modes" else ("precision", 1.0)
    return (
        float(np.nanquantile(_half(path[source].values.astype(float)), 0.75) / perfect) if source in path else math.nan
    )


def _grown(path: xr.Dataset, name: str, third: int) -> float:
    source = name if name == "modes" else "coverage"
    if source not in path or len(path["step"]) < 3:
        return math.nan
    values = path[source].values.astype(float)
    middle = values[third:-third]
    return float(np.nanmean(values[-third:]) - np.nanmean(middle)) if len(middle) else math.nan


def _modes_drawn(path: xr.Dataset) -> tuple[int, int]:
    """Modes drawn at some record, and at most at once: by at least half of their fair share of the samples."""
    if "counts" not in path:
        return 0, 0
    counts = path["counts"].values
    fair = counts.sum(1, keepdims=True) / counts.shape[1]
    drawn = (counts >= 0.5 * fair) & (counts > 0)
    return int(drawn.any(0).sum()), int(drawn.sum(1).max(initial=0))


def _moves(path: xr.Dataset, history: xr.Dataset | None) -> float:
    parts = [path] if history is None else [history, path]
    series = [[part[name].values for part in parts if name in part] for name in ("scale", "spread")]
    return float(max((np.ptp(np.concatenate(values)) for values in series if values), default=math.nan))


def _scale(path: xr.Dataset) -> tuple[float, float]:
    if "scale" not in path:
        return math.nan, math.nan
    values = path["scale"].values.astype(float)
    known = values[np.isfinite(values)]
    if not len(known):
        return math.nan, math.nan
    third = -(-len(known) // 3)
    first, last = np.median(known[:third]), np.median(known[-third:])
    return float(last), float(last / first) if first > 0 else math.inf
