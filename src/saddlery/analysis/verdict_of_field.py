"""The verdict on a game without samples: by the distance to its equilibrium, or by the field and the path alone."""

import math

from saddlery.analysis.approach import FOLLOWED, Approach
from saddlery.analysis.numbers import number
from saddlery.analysis.outcome import Facts, Local, Outcome, Verdict
from saddlery.analysis.trends import Trends

THERE = 1e-3  # arrived: the distance to the equilibrium as a share of untrained players'
EXACT = 1e-6  # … and where even an unstable update stays
STILL = 1e-4  # at rest: a path shorter than this share of the players' size
QUIET = 1e-3  # … where ‖v‖ is at most this share of untrained players'
ROUNDING = 3e-7  # of a multiplier in single precision
NEUTRAL = 1e-3  # change of log d in a turn up to which an orbit is closed
CLOSED = 0.1  # … and up to which one whose interval holds 0 is
SURE = 1e-3  # change of log d along a record that is told from rounding
TURNS = 0.25  # turns about the equilibrium from which what leaves it spirals
RETURNS = 0.5  # cycling: the path returns this far (`Trends.returned`)
CONFINED, PERSISTS = 0.3, 0.7  # a path that stays near (`spread`): it cycles where its steps keep their direction
GROWS, WIDENS = 2.0, 1.25  # diverging: ‖v‖ grows, its interval above 1, and the path widens
FALLS = 0.8  # ‖v‖ falls: by this factor or less, its interval below 1
FADES, NEARER = 0.3, 0.4  # stalled: J falls with ‖v‖, and the way to a stationary point hardly (in logarithms)


def by_equilibrium(facts: Facts) -> Verdict:
    """The verdict by the distance d to the equilibrium, its change from turn to turn, and the update there.

    Where the update is the same map everywhere, its multipliers decide, however little of a turn was seen. Elsewhere
    the record does: at rest, turning, or neither.
    """
    a, local = facts.approach, facts.local
    assert a is not None
    if local is not None and local.affine and (found := _by_multipliers(facts, a, local)) is not None:
        return found
    return _at_rest(facts, a) or _fading(facts) or _by_distance(facts, a)


def _by_multipliers(facts: Facts, a: Approach, local: Local) -> Verdict | None:
    """The verdict of an affine update, whose deviations are multiplied by the same factors everywhere."""
    if not math.isfinite(local.rate):
        return None
    pace = math.log(max(local.rate, 1e-30))
    turns = _turning(local)
    per_turn = abs(pace) * 2 * math.pi / abs(local.turn) if turns else abs(pace)
    if a.most <= EXACT * a.scale and _still(facts):
        stable = "" if pace <= ROUNDING else f", though it is not stable: a deviation grows × {local.rate:.6g} a step"
        return Verdict(Outcome.ARRIVED, f"it is at the equilibrium and stays there{stable}", pace <= ROUNDING)
    if abs(pace) <= ROUNDING or (turns and per_turn <= NEUTRAL):
        if _still(facts):
            return _stalled(facts)
        if turns:
            return Verdict(
                Outcome.CYCLING, f"it circles the equilibrium: a deviation is multiplied by {local.rate:.6g} a step"
            )
        return None
    steps = number(math.log(2) / abs(pace))
    if pace > 0:
        word = Outcome.SPIRALLING_OUT if turns else Outcome.DIVERGING
        return Verdict(
            word,
            f"the distance to the equilibrium doubles every {steps} steps (× {local.rate:.6g} a step{_turn(local)})",
        )
    if a.distance <= THERE * a.scale:
        return _arrived(a)
    return Verdict(
        Outcome.CONVERGING,
        f"the distance to the equilibrium halves every {steps} steps (× {local.rate:.6g} a step{_turn(local)})", True,
    )  # fmt: skip


def _turn(local: Local) -> str:
    return f", a turn in {number(2 * math.pi / abs(local.turn))}" if _turning(local) else ""


def _turning(local: Local) -> bool:
    """Whether the leading multiplier turns: a negative one only steps to and fro."""
    return 1e-7 < abs(local.turn) < math.pi - 1e-6


def _arrived(a: Approach) -> Verdict:
    share = f"{number(a.distance / a.scale)} of an untrained player's distance"
    return Verdict(Outcome.ARRIVED, f"it is at the equilibrium, at {share}, and stays there", True)


def _still(facts: Facts) -> bool:
    return facts.trends is not None and facts.trends.moved < STILL


def _stalled(facts: Facts) -> Verdict:
    t = facts.trends
    assert t is not None
    return Verdict(Outcome.STALLED, f"the players moved by {t.moved:.1g} of their size though ‖v‖ is {number(t.field)}")


def _at_rest(facts: Facts, a: Approach) -> Verdict | None:
    """At rest: at the equilibrium, elsewhere where v is zero too, or held up by steps that are too small."""
    t = facts.trends
    near = a.distance <= THERE * a.scale
    rising = a.low > SURE and (facts.local is None or not facts.local.rate < 1 - ROUNDING)
    if near and not rising:
        return _arrived(a)
    if t is None or near:
        return None
    quiet = t.field <= QUIET * facts.field_scale
    if quiet and t.lately < STILL:
        return Verdict(
            Outcome.ARRIVED_ELSEWHERE,
            f"it rests, ‖v‖ = {number(t.field)}, but {number(a.distance)} from the equilibrium",
        )
    return _stalled(facts) if _still(facts) else None


