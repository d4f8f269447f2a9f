"""Candidate changes that could help, from the verdict and the evidence, until training confirms one."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import optax

from saddlery import methods, rules, schedules
from saddlery.analysis.numbers import complex_number
from saddlery.diagnosis.evidence import Evidence
from saddlery.diagnosis.subject import Subject
from saddlery.diagnosis.verdict import SEPARATED, Facts
from saddlery.game import Game
from saddlery.games import as_gan
from saddlery.losses import LOSSES
from saddlery.method import Method
from saddlery.optimisers import Optimiser, with_numbers

TURNS = 0.5  # the share of rotation along v from which it counts as turning


class Candidate(NamedTuple):
    """A candidate change that could help: its name, the game and method with it, and why it is proposed."""

    name: str
    game: Game
    method: Method
    why: str


def candidates(word: str, subject: Subject, facts: Facts, evidence: Evidence) -> list[Candidate]:
    """The candidate changes to try, the most promising first, by verdict and evidence; none where training converges.

    | verdict | candidates |
    |---|---|
    | cycling | extragradient, consensus, alternating |
    | diverging, v turning | extragradient, consensus, a smaller step |
    | diverging otherwise | a smaller step, extragradient, consensus |
    | collapsed | consensus, unrolled, extragradient |
    | stalled, the discriminator certain | the nonsaturating loss, a slower discriminator, consensus |
    | stalled, nothing moving | a larger step |
    | stalled otherwise | a smaller step, consensus, extragradient |

    All keep the optimisers; what the method already does is left out. Consensus, and with it unrolled, is left out
    where the game is not twice differentiable.
    """
    certain = facts.quality is not None and facts.quality.separation >= SEPARATED
    turning = not evidence.turning <= TURNS
    chosen: list[Callable[..., Candidate | None]] = {
        "converging": [],
        "cycling": [_extragradient, _consensus, _alternating],
        "diverging": [_extragradient, _consensus, _smaller] if turning else [_smaller, _extragradient, _consensus],
        "collapsed": [_consensus, _unrolled, _extragradient],
        "stalled": (
            [_nonsaturating, _slower_discriminator, _consensus] if certain
            else [_larger] if not facts.trends.moved > 0.01
            else [_smaller, _consensus, _extragradient]
        ),
    }[word]  # fmt: skip
    found = (make(subject, evidence) for make in chosen)
    return [candidate for candidate in found if candidate is not None]


def _extragradient(subject: Subject, evidence: Evidence) -> Candidate | None:
    if isinstance(subject.method.schedule, schedules.extragradient | schedules.extrapolation_from_past):
        return None
    method = dataclasses.replace(subject.method, schedule=schedules.extragradient())
    return Candidate("extragradient", subject.game, method, "a look ahead damps rotation, at two gradients a step")


def _alternating(subject: Subject, evidence: Evidence) -> Candidate | None:
    if isinstance(subject.method.schedule, schedules.alternating):
        return None
    method = dataclasses.replace(subject.method, schedule=schedules.alternating())
    return Candidate("alternating", subject.game, method, "players who take turns do not spiral outwards")


def _consensus(subject: Subject, evidence: Evidence) -> Candidate | None:
    if isinstance(subject.method.rule, rules.Consensus) or not evidence.twice:
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
    return Candidate(
        "unrolled(steps=10)",
        subject.game,
        method,
        "a generator that sees the discriminator's answer need not flee from it",
    )


def _nonsaturating(subject: Subject, evidence: Evidence) -> Candidate | None:
    gan = as_gan(subject.game)
    if gan is None or gan is not subject.game or gan.loss is not LOSSES["minimax"]:
        return None
    game = dataclasses.replace(gan, loss="nonsaturating")
    return Candidate(
        "loss='nonsaturating'",
        game,
        subject.method,
        "its gradient does not vanish before a discriminator that is certain",
    )


def _slower_discriminator(subject: Subject, evidence: Evidence) -> Candidate | None:
    slower = dataclasses.replace(subject.method, discriminator=scaled(subject.method.discriminator, 0.1))
    name = f"the discriminator's learning rate {_rate(subject.method.discriminator, 0.1)}"
    return Candidate(name, subject.game, slower, "the generator falls behind its discriminator")


def _smaller(subject: Subject, evidence: Evidence) -> Candidate | None:
    return _step(subject, _factor(subject, evidence, 0.1), "the update multiplies errors instead of dividing them")


def _larger(subject: Subject, evidence: Evidence) -> Candidate | None:
    return _step(subject, _factor(subject, evidence, 10.0), "the field is not zero, and nothing moves along it")


def _step(subject: Subject, factor: float, why: str) -> Candidate | None:
    """The same method with both learning rates multiplied."""
    if factor == 1:
        return None
    generator, discriminator = (scaled(optimiser, factor) for optimiser in subject.method.optimisers)
    method = dataclasses.replace(subject.method, generator=generator, discriminator=discriminator)
    rates = {_rate(optimiser, factor) for optimiser in subject.method.optimisers}
    name = f"learning rate {rates.pop()}" if len(rates) == 1 else f"learning rates × {factor:.2g}"
    return Candidate(name, subject.game, method, why)


def _factor(subject: Subject, evidence: Evidence, usual: float) -> float:
    """By how much to change the step: to half of what the decaying modes that carry v allow, where that is known.

    It is known of plain simultaneous descent by `sgd`; otherwise it is `usual`.
    """
    method = subject.method
    rate = max((learning_rate(optimiser) for optimiser in method.optimisers), default=0.0)
    plain = isinstance(method.rule, rules.Simultaneous) and isinstance(method.schedule, schedules.simultaneous)
    plain &= all(isinstance(o, Optimiser) and o.name == "sgd" and not dict(o.settings) for o in method.optimisers)
    if plain and rate > 0 and math.isfinite(evidence.stable_step) and evidence.stable_step > 0:
        known = 0.5 * evidence.stable_step / rate
        return known if (known < 1) == (usual < 1) else usual
    return usual


def learning_rate(optimiser: object) -> float:
    """The learning rate of one of Saddlery's optimisers, NaN of any other."""
    return float(optimiser.numbers.get("learning_rate", math.nan)) if isinstance(optimiser, Optimiser) else math.nan


def scaled(optimiser: Any, factor: float) -> Optimiser | optax.GradientTransformation:
    """An optimiser with its learning rate multiplied; one that is not Saddlery's, with its updates multiplied."""
    if math.isnan(learning_rate(optimiser)):
        return optax.chain(optimiser, optax.scale(factor))
    return with_numbers(optimiser, learning_rate=float(optimiser.numbers["learning_rate"]) * factor)


def _rate(optimiser: Any, factor: float) -> str:
    """The learning rate that `scaled` gives, in words."""
    rate = learning_rate(optimiser)
    return f"× {factor:.2g}" if math.isnan(rate) else f"{rate * factor:.2g}"
