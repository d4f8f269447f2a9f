"""Published methods by name: each a rule, a schedule, and what it does to the players' optimisers.

Every function here takes, beside its own arguments, the same four keywords, `MethodOptions`. Without them a method's
optimisers are those of the game that it trains, or of its paper; see `saddlery.Method.for_game`.
"""

from collections.abc import Callable

from saddlery.method import Method
from saddlery.methods.consensus_optimisation import consensus, consensus_discriminator, jare, smooth
from saddlery.methods.extrapolation import extragradient, extrapolation_from_past, lookahead, optimistic
from saddlery.methods.gradient import (
    alternating,
    clipped,
    clipped_norm,
    negative_momentum,
    simultaneous,
    two_time_scales,
)
from saddlery.methods.options import SCHEDULES, MethodOptions
from saddlery.methods.second_order import competitive, krylov, neumann, newton, symplectic
from saddlery.methods.unrolling import averaged, delayed, unrolled

METHODS: dict[str, Callable[..., Method]] = {
    function.__name__: function
    for function in (
        alternating,
        averaged,
        clipped,
        clipped_norm,
        competitive,
        consensus,
        consensus_discriminator,
        delayed,
        extragradient,
        extrapolation_from_past,
        jare,
        krylov,
        lookahead,
        negative_momentum,
        neumann,
        newton,
        optimistic,
        simultaneous,
        smooth,
        symplectic,
        two_time_scales,
        unrolled,
    )
}

__all__ = ["METHODS", "SCHEDULES", "MethodOptions", *METHODS]
