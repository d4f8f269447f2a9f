"""Explanations of outcomes for a reader without the theory: what goes on, and what else could look the same."""

from typing import NamedTuple

from saddlery.analysis.outcome import Facts, Outcome, Verdict


class Explanation(NamedTuple):
    """An explanation: a likely reason in a sentence, and what could be another."""

    why: str
    otherwise: str


EXPLANATIONS = {
    Outcome.DIVERGING: Explanation(
        "Each step makes the next one larger: the steps are too large for how steep the losses are, or a loss has no "
        "lower bound.",
        "a sign that is wrong in a loss, or data that are not finite or not scaled",
    ),
    Outcome.SPIRALLING_OUT: Explanation(
        "Each player steps towards where the other was, so that both overshoot a little more in every round.",
        "learning rates that are too large: the smaller they are, the slower it grows, but plain descent of both at "
        "once never stops it",
    ),
    Outcome.CYCLING: Explanation(
        "The players chase each other round: what one gains, the other takes back, and neither comes nearer.",
        "a rate at which training would settle in the end, but so slowly that the record does not show it",
    ),
    Outcome.COLLAPSED: Explanation(
        "The generator makes few kinds of samples: as long as these fool the discriminator, nothing asks for others.",
        "a discriminator too weak, or seeing too few samples at once, to notice that kinds are missing",
    ),
    Outcome.STALLED: Explanation(
        "A player does not learn: its steps are too small, or what it is told to follow is flat.",
        "weights that are frozen, gradients that do not reach a player, or a loss that saturates",
    ),
    Outcome.ARRIVED: Explanation(
        "Training has found what it is for, and stays there.", "a measure that misses what matters to you"
    ),
    Outcome.WANDERING: Explanation(
        "The players keep moving and undo what they gain: the steps are too large to settle, or one player outruns the "
        "other.",
        "networks too small for the data, or a measure too coarse to show slow progress",
    ),
    Outcome.ARRIVED_ELSEWHERE: Explanation(
        "Every force on the players is gone, but where they rest is not what training is for.",
        "a penalty or a loss that is flat there, so that nothing leads away",
    ),
    Outcome.CONVERGING: Explanation(
        "What training is for gets better.", "a passing gain: look again when it has trained on"
    ),
    Outcome.UNDECIDED: Explanation(
        "The record does not show yet where training goes.", "too few records, or noise as large as the trend"
    ),
}  # fmt: skip
CERTAIN = Explanation(
    "The discriminator tells real from generated so surely that the generator is no longer told how to get better.",
    "a generator too small for the data, or a discriminator's rate too high beside it",
)
SLOW = "The {} hardly moves: its learning rate is too small by orders of magnitude."


def explanation(found: Verdict) -> Explanation:
    """The explanation of a verdict.

    >>> explanation(Verdict(Outcome.CYCLING, "it circles")).why
    'The players chase each other round: what one gains, the other takes back, and neither comes nearer.'
    """
    usual = EXPLANATIONS[found.word]
    if found.cause == "certain":
        return CERTAIN
    return usual._replace(why=SLOW.format(found.cause)) if found.cause else usual


def certainty(found: Verdict, facts: Facts) -> str:
    """How sure a verdict is: what it rests on, and what would make it surer."""
    if found.word is Outcome.UNDECIDED:
        return "Not at all: nothing is concluded. More steps, or more records, would decide."
    if facts.diverged_at >= 0 or facts.lost >= 0:
        return "Certain: the numbers are no longer finite."
    if facts.quality is not None:
        return f"It rests on {facts.quality.records:,} records of the samples' quality beside a perfect sampler's."
    if facts.approach is not None:
        affine = facts.local is not None and facts.local.affine
        how = "; the update is the same map everywhere, so that its multipliers decide" if affine else ""
        return f"It rests on the distance to the known equilibrium over {facts.approach.steps:,} steps{how}."
    return (
        "It rests on the field and the path alone, which cannot tell a good outcome from a bad one: give the game an "
        "equilibrium(), or samples that can be measured."
    )
