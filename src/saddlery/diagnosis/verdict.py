"""The verdict: from measured trends to one word, with the numbers behind it."""

from typing import NamedTuple

from saddlery.analysis.numbers import number
from saddlery.diagnosis.nearness import Nearness
from saddlery.diagnosis.quality import Quality
from saddlery.diagnosis.trends import Trends

# The words, and what separates them: numbers of `Trends` and `Quality`, measured on a trial run. The first rule
# that applies decides, in the order of `verdict`.
GROWS = 2.0  # diverging: ‖v‖ changes by at least this factor, and its interval lies above 1 …
WIDENS = 1.25  # … while the path widens by this factor (`contraction`)
FEW = 0.5  # collapsed: fewer than this share of the modes, and none being gained
STILL = 1e-4  # stalled: a path shorter than this share of ‖θ‖ …
ARRIVED = 1e-5  # … unless ‖v‖ is at most this share of its largest, which is an arrival
SEPARATED = 0.99  # stalled: the discriminator tells real from generated this often …
FAINT = 0.01  # … and the generator's part of ‖v‖ is at most this share of its largest
GOOD = 0.9  # converging: this share of the modes, or of a perfect sampler's distance
FADES = 0.3  # stalled: ‖v‖ falls, but J falls with it, by at least this share of v's fall in logarithms …
NEARER = 0.4  # … and the way to a stationary point by at most this share (x⁴ looks the same: ⅔ and ⅓)
FALLS = 0.8  # converging: ‖v‖, or the samples' distance, changes by this factor or less, its interval below 1
RETURNS = 0.5  # cycling: the path returns this far (`returned`)
CONFINED = 0.3  # a path that spreads less than this stays near: it cycles where its steps persist, else it has settled
PERSISTS = 0.7  # the cosine between successive steps from which they persist

WORDS = ("converging", "cycling", "diverging", "stalled", "collapsed")


class Verdict(NamedTuple):
    """A verdict: one of `WORDS`, and the sentence of numbers that it rests on."""

    word: str
    because: str


class Facts(NamedTuple):
    """The facts that a verdict rests on.

    - `trends`, `quality`: of the trial run; `quality` is `None` for a game without samples to measure.
    - `diverged_at`: the step of the run at which it left the finite numbers, −1 for never; `lost`: the same of the
      trial run.
    - `faint`: the generator's gradient norm as a share of its largest on record.
    - `nearness`: whether a stationary point came nearer; known where ‖v‖ fell and `quality` is not.
    - `past`: the factor and its interval by which ‖v‖ changed over the second half of the run, NaN without a history.
    """

    trends: Trends
    quality: Quality | None
    diverged_at: int
    lost: int
    faint: float
    nearness: Nearness
    past: tuple[float, float, float]


def verdict(facts: Facts) -> Verdict:
    """The verdict by the first of these rules that applies; see the thresholds at the top of this file.

    1. diverging: a number is no longer finite, or the field grows while the path widens.
    2. collapsed: few modes, and none being gained.
    3. stalled: nothing moves though the field is not zero; the discriminator is certain and the generator unheard;
       or the field fades without coming to rest anywhere.
    4. converging: nothing moves and the field is zero; the samples are good or get better; or the field falls.
    5. cycling: the path returns, or stays near while it keeps its direction from step to step.
    6. converging: the path stays near and has no direction, or the field fell over the run.
    7. stalled: none of these, so nothing that was measured gets better.
    """
    return (
        _diverging(facts) or _collapsed(facts) or _still(facts) or _unheard(facts) or _better(facts) or _falling(facts)
        or _cycling(facts) or _settled(facts) or _nothing(facts)
    )  # fmt: skip


def _diverging(facts: Facts) -> Verdict | None:
    t = facts.trends
    if facts.diverged_at >= 0:
        return Verdict("diverging", f"the run left the finite numbers at step {facts.diverged_at:,}")
    if facts.lost >= 0:
        return Verdict("diverging", f"it left the finite numbers {facts.lost:,} steps on")
    if t.field_factor >= GROWS and t.field_low > 1 and t.contraction >= WIDENS:
        return Verdict(
            "diverging",
            f"‖v‖ grew {_times(t.field_factor)} ({_interval(t)}) and the path widened {_times(t.contraction)}",
        )
    return None


