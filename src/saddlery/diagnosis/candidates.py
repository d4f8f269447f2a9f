"""Candidate changes that could help: learning rates and discriminator steps first, then rules and losses."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import optax

from saddlery import methods, rules, schedules
from saddlery.analysis.numbers import complex_number
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.diagnosis.evidence import Evidence
from saddlery.diagnosis.subject import Subject
from saddlery.game import Game, Pair
from saddlery.games import as_gan
from saddlery.losses import LOSSES
from saddlery.method import Method
from saddlery.optimisers import Optimiser, with_numbers

TURNS = 0.5  # the share of rotation along v from which it counts as turning
FACTORS = (10.0, 3.0, 1 / 3, 0.1)  # of learning rates
STEPS = (2, 5)  # of the discriminator, for one of the generator
TURNING = {Outcome.SPIRALLING_OUT, Outcome.CYCLING, Outcome.DIVERGING, Outcome.WANDERING, Outcome.COLLAPSED}


class Candidate(NamedTuple):
    """A candidate change that could help: its name, the game and method with it, and why it is proposed.

    - `loss`: the name of the game's loss, where that is the change.
    - `kind`: `"rate"` for another learning rate or number of discriminator steps, `"method"` for another rule, schedule
      or loss.
    """

    name: str
    game: Game
    method: Method
    why: str
    kind: str = "method"
    loss: str = ""


def candidates(found: Verdict, subject: Subject, facts: Facts, evidence: Evidence) -> list[Candidate]:
    """The candidate changes to try, those of `rates` first; none for an all-clear, and none before a verdict.

    | verdict | beside rates and steps |
    |---|---|
    | cycling, spiralling out, diverging, wandering, collapsed, where v turns | extragradient, consensus; alternating |
    | collapsed | unrolled |
    | stalled under the minimax loss | the nonsaturating loss |

    Rules that damp rotation are proposed where there is some: where v turns, by more than `TURNS` of what J does along
    it, or where J cannot be had. All keep the optimisers; what the method already does is left out.
    """
    if found.clear or found.word in (Outcome.UNDECIDED, Outcome.CONVERGING, Outcome.ARRIVED):
        return []
    return [*rates(subject, found.word, evidence), *_rules(subject, found.word, evidence)]


def rates(subject: Subject, word: Outcome, evidence: Evidence) -> Iterator[Candidate]:
    """Each player's learning rate, and both, × and ÷ 3 and 10; more steps of the discriminator.

    Plain descent by `sgd` is first given half of the largest step that the decaying modes that carry v allow.
    """
    method, both = subject.method, Pair("generator", "discriminator")
    known = _stable(subject, evidence)
    if word is not Outcome.STALLED and known is not None:
        yield _scaled(subject, both, known, "half of the largest step at which the modes that decay are stable")
    for players in (both, ("generator",), ("discriminator",)):
        for factor in FACTORS:
            yield _scaled(subject, players, factor, _reason(players, factor))
    plain = isinstance(method.schedule, schedules.simultaneous | schedules.alternating)
    now = getattr(method.schedule, "discriminator_steps", 1)
    for steps in STEPS:
        if plain and steps > now:
            schedule = schedules.alternating(discriminator_steps=steps)
            changed = dataclasses.replace(method, schedule=schedule)
            why = "a discriminator that is nearer to its best answer is a better guide"
            yield Candidate(f"{steps} discriminator steps", subject.game, changed, why, "rate")


def _reason(players: tuple[str, ...], factor: float) -> str:
    if len(players) == 2:
        return "both players go too slowly" if factor > 1 else "both players overshoot"
    return f"the {players[0]} is too {'slow' if factor > 1 else 'fast'} for the other player"


def _scaled(subject: Subject, players: tuple[str, ...], factor: float, why: str) -> Candidate:
    """The same method with these players' learning rates multiplied."""
    changed = {name: scaled(getattr(subject.method, name), factor) for name in players}
    whose = "both learning rates" if len(players) == 2 else f"the {players[0]}'s learning rate"
    rates = [learning_rate(each) for each in changed.values()]
    told = "" if any(map(math.isnan, rates)) else f": {' and '.join(dict.fromkeys(f'{rate:.2g}' for rate in rates))}"
    times = f"× {factor:.3g}" if factor >= 1 else f"÷ {1 / factor:.3g}"
    method = dataclasses.replace(subject.method, **changed)
    return Candidate(f"{whose} {times}{told}", subject.game, method, why, "rate")


