"""The verdict on training: from recorded numbers to one outcome, with the numbers behind it."""

from saddlery.analysis.numbers import number
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.verdict_of_field import by_equilibrium, by_field
from saddlery.analysis.verdict_of_samples import by_samples

BEYOND = 1e4  # diverging: losses or gradients have grown this much and still grow


def verdict(facts: Facts) -> Verdict:
    """The verdict on training by its facts.

    Whatever is no longer finite, or grows beyond `BEYOND`, diverges. Then decides what training is for: the quality of
    samples where it is measured, else the distance to the equilibrium where that is known. Without either the field v
    and the path say what happens, but never that all is well.

        >>> verdict(Facts(diverged_at=120)).word, verdict(Facts()).word
        (<Outcome.DIVERGING: 'diverging'>, <Outcome.UNDECIDED: 'undecided'>)
    """
    if facts.diverged_at >= 0:
        return Verdict(Outcome.DIVERGING, f"the run left the finite numbers at step {facts.diverged_at:,}")
    if facts.lost >= 0:
        return Verdict(Outcome.DIVERGING, f"it left the finite numbers {facts.lost:,} steps on")
    if facts.quality is not None:
        return by_samples(facts)
    if facts.approach is not None:
        return by_equilibrium(facts)
    return beyond(facts) or by_field(facts)


def beyond(facts: Facts) -> Verdict | None:
    """The verdict on losses or gradients that grow without bound, though they are still finite."""
    if not (facts.growth >= BEYOND and facts.growing):
        return None
    return Verdict(
        Outcome.DIVERGING,
        f"losses or gradients have grown {number(facts.growth)} times and still grow, though they are finite",
    )
