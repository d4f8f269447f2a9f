"""Gradient descent by both players, simultaneous or alternating, and with other optimiser settings."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.arrays import numbers
from saddlery.method import Method
from saddlery.methods.amendments import Momentum, Numbers, PerBound, Ratio
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
    """Two time scales (TTUR), simultaneous: the discriminator's learning rate is `ratio` times the generator's.

    In the theorem of Heusel et al. (2017) the generator is the slower one, so that the discriminator stays near its
    best answer: `ratio` above 1. The authors' code has 3 for WGAN-GP (3e-4 and 1e-4) and 1.5 for BEGAN (6e-5 and 4e-5);
    the default is SAGAN's (see `sagan`). Below 1 the discriminator is slower.

        >>> import saddlery as sd
        >>> print(two_time_scales(ratio=4.0).for_game(sd.games.bilinear()).discriminator)  # 4 · 0.1
        sgd(learning_rate=0.4)
    """
    amendment = Ratio(numbers("ratio", ratio, above=0.0))
    return combined(rules.Simultaneous(), schedules.simultaneous(), "unrolled-paper", options, amendment)


@published
def sagan(**options: Unpack[MethodOptions]) -> Method:
    """SAGAN's optimisers, alternating: Adam(1e-4) and Adam(4e-4), both with b1 0 and b2 0.9 (Zhang et al., 2019).

    The optimisers are these on every game unless others of Adam's kind are given: of those b1, b2 and the
    discriminator's learning rate, four times the generator's, are changed. SAGAN's networks and its hinge loss are a
    game's.

        >>> print(sagan().for_game().discriminator)
        adam(learning_rate=0.0004, b1=0.0, b2=0.9)
    """
    schedule, amendments = schedules.alternating(), (Numbers(b1=0.0, b2=0.9), Ratio(numbers("ratio", 4.0)))
    return combined(rules.Simultaneous(), schedule, "sagan", options, *amendments, needed=True)


@published
def clipped(value: float = 0.01, relative: bool = False, **options: Unpack[MethodOptions]) -> Method:
    """Gradient clipping, each entry to ±`value` (ℓ∞), simultaneous: a reviewer of the Numerics asked for it.

    Under Adam, which divides each entry by its own size, it mostly takes signs. With `relative` the learning rates are
    divided by `value`: under sgd no entry then moves by more than the learning rate in a step, as under Adam.

        >>> import saddlery as sd
        >>> print(clipped(0.01).for_game(sd.games.bilinear()).generator)
        sgd(learning_rate=0.1, clip=0.01)
        >>> print(clipped(0.5, relative=True).for_game(sd.games.bilinear()).generator)
        sgd(learning_rate=0.2, clip=0.5)
    """
    bound = numbers("value", value, **RANGES["clip"])
    amendments = (Numbers(clip=bound), *([PerBound(bound)] if relative else []))
    return combined(rules.Simultaneous(), schedules.simultaneous(), "numerics", options, *amendments)


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
