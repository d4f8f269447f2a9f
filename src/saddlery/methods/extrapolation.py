"""Extrapolation and lookahead methods: extragradient, extrapolation from the past, optimistic gradients, lookahead."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.amendments import Numbers
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
    """Extragradient: a trial step, then the real one along its direction; ExtraAdam with `keep` (Gidel et al., 2019).

    >>> extragradient(keep=True).schedule.evaluations
    2
    """
    return combined(rules.Simultaneous(), schedules.extragradient(same_batch, keep), "unrolled-paper", options)


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
