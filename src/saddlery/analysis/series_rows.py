"""What one recorded number did, in rows: its level and trend, a period, a value at which it stays, what is not finite.

A loss is compared with what it is where a discriminator scores all samples alike, or is certain of them, under the
condition that it is of a kind for which that holds: a log does not say of which it is.
"""

import math

import numpy as np

from saddlery.analysis.numbers import number, percent, signed
from saddlery.analysis.periods import period, thinned
from saddlery.analysis.row import Row
from saddlery.analysis.trends import LEAST, change, slope

WORDS = {
    "generator_loss": "generator's loss",
    "discriminator_loss": "discriminator's loss",
    "generator_norm": "generator's gradient norm",
    "discriminator_norm": "discriminator's gradient norm",
}
POINTS = 1000  # means of a longer record of which the trend is taken
ROUNDING = 1e-6  # of numbers' size, up to which a change is none
ALIKE = (  # what a discriminator's loss is where it scores all samples alike
    (2 * math.log(2), "2 log 2", "the cross-entropy of real samples plus that of generated ones"),
    (math.log(2), "log 2", "the mean of the cross-entropies of real and of generated samples"),
    (2.0, "2", "the hinge loss of real samples plus that of generated ones"),
    (1.0, "1", "the mean of the hinge losses of real and of generated samples"),
)
NEAR, WITHIN = 0.03, 0.1  # of the median, and of three quarters of the records, to be at such a value
CERTAIN, MOSTLY = 0.02, 0.1  # of the median, and of nine tenths of the records, to be near 0


def rows_of(name: str, steps: np.ndarray, values: np.ndarray, unit: str = "step") -> list[Row]:
    """The rows of a recorded loss or norm, by its name in `WORDS`; of its finite numbers, and of those that are not.

    >>> steps = np.arange(0, 800, 10)
    >>> [(row.name, row.value) for row in rows_of("generator_loss", steps, steps / 800)]
    [("generator's loss", '0.075 → 0.912, +0.49 (+0.49 to +0.49)')]

    **Arguments:** `steps`, rising, and `values`, `(record,)`; `unit`: what steps are, in the singular.
    """
    finite = np.isfinite(values)
    found = _not_finite(WORDS[name], steps, finite, unit)
    steps, values = steps[finite], values[finite].astype(float)
    if not len(values):
        return found
    still = _constant(name, steps, values, unit)
    if still:
        return [*still, *found]
    if len(values) < LEAST:
        last = Row(WORDS[name], number(values[-1]), f"the last of {len(values)} records, too few for a trend")
        return [last, *found]
    rows = [_level(name, values), *found, *_zero_at_first(name, steps, values, unit)]
    rows += _swings(name, steps, values, unit)
    return rows + (_at_a_value(values) if name == "discriminator_loss" else [])


def plural(unit: str) -> str:
    """The plural of what steps are.

    >>> plural("step"), plural("epochs")
    ('steps', 'epochs')
    """
    return unit if unit.endswith("s") else f"{unit}s"