def _rules(subject: Subject, word: Outcome, evidence: Evidence) -> Iterator[Candidate]:
    turning = not evidence.turning <= TURNS
    if word is Outcome.STALLED:
        found = [_nonsaturating(subject)]
    elif word in TURNING and turning:
        found = [_extragradient(subject), _consensus(subject, evidence), _alternating(subject)]
    else:
        found = []
    if word is Outcome.COLLAPSED:
        found.append(_unrolled(subject, evidence))
    yield from (candidate for candidate in found if candidate is not None)


def _extragradient(subject: Subject) -> Candidate | None:
    if isinstance(subject.method.schedule, schedules.extragradient | schedules.extrapolation_from_past):
        return None
    method = dataclasses.replace(subject.method, schedule=schedules.extragradient())
    return Candidate("extragradient", subject.game, method, "a look ahead damps rotation, at two gradients a step")


def _alternating(subject: Subject) -> Candidate | None:
    if not isinstance(subject.method.schedule, schedules.simultaneous):
        return None
    method = dataclasses.replace(subject.method, schedule=schedules.alternating())
    return Candidate("alternating", subject.game, method, "players who take turns do not spiral outwards")


def _consensus(subject: Subject, evidence: Evidence) -> Candidate | None:
    if isinstance(subject.method.rule, rules.Consensus | rules.AdaptiveConsensus) or not evidence.twice:
        return None
    gamma = consensus_gamma(evidence)
    method = methods.consensus(
        gamma=gamma, generator=subject.method.generator, discriminator=subject.method.discriminator
    )
    why = "it damps the modes that turn"
    if evidence.turning_mode:
        why += f"; γ is 1/|λ| of the one that carries most of v, λ = {complex_number(evidence.turning_mode)}"
    return Candidate(f"consensus(gamma={gamma:g})", subject.game, method, why)


def consensus_gamma(evidence: Evidence) -> float:
    """The γ of consensus for a mode, 1/|λ| to one digit, in [0.01, 100]: it damps, γ|λ|², as fast as v turns, |λ|.

    λ is of the turning mode that carries most of v; without one γ is 1.
    """
    if not evidence.turning_mode:
        return 1.0
    gamma = min(max(1 / abs(evidence.turning_mode), 0.01), 100.0)
    return float(f"{gamma:.0e}")


def _unrolled(subject: Subject, evidence: Evidence) -> Candidate | None:
    if isinstance(subject.method.rule, rules.Unrolled) or not evidence.twice:
        return None
    method = methods.unrolled(steps=10, generator=subject.method.generator, discriminator=subject.method.discriminator)
    why = "a generator that sees the discriminator's answer need not flee from it"
    return Candidate("unrolled(steps=10)", subject.game, method, why)


def _nonsaturating(subject: Subject) -> Candidate | None:
    gan = as_gan(subject.game)
    if gan is None or gan is not subject.game or gan.loss is not LOSSES["minimax"]:
        return None
    game = dataclasses.replace(gan, loss="nonsaturating")
    why = "its gradient does not vanish before a discriminator that is certain"
    return Candidate("loss='nonsaturating'", game, subject.method, why, loss="nonsaturating")


def _stable(subject: Subject, evidence: Evidence) -> float | None:
    """By how much to change both rates of plain simultaneous descent, to half of the stable step; `None` elsewhere."""
    method = subject.method
    rate = max((learning_rate(optimiser) for optimiser in method.optimisers), default=0.0)
    plain = isinstance(method.rule, rules.Simultaneous) and isinstance(method.schedule, schedules.simultaneous)
    plain &= all(isinstance(o, Optimiser) and o.name == "sgd" and not dict(o.settings) for o in method.optimisers)
    known = plain and rate > 0 and math.isfinite(evidence.stable_step) and evidence.stable_step > 0
    return 0.5 * evidence.stable_step / rate if known else None


def learning_rate(optimiser: object) -> float:
    """The learning rate of one of Saddlery's optimisers, NaN of any other."""
    return float(optimiser.numbers.get("learning_rate", math.nan)) if isinstance(optimiser, Optimiser) else math.nan


def scaled(optimiser: Any, factor: float) -> Optimiser | optax.GradientTransformation:
    """An optimiser with its learning rate multiplied; one that is not Saddlery's, with its updates multiplied."""
    if math.isnan(learning_rate(optimiser)):
        return optax.chain(optimiser, optax.scale(factor))
    return with_numbers(optimiser, learning_rate=float(f"{float(optimiser.numbers['learning_rate']) * factor:.3g}"))
