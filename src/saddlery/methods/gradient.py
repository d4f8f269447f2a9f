"""Gradient descent by both players, simultaneous or alternating, and with other optimiser settings."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.arrays import numbers
from saddlery.method import Method
from saddlery.methods.amendments import Momentum, Numbers, Ratio
from saddlery.methods.options import MethodOptions, combined, published
from saddlery.optimisers import RANGES


@published
def simultaneous(**options: Unpack[MethodOptions]) -> Method:
    """Simultaneous gradient descent, each player on its own loss (Goodfellow et al., 2014).

    >>> print(simultaneous(learning_rate=0.5).discriminator)
    None
    """
    return combined(rules.Simultaneous(), schedules.simultaneous(), "numerics", options)


@published
def alternating(discriminator_steps: int = 1, generator_steps: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """Alternating gradient descent, the discriminator's move first (Goodfellow et al., 2014, algorithm 1).

    >>> alternating(discriminator_steps=5).schedule
    Alternating(discriminator_steps=5, generator_steps=1)
    """
    schedule = schedules.alternating(discriminator_steps, generator_steps)
    return combined(rules.Simultaneous(), schedule, "numerics", options)


@published
def two_time_scales(ratio: float = 4.0, **options: Unpack[MethodOptions]) -> Method:
    """Two time scales (TTUR), simultaneous: the discriminator's learning rate times `ratio` (Heusel et al., 2017).

    >>> import saddlery as sd
    >>> print(two_time_scales(ratio=4.0).for_game(sd.games.bilinear()).discriminator)  # 4 · 0.1
    sgd(learning_rate=0.4)
    """
    amendment = Ratio(numbers("ratio", ratio, above=0.0))
    return combined(rules.Simultaneous(), schedules.simultaneous(), "unrolled-paper", options, amendment)


@published
def clipped(value: float = 0.01, **options: Unpack[MethodOptions]) -> Method:
    """Gradient clipping, each entry to ±`value` (ℓ∞), simultaneous: a reviewer of the Numerics asked for it.

    >>> import saddlery as sd
    >>> print(clipped(0.01).for_game(sd.games.bilinear()).generator)
    sgd(learning_rate=0.1, clip=0.01)
    """
    amendment = Numbers(clip=numbers("value", value, **RANGES["clip"]))
    return combined(rules.Simultaneous(), schedules.simultaneous(), "numerics", options, amendment)


@published
def clipped_norm(value: float = 1.0, **options: Unpack[MethodOptions]) -> Method:
    """Gradient clipping, each player's to a global norm of `value`, simultaneous (a rival in the Numerics' code).

    >>> import saddlery as sd
    >>> print(clipped_norm(2.0).for_game(sd.games.bilinear()).generator)
    sgd(learning_rate=0.1, clip_norm=2.0)
    """
    amendment = Numbers(clip_norm=numbers("value", value, **RANGES["clip_norm"]))
    return combined(rules.Simultaneous(), schedules.simultaneous(), "numerics", options, amendment)


@published
def negative_momentum(momentum: float = -0.5, **options: Unpack[MethodOptions]) -> Method:
    """Negative momentum, alternating; of Adam a `b1` below zero (Gidel et al., 2019, "Negative momentum").

    >>> import saddlery as sd
    >>> print(negative_momentum(-0.5).for_game(sd.games.ring()).generator)  # Adam's
    adam(learning_rate=0.001, b1=-0.5)
    """
    amendment = Momentum(numbers("momentum", momentum, **RANGES["momentum"]))
    return combined(rules.Simultaneous(), schedules.alternating(), "analytic", options, amendment)