def lately(values: np.ndarray) -> np.ndarray:
    """The last sixth of a record."""
    return values[-max(1, len(values) // 6) :]


def _level(name: str, values: np.ndarray) -> Row:
    """From where to where it went, and its change along the later half: of norms a factor."""
    first, last = np.median(values[: len(lately(values))]), np.median(lately(values))
    later = values[min(len(values) // 2, len(values) - LEAST) :]
    if name.endswith("_norm") and (values > 0).all():
        by, low, high = change(thinned(later, POINTS))
        said, moved = f"× {number(by)} ({number(low)} to {number(high)})", [*map(math.log, (by, low, high))]
        later = np.log(later)
    else:
        by, low, high = moved = slope(thinned(later, POINTS))
        said = f"{signed(by)} ({signed(low)} to {signed(high)})"
    meaning = "medians of the first and last sixth; change along the later records, 95% interval"
    value = f"{number(float(first))} → {number(float(last))}, {said}"
    return Row(WORDS[name], value, f"{meaning}: {_way(later, *moved)}")


def _way(values: np.ndarray, by: float, low: float, high: float) -> str:
    """Which way a record goes: by more than chance, and by more than its numbers differ."""
    if math.isnan(by):
        return "too few records for a trend"
    differ = float(np.subtract(*np.quantile(values, [0.84, 0.16]))) / 2
    beyond = abs(by) >= max(differ, ROUNDING * float(np.abs(values).max()))
    if beyond and low > 0:
        return "it rose"
    return "it fell" if beyond and high < 0 else "no trend beyond how its records differ"


def _constant(name: str, steps: np.ndarray, values: np.ndarray, unit: str) -> list[Row]:
    if len(values) < LEAST or np.ptp(values) > 0:
        return []
    meaning = "as where it is not computed, or a part of training is switched off"
    return [Row(WORDS[name], number(values[-1]), f"the same at every record to {unit} {steps[-1]:,}, {meaning}")]


def _zero_at_first(name: str, steps: np.ndarray, values: np.ndarray, unit: str) -> list[Row]:
    """What is 0 for many records, and then no longer."""
    since = int((values != 0).argmax())
    if since < LEAST:
        return []
    meaning = "as where that part of training is switched on later"
    return [Row(f"{WORDS[name]} is 0", f"up to {unit} {steps[since - 1]:,}", meaning)]


def _not_finite(words: str, steps: np.ndarray, finite: np.ndarray, unit: str) -> list[Row]:
    """What is not finite in a record, and whether it is again."""
    lost = np.flatnonzero(~finite)
    if not len(lost):
        return []
    value, first = f"{len(lost):,} of {len(finite):,} records", int(lost[0])
    if finite[-1]:
        meaning = f"from {unit} {steps[first]:,}; finite since {unit} {steps[lost[-1] + 1]:,}"
    else:
        meaning = f"first at {unit} {steps[first]:,}; none is finite from {unit} {steps[ended(finite)]:,} on"
    return [Row(f"{words}, not finite", value, meaning)]


def ended(finite: np.ndarray) -> int:
    """The place of the first record from which on none is finite; as many as there are where the last one is.

    >>> ended(np.array([True, False, True, False, False])), ended(np.array([False, True]))
    (3, 2)
    """
    return int(np.flatnonzero(finite)[-1]) + 1 if finite.any() else 0


def _swings(name: str, steps: np.ndarray, values: np.ndarray, unit: str) -> list[Row]:
    half = len(values) // 2
    found = period(steps[half:], values[half:])
    if found is None:
        return []
    meaning = "it goes up and down at one frequency, more than noise does; whether the players go round it does not say"
    value = f"every {number(found.length)} {plural(unit)}, {percent(found.share)} of its variance"
    return [Row(f"{WORDS[name]} swings", value, f"{meaning} ({found.cycles:.0f} times in the later half)")]


def _at_a_value(values: np.ndarray) -> list[Row]:
    """What a discriminator's loss is near to lately: its value for scores that are all alike, or 0."""
    late = values[-max(1, len(values) // 3) :]
    middle = float(np.median(late))
    spread = np.quantile(late, [0.125, 0.875])
    for value, text, loss in ALIKE:
        if abs(middle - value) <= NEAR * value and (np.abs(spread - value) <= WITHIN * value).all():
            meaning = f"if it is {loss}, it is as where the discriminator scores all samples alike"
            return [Row(f"discriminator's loss near {text}", number(middle), meaning)]
    if values.min() >= 0 and middle <= CERTAIN and np.quantile(late, 0.9) <= MOSTLY:
        meaning = (
            "if it is a cross-entropy, a hinge loss or a squared error, the discriminator is certain of the samples"
        )
        return [Row("discriminator's loss near 0", number(middle), meaning)]
    return []
