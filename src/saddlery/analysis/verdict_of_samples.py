"""The verdict on a GAN: by the quality of its samples over the whole record, and why it gets no better."""

import math

from saddlery.analysis.numbers import number, percent, signed
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.sample_quality import SampleQuality
from saddlery.analysis.trends import LEAST

BETTER, BY_DISTANCE = 0.05, 0.1  # converging: the shortfall (of a distance) falls by this much, its interval above 0 …
UNTRAINED, STILL_FALLS = 0.97, 0.1  # … and is less than this, and this share of the fall is in the last third
BETTER_BEFORE = 0.15  # … or by this much since the first third of the run, is good, and does not rise now
BEST = 0.08  # … and is within this much of the least that it ever held
FEW = 0.5  # collapsed: less than this share of the modes, or of the real samples …
PRECISE = 0.3  # … while this share of a perfect sampler's precision was reached …
NARROW = 0.35  # … or samples have this share of the real ones' spread, and move over the modes
GAINED = 0.05  # … and the share of modes does not grow by this much
HELD_UP = 0.01  # stalled: a player's path is shorter than this share of its size …
MOVED = 0.25  # … or, where that is not on record, the samples' size and spread vary by less than this
SEPARATED = 0.99  # stalled: the discriminator tells real from generated this often
FAR = 0.5  # shortfall from which samples are far
FAINT = 0.01  # the generator's part of ‖v‖, as a share of its largest
OUT, OUTGROWS = 8.0, 1.5  # diverging: samples this many times as large as real ones, and growing by this factor
RETURNS = 0.5  # cycling: the path returns this far
UNSURE = 0.2  # undecided: an interval of the gain that reaches this far, and below 0 as well


def by_samples(facts: Facts) -> Verdict:
    """The verdict by the quality of samples: the first of these rules that applies.

    1. undecided: fewer than `LEAST` records, or a measure that does not tell untrained from perfect.
    2. diverging: samples far larger than real ones, and growing; where a player hardly moves, stalled.
    3. arrived: as good as a perfect sampler's, and steadily so.
    4. converging: better than before, by more than chance, and no worse than ever held.
    5. stalled: a player hardly moves; so a run that was never trained is not called collapsed.
    6. collapsed: samples near real ones, but near few.
    7. stalled: the discriminator is certain of samples that are far from real.
    8. cycling: the path returns. Otherwise wandering.
    """
    q = facts.quality
    assert q is not None
    if q.records < LEAST:
        return Verdict(Outcome.UNDECIDED, f"it is too early: {q.records} records, {LEAST} are needed; {_level(q)}")
    if q.scale >= OUT and q.scale_growth >= OUTGROWS:
        return _held_up(facts, q) or Verdict(
            Outcome.DIVERGING,
            f"samples are {number(q.scale)} times as large as real ones, {number(q.scale_growth)} times what they were",
        )
    if q.good and q.steady:
        return Verdict(Outcome.ARRIVED, f"{_level(q)}, and it stays so", True)
    if not q.told:
        return Verdict(
            Outcome.UNDECIDED, f"{_level(q)}: the measure does not tell an untrained generator from a perfect sampler"
        )
    lost = _collapsed(q)
    better = _better(q) if lost is None or (q.counts_modes and not roams(q)) else None
    if better is None and lost is None and q.nearer is not None and q.nearer.told:
        better = _better(q.nearer)
    return better or _held_up(facts, q) or lost or _unheard(facts, q) or _moving(facts, q)


def _better(q: SampleQuality) -> Verdict | None:
    least = BETTER if q.counts_modes else BY_DISTANCE
    now = q.gain >= least and q.low > 0 and q.lately >= STILL_FALLS * q.gain
    since = q.past_gain >= BETTER_BEFORE and q.high >= 0 and q.good
    if not (now or since) or q.shortfall > min(q.best + BEST, UNTRAINED):
        return None
    if now:
        fell = f"the shortfall to a perfect sampler fell by {number(q.gain)} ({number(q.low)} to {number(q.high)})"
    else:
        fell = (
            f"the shortfall to a perfect sampler has fallen by {number(q.past_gain)} since the first third of the run"
        )
    return Verdict(Outcome.CONVERGING, f"{fell}; {_level(q)}", True)


def _held_up(facts: Facts, q: SampleQuality) -> Verdict | None:
    t = facts.trends
    if t is None:
        return _untrained(q)
    for name, moved in zip(("generator", "discriminator"), t.moved_by, strict=True):
        if moved < HELD_UP:
            return Verdict(
                Outcome.STALLED,
                f"the {name} hardly moves: by {percent(moved)} of its size along the record; {_level(q)}",
                cause=name,
            )
    return None


