"""Extrapolation and lookahead methods: extragradient, extrapolation from the past, optimistic gradients, lookahead."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.amendments import Adam, Numbers
from saddlery.methods.options import MethodOptions, combined, published


@published
def optimistic(optimism: float = 1.0, **options: Unpack[MethodOptions]) -> Method:
    """Optimistic gradients: the optimiser's uₜ + optimism · (uₜ − uₜ₋₁) in uₜ's place (Daskalakis et al., 2018).

    >>> import saddlery as sd
    >>> print(optimistic().for_game(sd.games.bilinear()).generator)
    sgd(learning_rate=0.1, optimism=1.0)
    """
    amendment = Numbers(optimism=optimism)
    return combined(rules.Simultaneous(), schedules.simultaneous(), "unrolled-paper", options, amendment)


@published
def extragradient(same_batch: bool = True, keep: bool = False, **options: Unpack[MethodOptions]) -> Method:
    """Extragradient: a trial step, then the real one along the direction there (Korpelevich, 1976; Gidel et al., 2019).

    >>> extragradient(keep=True).schedule.evaluations
    2
    """
    return combined(rules.Simultaneous(), schedules.extragradient(same_batch, keep), "unrolled-paper", options)


@published
def extra_adam(**options: Unpack[MethodOptions]) -> Method:
    """ExtraAdam: extragradient whose both half steps are Adam's and move its moments (Gidel et al., 2019, algorithm 4).

        m ← β₁ m + (1 − β₁) g,   s ← β₂ s + (1 − β₂) g²     at each of the two half steps, g on a batch of its own
        ω′ = ω − η m̂ / (√ŝ + ε)   with g at ω,   ω⁺ = ω − η m̂ / (√ŝ + ε)   with g at ω′, from ω and not from ω′

    The bias of the moments is corrected for 2t − 1 and 2t updates. Optimisers are Adam's on every game.

        >>> extra_adam().schedule
        Extragradient(same_batch=False, keep=True)
    """
    schedule = schedules.extragradient(same_batch=False, keep=True)
    return combined(rules.Simultaneous(), schedule, "unrolled-paper", options, Adam(), needed=True)


@published
def extrapolation_from_past(**options: Unpack[MethodOptions]) -> Method:
    """Extrapolation from the past, extragradient at one gradient a step (Gidel et al., 2019, section 3.2).

    >>> extrapolation_from_past().schedule.evaluations
    1
    """
    return combined(rules.Simultaneous(), schedules.extrapolation_from_past(), "unrolled-paper", options)


@published
def lookahead(steps: int = 5, weight: float = 0.5, **options: Unpack[MethodOptions]) -> Method:
    """Lookahead: alternating steps, part of which is taken back every `steps` of them (Chavdarova et al., 2021).

    >>> lookahead(steps=5).schedule.steps
    5
    """
    schedule = schedules.lookahead(steps, weight, schedules.alternating())
    return combined(rules.Simultaneous(), schedule, "unrolled-paper", options)
