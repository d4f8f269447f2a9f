"""Outcomes of training: the words of every verdict, what each means, and the facts that verdicts rest on."""

from enum import StrEnum
from typing import NamedTuple

from saddlery.analysis.approach import Approach
from saddlery.analysis.sample_quality import SampleQuality
from saddlery.analysis.trends import Trends


class Outcome(StrEnum):
    """The outcome of training, the one vocabulary of `diagnose`, of reports and of alarms.

    >>> Outcome("cycling") is Outcome.CYCLING, Outcome.CYCLING == "cycling"
    (True, True)
    """

    DIVERGING = "diverging"
    SPIRALLING_OUT = "spiralling out"
    CYCLING = "cycling"
    COLLAPSED = "collapsed"
    STALLED = "stalled"
    ARRIVED = "arrived"
    WANDERING = "wandering"
    ARRIVED_ELSEWHERE = "arrived elsewhere"
    CONVERGING = "converging"
    UNDECIDED = "undecided"


MEANINGS = {
    Outcome.DIVERGING: "a number is no longer finite, or a size grows without bound",
    Outcome.SPIRALLING_OUT: "the path turns about the equilibrium, and is farther from it after each turn",
    Outcome.CYCLING: "the path comes back to where it was, neither nearer to the equilibrium nor farther",
    Outcome.COLLAPSED: "samples are near real ones, but near few of them: modes are missing, and none is being gained",
    Outcome.STALLED: "a player hardly moves, or has nothing to follow, and what training is for gets no better",
    Outcome.ARRIVED: "at an equilibrium, or at a perfect sampler's quality, and staying there",
    Outcome.WANDERING: "the players move, and what training is for gets no better",
    Outcome.ARRIVED_ELSEWHERE: "at rest, but not at the equilibrium, or not with good samples",
    Outcome.CONVERGING: "what training is for gets better: the distance to the equilibrium, or the samples' quality",
    Outcome.UNDECIDED: "too early, too few records, or the signals disagree",
}
TONES = {Outcome.ARRIVED: "good", Outcome.CONVERGING: "good", Outcome.UNDECIDED: "plain"}  # of pages; others are bad


def tone(outcome: Outcome) -> str:
    """The tone in which pages show an outcome: good, bad or plain.

    >>> tone(Outcome.ARRIVED), tone(Outcome.STALLED), tone(Outcome.UNDECIDED)
    ('good', 'bad', 'plain')
    """
    return TONES.get(outcome, "bad")


class Verdict(NamedTuple):
    """A verdict: an outcome, the numbers that it rests on in a sentence, and whether it is an all-clear.

    - `cause`: of what is stalled, `"generator"` or `"discriminator"`, the player that hardly moves, or `"certain"`, the
      discriminator being so; empty otherwise.
    - `clear`: whether nothing need be changed. Only the quality of samples, or the distance to a known equilibrium, can
      say so: that ‖v‖ is small, or falls, never does.
    """

    word: Outcome
    because: str
    clear: bool = False
    cause: str = ""


class Local(NamedTuple):
    """The update of a method at the equilibrium of a game, to first order.

    - `rate`: by what a deviation is multiplied in a step, in the long run: the largest |μ| of its multipliers.
    - `turn`: arg μ of it, radians a step. `affine`: whether the update is the same map everywhere, so that this is the
      fate of every path.
    """

    rate: float
    turn: float
    affine: bool


class Facts(NamedTuple):
    """The facts that a verdict rests on; what was not measured is `None`, or NaN.

    - `trends`: of the closely recorded path; `None` where positions are not known.
    - `quality`: of samples. `approach`: to the game's equilibrium, `local`: the update there.
    - `diverged_at`: the step at which the run left the finite numbers, −1 for never; `lost`: the same of the path.
    - `growth`: by how much the largest of losses and gradient norms has grown along the whole record, and whether it
      still does: `growing`.
    - `faint`: the generator's gradient norm as a share of its largest on record.
    - `fading`: the factors by which the way to a stationary point, and ‖J‖, changed along the path.
    - `field_scale`: ‖v‖ of untrained players.
    """

    trends: Trends | None = None
    quality: SampleQuality | None = None
    approach: Approach | None = None
    local: Local | None = None
    diverged_at: int = -1
    lost: int = -1
    growth: float = float("nan")
    growing: bool = False
    faint: float = float("nan")
    fading: tuple[float, float] = (float("nan"), float("nan"))
    field_scale: float = float("nan")
