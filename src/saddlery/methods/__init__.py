"""Published methods by name: each a rule, a schedule, and what it does to the players' optimisers.

Every function here takes, beside its own arguments, the same four keywords, `MethodOptions`. Without them a method's
optimisers are those of the game that it trains, or of its paper; see `saddlery.Method.for_game`.
"""

from collections.abc import Callable

from saddlery.method import Method
from saddlery.methods.consensus_optimisation import (
    adaptive_consensus,
    consensus,
    consensus_discriminator,
    jare,
    smooth,
)
from saddlery.methods.extrapolation import extra_adam, extragradient, extrapolation_from_past, lookahead, optimistic
from saddlery.methods.gradient import (
    alternating,
    clipped,
    clipped_norm,
    negative_momentum,
    sagan,
    simultaneous,
    two_time_scales,
)
from saddlery.methods.options import SCHEDULES, MethodOptions
from saddlery.methods.second_order import adaptive_competitive, competitive, krylov, neumann, newton, symplectic
from saddlery.methods.unrolling import averaged, delayed, ensemble, unrolled

METHODS: dict[str, Callable[..., Method]] = {
    function.__name__: function
    for function in (
        adaptive_competitive,
        adaptive_consensus,
        alternating,
        averaged,
        clipped,
        clipped_norm,
        competitive,
        consensus,
        consensus_discriminator,
        delayed,
        ensemble,
        extra_adam,
        extragradient,
        extrapolation_from_past,
        jare,
        krylov,
        lookahead,
        negative_momentum,
        neumann,
        newton,
        optimistic,
        sagan,
        simultaneous,
        smooth,
        symplectic,
        two_time_scales,
        unrolled,
    )
}

__all__ = ["METHODS", "SCHEDULES", "MethodOptions", *METHODS]