def _collapsed(facts: Facts) -> Verdict | None:
    q = facts.quality
    if q is None or q.name != "modes" or q.share >= FEW or (q.gain > 0 and q.certain):
        return None
    moving = f"; the samples moved over {q.visited}, never more than {q.held} at once" if q.visited > q.held else ""
    return Verdict("collapsed", f"{q.now:g} of {q.best:g} modes are covered, and none is being gained{moving}")


def _still(facts: Facts) -> Verdict | None:
    t = facts.trends
    if t.moved >= STILL:
        return None
    if t.field_share <= ARRIVED:
        return Verdict("converging", f"it has arrived: ‖v‖ is {number(t.field)} and nothing moves")
    return Verdict("stalled", f"the players moved by {t.moved:.1g} of their size though ‖v‖ is {number(t.field)}")


def _unheard(facts: Facts) -> Verdict | None:
    q = facts.quality
    if q is None or q.separation < SEPARATED or facts.faint > FAINT:
        return None
    return Verdict(
        "stalled",
        f"the discriminator tells real from generated {q.separation:.1%} of the time, and the generator's gradient is "
        f"down to {facts.faint:.1g} of its largest",
    )


def _better(facts: Facts) -> Verdict | None:
    q = facts.quality
    if q is None:
        return None
    if q.name == "modes":
        if q.share >= GOOD:
            return Verdict("converging", f"{q.now:g} of {q.best:g} modes are covered and stay so")
        if q.gain > 0 and q.certain:
            return Verdict("converging", f"modes are being gained, {q.gain:.1f} of {q.best:g} along the trial run")
        return None
    if q.share >= GOOD:
        return Verdict(
            "converging", f"the samples' distance, {number(q.now)}, is a perfect sampler's, {number(q.best)}"
        )
    if q.certain and 1 - q.gain <= FALLS:
        return Verdict("converging", f"the samples' distance to real ones fell by {q.gain:.0%}")
    return None


def _falling(facts: Facts) -> Verdict | None:
    t = facts.trends
    if not (t.field_factor <= FALLS and t.field_high < 1):
        return None
    fell = f"‖v‖ fell to {number(t.field_factor)} of what it was ({_interval(t)})"
    distance, curvature = facts.nearness
    if distance >= t.field_factor**NEARER and curvature <= t.field_factor**FADES:
        return Verdict(
            "stalled",
            f"{fell}, but the field fades faster than a stationary point comes near: J fell to {number(curvature)}, "
            f"the way there to {number(distance)}",
        )
    return None if t.contraction >= WIDENS else Verdict("converging", fell)


def _cycling(facts: Facts) -> Verdict | None:
    t = facts.trends
    if t.returned >= RETURNS:
        turned = f" and turned {t.turns:.1f} times about its mean" if t.turns >= 1 else ""
        return Verdict("cycling", f"the path returned {t.returned:.0%} of the way{turned}; {_norm(t)}")
    if t.spread <= CONFINED and t.persistence >= PERSISTS:
        return Verdict(
            "cycling",
            f"the path stays near (spread {t.spread:.2f}) while each step keeps the last one's direction (cosine "
            f"{t.persistence:.2f}); {_norm(t)}",
        )
    return None


def _settled(facts: Facts) -> Verdict | None:
    t, (factor, _, high) = facts.trends, facts.past
    if t.spread <= CONFINED:
        return Verdict(
            "converging",
            f"it has settled: the path stays near (spread {t.spread:.2f}) and its steps have no direction "
            f"(cosine {t.persistence:.2f})",
        )
    if factor <= FALLS and high < 1:
        return Verdict("converging", f"‖v‖ fell to {number(factor)} of what it was over the second half of the run")
    return None


def _nothing(facts: Facts) -> Verdict:
    t, q = facts.trends, facts.quality
    samples = ""
    if q is not None:
        samples = (
            f", {q.now:g} of {q.best:g} modes" if q.name == "modes" else f", the samples' distance is {number(q.now)}"
        )
    return Verdict("stalled", f"nothing measured gets better: {_norm(t)}, the path does not return{samples}")


def _norm(t: Trends) -> str:
    return f"‖v‖ changed {_times(t.field_factor)} ({_interval(t)})"


def _interval(t: Trends) -> str:
    return f"95% interval {number(t.field_low)} to {number(t.field_high)}"


def _times(factor: float) -> str:
    return f"by a factor of {number(factor)}"
