"""Games whose fate is known by other means than a diagnosis, and what a verdict on each may be.

The map from fates to verdicts was written before the verdicts were scored on it. What a fate is found by shares no code
with what is judged: closed forms and simulations in NumPy, and for GANs the same training gone on with, measured by
samples of its own.
"""

import functools
from collections import Counter
from typing import Any, NamedTuple

import jax
import numpy as np

from saddlery.analysis.outcome import Outcome, Verdict
from saddlery.analysis.record import Record
from saddlery.diagnosis.diagnosis import judged
from saddlery.diagnosis.subject import Subject, given

O = Outcome
ALLOWED: dict[str, set[Outcome]] = {
    # of analytic games
    "overflows": {O.DIVERGING, O.SPIRALLING_OUT},
    "grows": {O.DIVERGING},
    "spirals out": {O.SPIRALLING_OUT},
    "closed orbit": {O.CYCLING},
    "shrinks": {O.CONVERGING, O.ARRIVED},
    "rests elsewhere": {O.ARRIVED_ELSEWHERE},
    "saturates": {O.STALLED, O.ARRIVED_ELSEWHERE, O.SPIRALLING_OUT, O.DIVERGING},
    "stuck": {O.STALLED},
    "one player stuck": {O.STALLED, O.DIVERGING},  # and the other may run away from it
    # of GANs
    "runs away": {O.DIVERGING},
    "good": {O.ARRIVED, O.CONVERGING},
    "nearly good": {O.ARRIVED, O.CONVERGING, O.WANDERING, O.CYCLING},  # between the thresholds of good and bad
    "improves": {O.CONVERGING, O.ARRIVED},
    "improves slowly": {O.CONVERGING, O.WANDERING, O.CYCLING, O.COLLAPSED, O.STALLED},  # too slowly to be required
    "modes missing": {O.COLLAPSED},
    "few modes now and then": {O.COLLAPSED, O.WANDERING, O.CYCLING},
    "discriminator certain": {O.STALLED, O.WANDERING, O.CYCLING},
    "no better": {O.WANDERING, O.CYCLING},
}
WELL = {"shrinks", "good", "nearly good", "improves", "improves slowly"}  # fates of which an all-clear is not false


class Case(NamedTuple):
    """A case: a subject, whose fate is one of `ALLOWED`; `also`: fates that it passes through first."""

    name: str
    subject: Subject
    fate: str
    also: str = ""


class Scored(NamedTuple):
    """A case as it was judged."""

    name: str
    fate: str
    found: Verdict
    right: bool


def score(name: str, fate: str, also: str, found: Verdict) -> Scored:
    """A verdict beside the fate it is a verdict on."""
    passing = [ALLOWED[each] for each in also.split("; ") if each and each != "shrinks"]
    allowed = ALLOWED[fate].union(*passing)
    return Scored(name, fate, found, found.word in allowed)


def diagnosed(case: Case) -> tuple[Scored, list[Record]]:
    """A case as `diagnose` judges it, and the records that it went by."""
    subject = case.subject
    found = judged(subject, subject.key)
    return score(case.name, case.fate, case.also, found.verdict), found.records


class Tally(NamedTuple):
    """What scores say together; `confusion` and those of it that are `rightly` said by fate and word."""

    decided: int
    right: int
    undecided: int
    false_clear: int
    confusion: Counter
    rightly: Counter

    @property
    def cases(self) -> int:
        return self.decided + self.undecided


def tally(scores: list[Scored]) -> Tally:
    """The tally of scores: of what is decided how much is right, and how many all-clears are false."""
    decided = [each for each in scores if each.found.word is not Outcome.UNDECIDED]
    false = [each for each in scores if each.found.clear and each.fate not in WELL]
    pairs = [(each.fate, str(each.found.word)) for each in scores]
    rightly = Counter(pair for pair, each in zip(pairs, scores, strict=True) if each.right)
    return Tally(len(decided), rightly.total(), len(scores) - len(decided), len(false), Counter(pairs), rightly)


def matrix(found: Tally) -> str:
    """The confusion matrix as a Markdown table, a row for each fate."""
    fates = [fate for fate in ALLOWED if any(key[0] == fate for key in found.confusion)]
    words = [word for word in Outcome if any(key[1] == word for key in found.confusion)]
    lines = [f"| fate | {' | '.join(words)} | right |", f"|---|{'---|' * (len(words) + 1)}"]
    for fate in fates:
        counts = [found.confusion[fate, str(word)] for word in words]
        cells = [
            "" if not n else f"**{n}**" if found.rightly[fate, str(word)] else str(n)
            for word, n in zip(words, counts, strict=True)
        ]
        known = sum(n for word, n in zip(words, counts, strict=True) if word is not Outcome.UNDECIDED)
        right = sum(found.rightly[fate, str(word)] for word in words)
        lines.append(f"| {fate} | {' | '.join(cells)} | {right} of {known} |")
    return "\n".join(lines)


def subject(game: Any, method: Any, players: Any, seed: int, **known: Any) -> Subject:
    """A subject with a key of its own."""
    return given(game, method, players, jax.random.key(seed), **known)


def drawn(seed: int, count: int, share_of_gans: float = 0.4) -> Any:
    """Cases drawn at random, one after another: analytic games, and the given share of GANs."""
    from checks import truths_analytic, truths_gans

    rng = np.random.default_rng(seed)
    families = {"analytic": truths_analytic.FAMILIES, "gan": truths_gans.FAMILIES}
    for i in range(count):
        kind = "gan" if rng.random() < share_of_gans else "analytic"
        family = families[kind][int(rng.integers(len(families[kind])))]
        yield functools.partial(family, np.random.default_rng([seed, i]))
