"""Unrolled GANs, and what they are compared with: a generator against future, past or averaged discriminators."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.amendments import Differentiable
from saddlery.methods.options import MethodOptions, combined, published


@published
def unrolled(steps: int = 10, second_order: bool = True, **options: Unpack[MethodOptions]) -> Method:
    """Unrolled GANs (Metz, Poole, Pfau, Sohl-Dickstein, 2017), as released: both move from the same point.

    The discriminator's optimiser is differentiated: where it has `eps_root` and that is 0, it is set to 1e-16, or
    the square root of a dead unit's zero second moment would make the gradient NaN.

        >>> unrolled(steps=5).rule.evaluations(dimension=10)  # the gradient, 5 ahead, 5 back
        11
    """
    rule = rules.Unrolled(steps, second_order)
    return combined(rule, schedules.simultaneous(), "unrolled", options, Differentiable())


@published
def delayed(steps: int = 10, **options: Unpack[MethodOptions]) -> Method:
    """Delayed discriminator: the generator answers that of `steps` steps ago (ours, beside `ensemble`).

    >>> delayed(steps=3).rule
    Delayed(steps=3)
    """
    return combined(rules.Delayed(steps), schedules.simultaneous(), "unrolled", options)


@published
def averaged(decay: float = 1.0, **options: Unpack[MethodOptions]) -> Method:
    """Averaged discriminator: the generator answers the average of its parameters (ours, after historical averaging).

    >>> float(averaged(decay=0.5).rule.decay)
    0.5
    """
    return combined(rules.Averaged(decay), schedules.simultaneous(), "unrolled", options)


@published
def ensemble(members: int = 5, every: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """Ensemble of past discriminators, as in an appendix of the unrolled paper (Metz et al., 2017); see the rule.

    >>> ensemble(members=3, every=100).rule
    Ensemble(members=3, every=100)
    """
    return combined(rules.Ensemble(members, every), schedules.simultaneous(), "unrolled", options)
