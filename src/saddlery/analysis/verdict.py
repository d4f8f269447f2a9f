"""The verdict on training: from recorded numbers to one outcome, with the numbers behind it."""

from collections.abc import Sequence

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
        found = by_samples(facts)
        return found if found.clear else beyond(facts) or found
    if facts.approach is not None:
        return by_equilibrium(facts)
    return beyond(facts) or by_field(facts)


def verdict_of(several: Sequence[Facts]) -> Verdict:
    """The verdict on training by its facts, and where that is an all-clear, by those of others that began the same.

    Training is random: one run from here may go well and the next not. So an all-clear is one only where all agree.
    """
    found, *others = map(verdict, several)
    if not found.clear:
        return found
    against = [each for each in others if not each.clear]
    if not against:
        return found
    return Verdict(
        Outcome.UNDECIDED,
        f"one trial run is {found.word} ({found.because}), and another from the same players, on other batches, is "
        f"{against[0].word} ({against[0].because})",
    )


def beyond(facts: Facts) -> Verdict | None:
    """The verdict on losses or gradients that grow without bound, though they are still finite."""
    if not (facts.growth >= BEYOND and facts.growing):
        return None
    return Verdict(
        Outcome.DIVERGING,
        f"losses or gradients have grown {number(facts.growth)} times and still grow, though they are finite",
    )