def _fading(facts: Facts) -> Verdict | None:
    """Stalled where the field fades faster than a stationary point comes near: a loss saturates."""
    t, (distance, curvature) = facts.trends, facts.fading
    if t is None or not (t.field_factor <= FALLS and t.field_high < 1):
        return None
    if not (distance >= t.field_factor**NEARER and curvature <= t.field_factor**FADES):
        return None
    return Verdict(
        Outcome.STALLED,
        f"{_fell(t)}, but the field fades faster than a stationary point comes near: J fell to {number(curvature)}, "
        f"the way there to {number(distance)}",
    )


def _by_distance(facts: Facts, a: Approach) -> Verdict:
    """The verdict by how the distance changes: a turn at a time where the path winds about the equilibrium."""
    unstable = facts.local is not None and facts.local.rate > 1 + ROUNDING
    change = (
        f"log-distance changed by {a.growth:+.3g} (95% interval {a.low:+.3g} to {a.high:+.3g}) in {a.steps:,} steps"
    )
    if a.turns >= FOLLOWED:
        scale = max(a.turns, 1.0)
        about = f"in {a.turns:.1f} turns about the equilibrium the {change}"
        if a.low > max(SURE, NEUTRAL * scale):
            doubling = number(a.steps * math.log(2) / a.growth)
            return Verdict(Outcome.SPIRALLING_OUT, f"{about}: it doubles every {doubling} steps")
        if a.high < -max(SURE, NEUTRAL * scale):
            return _nearing(a, about, unstable)
        if max(abs(a.low), abs(a.high)) <= CLOSED * scale:
            return Verdict(Outcome.CYCLING, f"{about}: it comes back")
        return Verdict(Outcome.UNDECIDED, f"{about}: whether orbits grow or shrink cannot be told")
    if a.monotone and a.high < -SURE:
        return _nearing(a, f"the {change}", unstable)
    if a.monotone and a.low > SURE:
        turning = a.turns >= TURNS or (facts.local is not None and _turning(facts.local))
        return Verdict(Outcome.SPIRALLING_OUT if turning else Outcome.DIVERGING, f"the {change}")
    t = facts.trends
    if math.isnan(a.turns) and t is not None and t.returned >= RETURNS and max(abs(a.low), abs(a.high)) <= 0.5:
        return Verdict(
            Outcome.CYCLING, f"the path returned {t.returned:.0%} of the way within a few steps; the {change}"
        )
    seen = "" if math.isnan(a.turns) else f", and {a.turns:.1f} turns about it were seen"
    return Verdict(Outcome.UNDECIDED, f"the distance to the equilibrium has no trend yet{seen}; give more steps")


def _nearing(a: Approach, about: str, unstable: bool) -> Verdict:
    if unstable:
        return Verdict(
            Outcome.UNDECIDED,
            f"{about}: it comes nearer, but the update is not stable at the equilibrium, so that it will not arrive; "
            "give more steps",
        )
    return Verdict(Outcome.CONVERGING, f"{about}: it comes nearer", True)


def by_field(facts: Facts) -> Verdict:
    """The verdict by the field and the path alone, which can say what happens but never that all is well."""
    t = facts.trends
    if t is None or (math.isnan(t.contraction) and t.moved >= STILL):
        return Verdict(Outcome.UNDECIDED, "there are too few records to see a trend")
    if t.moved < STILL:
        if t.field <= QUIET * 1e-2 * max(facts.field_scale, t.field / max(t.field_share, 1e-30)):
            return Verdict(
                Outcome.ARRIVED, f"it is at rest, ‖v‖ = {number(t.field)}; whether at an equilibrium is not known"
            )
        return _stalled(facts)
    if t.field_factor >= GROWS and t.field_low > 1 and t.contraction >= WIDENS:
        widened = f"the path widened {number(t.contraction)} times"
        grew = f"‖v‖ grew {number(t.field_factor)} times ({_interval(t)}) and {widened}"
        return Verdict(Outcome.SPIRALLING_OUT if t.turns >= 1 else Outcome.DIVERGING, grew)
    return _fading(facts) or _falling(t) or _returning(t) or _settled(t) or _moving(t)


def _falling(t: Trends) -> Verdict | None:
    if t.field_factor <= FALLS and t.field_high < 1 and t.contraction < WIDENS:
        return Verdict(Outcome.CONVERGING, f"{_fell(t)}; whether what it nears is good is not known")
    return None


def _returning(t: Trends) -> Verdict | None:
    if t.returned >= RETURNS:
        turned = f" and turned {t.turns:.1f} times about its mean" if t.turns >= 1 else ""
        return Verdict(Outcome.CYCLING, f"the path returned {t.returned:.0%} of the way{turned}; {_changed(t)}")
    if t.spread <= CONFINED and t.persistence >= PERSISTS:
        return Verdict(
            Outcome.CYCLING,
            f"the path stays near (spread {t.spread:.2f}) while each step keeps the last one's direction (cosine "
            f"{t.persistence:.2f}); {_changed(t)}",
        )
    return None


def _settled(t: Trends) -> Verdict | None:
    if t.spread <= CONFINED:
        return Verdict(
            Outcome.ARRIVED,
            f"it has settled: the path stays near (spread {t.spread:.2f}) and its steps have no direction (cosine "
            f"{t.persistence:.2f}); whether at an equilibrium is not known",
        )
    return None


def _moving(t: Trends) -> Verdict:
    return Verdict(Outcome.WANDERING, f"nothing measured gets better: {_changed(t)}, and the path does not return")


def _fell(t: Trends) -> str:
    return f"‖v‖ fell to {number(t.field_factor)} of what it was ({_interval(t)})"


def _changed(t: Trends) -> str:
    return f"‖v‖ changed by a factor of {number(t.field_factor)} ({_interval(t)})"


def _interval(t: Trends) -> str:
    return f"95% interval {number(t.field_low)} to {number(t.field_high)}"
