"""Alarms: thresholds on signals of training, with how often each one rang in healthy runs of the study `forecast`."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from saddlery.analysis.forecast import MEASURED, Share
from saddlery.analysis.numbers import number
from saddlery.analysis.signals import KINDS, SIGNALS, SPACED

RECENT = 5  # records whose median is compared with a threshold
FROM = 200  # steps before which none rings
EVERY, SPACING = 50, 1.5  # steps between the study's records, and by which factor others may differ


class Code(NamedTuple):
    """What an alarm looks at: a signal, whether it rings above or below, and what that means in words."""

    signal: str
    above: bool
    words: str

    @property
    def sign(self) -> float:
        """1 where it rings above, −1 where it rings below."""
        return 1.0 if self.above else -1.0


CODES = {  # stable: none is given another meaning, one that is dropped leaves a gap
    "W01": Code("separation", True, "the discriminator is ahead: it tells real from generated samples"),
    "W02": Code("separation", False, "the discriminator scores generated samples above real ones"),
    "W03": Code("gap", True, "real and generated scores lie far apart"),
    "W04": Code("gap", False, "generated scores lie above real ones"),
    "W05": Code("generator_loss", True, "the generator's loss is large"),
    "W06": Code("generator_loss", False, "the generator's loss is small"),
    "W07": Code("discriminator_loss", True, "the discriminator's loss is large"),
    "W08": Code("discriminator_loss", False, "the discriminator's loss is small"),
    "W09": Code("generator_gradient", True, "the generator's gradient has grown"),
    "W10": Code("generator_gradient", False, "the generator's gradient has vanished"),
    "W11": Code("discriminator_gradient", True, "the discriminator's gradient has grown"),
    "W12": Code("discriminator_gradient", False, "the discriminator's gradient has vanished"),
    "W13": Code("generator_step", True, "the generator's steps are large for its size"),
    "W14": Code("generator_step", False, "the generator's steps are small for its size"),
    "W15": Code("discriminator_step", True, "the discriminator's steps are large for its size"),
    "W16": Code("discriminator_step", False, "the discriminator's steps are small for its size"),
    "W17": Code("balance", True, "the generator moves faster than the discriminator"),
    "W18": Code("balance", False, "the discriminator moves faster than the generator"),
    "W19": Code("spread", True, "samples are spread wider than real ones"),
    "W20": Code("spread", False, "samples draw together"),
    "W21": Code("nearest", True, "samples lie farther from each other than real ones"),
    "W22": Code("nearest", False, "samples lie closer to each other than real ones"),
    "W23": Code("sample_motion", True, "samples jump from record to record"),
    "W24": Code("sample_motion", False, "samples hardly move"),
    "W25": Code("sample_straightness", True, "samples move in a straight line"),
    "W26": Code("sample_straightness", False, "samples move to and fro"),
    "W27": Code("path_straightness", True, "the players move in a straight line"),
    "W28": Code("path_straightness", False, "the players go to and fro"),
    "W29": Code("path_persistence", False, "each displacement undoes the one before"),
    "W30": Code("path_returned", True, "the players return to where they were"),
    "W41": Code("turning", True, "what J does along v is rotation"),
    "W42": Code("rotating", True, "the Ritz values of J are imaginary"),
    "W43": Code("growing", True, "a direction of J grows"),
    "W44": Code("multiplier", True, "the update's largest |μ| is large: deviations grow"),
    "W45": Code("multiplier_turn", True, "the update's largest μ turns"),
    "W46": Code("generator_sharpness", False, "the generator's step overshoots its curvature"),
    "W47": Code("discriminator_sharpness", False, "the discriminator's step overshoots its curvature"),
    "W48": Code("entangled", True, "a step of each player turns the other's gradient"),
}


class Alarm(NamedTuple):
    """An alarm: it rings once the median of the last `RECENT` records of a signal is beyond its threshold.

    - `code`, `signal`, `above`, `words`: as of `Code`. `threshold`: in the signal's units. `cost`: of a record, in
      gradients.
    - `false_alarms`: healthy runs of the study in which it rang; `caught`: failing ones in which it rang before their
      samples showed it; both among runs to which no threshold was fitted.
    - `lead`: how many steps before, the median of those caught; NaN of none.
    """

    code: str
    signal: str
    above: bool
    words: str
    threshold: float
    cost: float
    false_alarms: Share
    caught: Share
    lead: float

    def __str__(self) -> str:
        """What it means, where it rings, and how often it is false and right."""
        where = f"{self.signal} {'above' if self.above else 'below'} {number(self.threshold)}"
        lead = f", {self.lead:,.0f} steps before their samples showed it" if self.caught.number else ""
        right = f"in {self.caught.number} of {self.caught.of} that failed{lead}"
        return f"{self.words} ({where}): {self.rate}, and {right}"

    @property
    def rate(self) -> str:
        """How often it is false, in words, and where that was measured.

        >>> Alarm("W20", "spread", False, "samples draw together", -1.2, 0.5, Share(1, 140), Share(30, 90), 400.0).rate
        'rang in 1 of 140 healthy runs of the study forecast'
        """
        return f"rang in {self.false_alarms.number} of {self.false_alarms.of} healthy runs of the study forecast"


class Rung(NamedTuple):
    """An alarm that rang: which, since which step, and the value of its signal there."""

    alarm: Alarm
    since: int
    value: float


def recent(values: np.ndarray) -> np.ndarray:
    """The median of the last `RECENT` records, of those known, along the last axis; NaN where fewer than half are.

    >>> recent(np.array([1.0, 5.0, 1.0, 1.0, 1.0, 9.0])).tolist()
    [nan, nan, 1.0, 1.0, 1.0, 1.0]
    """
    values = np.asarray(values, float)
    values = np.where(np.isfinite(values), values, np.nan)
    before = np.full((*values.shape[:-1], RECENT - 1), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, values], axis=-1), RECENT, axis=-1)
    known, ordered = np.isfinite(windows).sum(-1, keepdims=True), np.sort(windows, axis=-1)  # NaN are last
    low, high = (np.take_along_axis(ordered, each // 2, -1) for each in (np.maximum(known, 1) - 1, known))
    return np.where(2 * known > RECENT, (low + high) / 2, np.nan)[..., 0]


def beyond(code: Code, values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """How far a signal is in the direction in which an alarm rings, `(…, record)`, −∞ where it cannot ring.

    It cannot before there are `RECENT` records, as in the study, where it would be one of how training begins.

    >>> beyond(CODES["W20"], np.array([0.0, -1.0, -1.0, -1.0, -1.0]), np.arange(5) * 100).tolist()
    [-inf, -inf, -inf, -inf, 1.0]
    """
    signed, late = recent(values) * code.sign, np.asarray(steps) >= FROM
    late[: RECENT - 1] = False
    return np.where(np.isfinite(signed) & late, signed, -np.inf)


def apart(steps: np.ndarray) -> float:
    """How many steps lie between two records, the median; NaN of fewer than two.

    >>> apart(np.array([0, 50, 100, 200]))
    50.0
    """
    return float(np.median(np.diff(steps))) if len(steps) > 1 else np.nan


def alike(steps: np.ndarray) -> bool:
    """Whether records are about as far apart as those of the study."""
    return EVERY / SPACING <= apart(steps) <= EVERY * SPACING


def ringing(
    signals: Mapping[str, np.ndarray], steps: np.ndarray, alarms: Mapping[str, Alarm] | None = None
) -> list[Rung]:
    """The alarms that rang in a run, in the order in which they did.

        >>> alarm = Alarm("W20", "spread", False, "samples draw together", -0.5, 0.5, Share(1, 99), Share(9, 90), 400.0)
        >>> spread, steps = np.array([0.0, 0.0, 0.0, -1.0, -1.0, -1.0]), np.arange(6) * 100
        >>> [(each.alarm.code, each.since) for each in ringing({"spread": spread}, steps, {"W20": alarm})]
        [('W20', 500)]

    **Arguments:** `signals`: by name, `(record,)`, as of `saddlery.analysis.signals`; those that are missing ring no
    alarm, nor do those of motion between records where these are not about as far apart as in the study. `steps`
    (record,): of the records. `alarms`: by default `ALARMS`.
    """
    found, spaced = [], alike(steps)
    for code, alarm in (ALARMS if alarms is None else alarms).items():
        if alarm.signal in signals and (spaced or alarm.signal not in SPACED):
            of = CODES[code]
            reached = beyond(of, signals[alarm.signal], steps)
            rings = np.flatnonzero(reached > alarm.threshold * of.sign)
            if len(rings):
                found.append(Rung(alarm, int(steps[rings[0]]), float(reached[rings[0]] * of.sign)))
    return sorted(found, key=lambda rung: rung.since)


def read(measured: Mapping) -> dict[str, Alarm]:
    """The alarms from what the study measured, by their codes."""
    return {
        code: Alarm(
            code, *CODES[code], each["threshold"], _cost(CODES[code].signal), Share(*each["false_alarms"]),
            Share(*each["caught"]), np.nan if each["lead"] is None else each["lead"],
        )
        for code, each in measured["alarms"].items()
    }  # fmt: skip


def _cost(signal: str) -> float:
    """The cost in gradients of a record of all signals of its kind."""
    return KINDS[SIGNALS[signal].kind]


ALARMS = read(MEASURED)
