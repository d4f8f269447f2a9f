"""Advice: each candidate with what training made of it, and how to make the change, by command and in Python."""

import math
import shlex
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from saddlery.analysis.numbers import number, signed
from saddlery.diagnosis.candidates import Candidate
from saddlery.diagnosis.spelled import spelled
from saddlery.diagnosis.verification import Screened, Verification, factor
from saddlery.games import GAMES
from saddlery.text.call import parse

if TYPE_CHECKING:
    from saddlery.diagnosis.diagnosis import Diagnosis

MEASURES = {"shortfall": "shortfall", "distance": "distance to the equilibrium", "field": "‖v‖"}


class Change(NamedTuple):
    """How to make a change: the command of `saddlery run`, empty where no text makes it, and two lines of Python."""

    command: str
    python: str


def advice(diagnosis: "Diagnosis") -> list[tuple[str, str, str]]:
    """The advice on each candidate: whether it is recommended, its name, and why or with what outcome."""
    if diagnosis.verifications is None:
        return [("candidate", candidate.name, candidate.why) for candidate in diagnosis.candidates]
    found = []
    for each in diagnosis.verifications:
        where = "" if each.checkpoints > 1 else " for this checkpoint"
        status = f"RECOMMENDED{where}" if each.confirmed else "not confirmed"
        found.append((status, each.candidate.name, outcome(each)))
    return found + _left(diagnosis)


def _left(diagnosis: "Diagnosis") -> list[tuple[str, str, str]]:
    """The candidates that one short run gave no reason to try further."""
    tried = {each.candidate.name for each in diagnosis.verifications or ()}
    left = [each for each in diagnosis.screened or () if each.candidate.name not in tried]
    if not left:
        return []
    named = ", ".join(f"{each.candidate.name} ({_screened(each)})" for each in left)
    return [("screened by one short run", f"{len(left)} others", named)]


def _screened(each: Screened) -> str:
    if each.gain == -math.inf:
        return "diverged"
    return f"{signed(each.gain)}" if each.measure == "shortfall" else f"÷ {factor(each.gain)}"


def outcome(verification: Verification) -> str:
    """The outcome of a verification in words: on each checkpoint, with the interval over its seeds."""
    v = verification
    before, after = (float(np.median(values)) for values in (v.without, v.with_it))
    if v.measure == "shortfall":
        values, gains = (
            f"{number(before)} → {number(after)}",
            [_less(*each) for each in zip(v.gains, v.low, v.high, strict=True)],
        )
    else:
        values = f"{number(math.exp(before))} → {number(math.exp(after))}"
        gains = [_divided(*each) for each in zip(v.gains, v.low, v.high, strict=True)]
    seeds = "one run each, nothing being random" if v.deterministic else f"{v.with_it.shape[1]} seeds each"
    where = f"{v.checkpoints} checkpoint{'s' if v.checkpoints > 1 else ''}, {seeds}"
    lost = f"; {v.diverged[0]} of {v.without.size} runs left the finite numbers without it" if v.diverged[0] else ""
    why = f"; not confirmed: {'; '.join(v.reasons)}" if v.reasons else ""
    return f"{MEASURES[v.measure]} {values} ({where}: {', '.join(gains)}){lost}{why}"


def _less(gain: float, low: float, high: float) -> str:
    return f"{signed(-gain)}" + ("" if math.isnan(low) else f" ({signed(-high)} to {signed(-low)})")


def _divided(gain: float, low: float, high: float) -> str:
    return f"÷ {factor(gain)}" + ("" if math.isnan(low) else f" ({factor(low)} to {factor(high)})")


def change(diagnosis: "Diagnosis", candidate: Candidate) -> Change:
    """How to make a candidate's change: the exact command, and two lines of Python."""
    subject = diagnosis.subject
    text = spelled(candidate.method, candidate.game, subject.text)
    made = parse(subject.of) if subject.of and subject.of.partition("(")[0] in GAMES else None
    if made is not None and candidate.loss:
        made = made._replace(arguments=made.arguments | {"loss": candidate.loss})
    game = "" if made is None else str(made)
    steps = max(subject.step, int(diagnosis.trial.path["step"].values[-1]))
    command = f"saddlery run {_quoted(game)} --method {_quoted(text)} --steps {steps}" if game and text else ""
    if not text:
        chosen = "change = found.recommendations[0].candidate"
        return Change(command, f"{chosen}\nrun = saddlery.train(change.game, change.method, steps={steps}, key=0)")
    held = f"saddlery.games.{game}" if candidate.loss and game else "game"
    call = parse(text)
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    method = f"method = saddlery.methods.{call.name}({arguments})"
    return Change(command, f"{method}\nrun = saddlery.train({held}, method, steps={steps}, key=0)")


def _quoted(text: str) -> str:
    """A word for a shell, within double quotes where it holds single ones and nothing that a shell would look at.

    >>> print(_quoted("bilinear"), _quoted("ring(std=0.1)"), _quoted("simultaneous(generator='sgd')"))
    bilinear 'ring(std=0.1)' "simultaneous(generator='sgd')"
    """
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)