def _untrained(q: SampleQuality) -> Verdict | None:
    """The verdict on samples never better than an untrained generator's, where nothing is known of players."""
    begun = q.first if q.counts_modes else 1.0  # an untrained generator's, by what a shortfall is
    if min(q.best, q.shortfall) < begun - BETTER or q.precise >= PRECISE:
        return None
    if q.counts_modes and math.isnan(q.precise):
        return Verdict(
            Outcome.UNDECIDED,
            f"samples are of as few classes as an untrained generator's, collapsed or not: {_level(q)}",
        )
    if q.moves > MOVED:
        never = "the samples moved and were never better than an untrained generator's"
        return Verdict(Outcome.WANDERING, f"{never}: {_level(q)}")
    return Verdict(Outcome.STALLED, f"samples were never better than an untrained generator's: {_level(q)}")


def roams(q: SampleQuality) -> bool:
    """Whether samples move over the modes: at some record at twice as many, or more, as ever at once."""
    return q.visited >= 2 and q.visited >= 2 * q.held


def _collapsed(q: SampleQuality) -> Verdict | None:
    """The verdict on samples near few of the real ones: not while more are covered, but though they move over all."""
    classes = q.counts_modes and math.isnan(q.precise) and q.shortfall < q.first - BETTER  # every sample is of one
    narrow = not q.counts_modes and q.spread <= NARROW and q.precise >= PRECISE / 3
    near = q.precise >= PRECISE or narrow or (q.spread <= NARROW and roams(q)) or classes
    gains = q.covered_gain >= GAINED and q.shortfall <= q.best + BEST and not roams(q)
    if not (q.covered < FEW and near) or gains:
        return None
    what = "modes are covered" if q.counts_modes else "real samples have a generated one near them"
    moving = (
        f"; the samples moved over {q.visited} modes, never more than {q.held} at once" if q.visited > q.held else ""
    )
    near = (
        "" if classes else f", while {percent(min(q.precise, 1.0))} of the samples are near one at the better records"
    )
    return Verdict(Outcome.COLLAPSED, f"{percent(q.covered)} of the {what} and none is being gained{near}{moving}")


def _unheard(facts: Facts, q: SampleQuality) -> Verdict | None:
    if q.shortfall < FAR or math.isnan(q.separation):
        return None
    told = f"the discriminator tells real from generated {q.separation:.1%} of the time"
    if q.separation >= SEPARATED:
        unheard = (
            f", and the generator's gradient is down to {facts.faint:.1g} of its largest"
            if facts.faint <= FAINT
            else ""
        )
        because = f"{told}{unheard}, and samples get no better; {_level(q)}"
        return Verdict(Outcome.STALLED, because, cause="certain")
    return None


def _moving(facts: Facts, q: SampleQuality) -> Verdict:
    t = facts.trends
    change = f"the shortfall changed by {signed(-q.gain)} ({signed(-q.high)} to {signed(-q.low)})"
    if q.high >= UNSURE and q.low <= 0 and q.shortfall <= q.best + BEST:
        return Verdict(Outcome.UNDECIDED, f"whether samples get better cannot be told: {change}; {_level(q)}")
    if t is not None and t.returned >= RETURNS:
        return Verdict(Outcome.CYCLING, f"the path returned {t.returned:.0%} of the way; {_level(q)}")
    if q.good:
        return Verdict(Outcome.WANDERING, f"samples are good now and were not throughout: {change}; {_level(q)}")
    was = ""
    if q.shortfall > q.best + BEST:
        was = f"; it was better before, a shortfall of {number(q.best)} against {number(q.shortfall)}"
    if q.low > 0 and q.gain >= BETTER and not was and (q.shortfall < FAR or q.past_gain >= BETTER_BEFORE):
        return Verdict(
            Outcome.UNDECIDED, f"samples got better, and whether they still do cannot be told: {change}; {_level(q)}"
        )
    how = "samples get no better"
    if q.low > 0 and q.lately < STILL_FALLS * q.gain:
        how = "samples got better and no longer do"
    elif q.low > 0:
        how = "samples get better, and are not as good as they were" if was else "samples get better by little"
    return Verdict(Outcome.WANDERING, f"{how}: {change}; {_level(q)}{was}")


def _level(q: SampleQuality) -> str:
    """What is measured of the samples now, with the share of them near a mode, or beside the reference values."""
    if q.counts_modes:
        near = "" if math.isnan(q.precise) else f" with {percent(min(q.precise, 1.0))} of the samples near one"
        short = f"a shortfall of {number(q.shortfall)} to a perfect sampler"
        return f"{percent(q.covered)} of the modes are covered{near}, {short}"
    perfect, untrained = map(number, (q.references.perfect, q.references.untrained))
    beside = f"a perfect sampler's {perfect}, an untrained generator's {untrained}"
    return f"the samples' distance is {number(q.value)}, {beside}"
