"""Methods as families over one parameter."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from saddlery.methods import METHODS
from saddlery.optimisers import optimiser

ADAM = ("extra_adam", "sagan")  # methods that are Adam's, and none under sgd(h)


class Family(NamedTuple):
    """A family of methods over one parameter, or none: `make(value, h)` is the method under sgd(h), or its own."""

    name: str
    parameter: str
    values: tuple[float, ...]
    make: Callable[[float, float], Any]


def families(values: int) -> list[Family]:
    """The families of all published methods: parameters at `values` values, counts and costly ones at three."""
    span = lambda low, high: tuple(float(f"{x:.3g}") for x in np.geomspace(low, high, values))  # noqa: E731
    line = lambda low, high: tuple(float(f"{x:.3g}") for x in np.linspace(low, high, values))  # noqa: E731
    parameters = {
        "alternating": ("discriminator_steps", (1, 2, 5)),
        "averaged": ("decay", line(0.1, 0.98)),
        "adaptive_consensus": ("rate", span(0.001, 0.1)),
        "clipped": ("value", span(0.01, 1.0)),
        "clipped_norm": ("value", span(0.01, 1.0)),
        "consensus": ("gamma", span(0.05, 20.0)),
        "consensus_discriminator": ("gamma", span(0.05, 20.0)),
        "delayed": ("steps", (1, 3, 10)),
        "ensemble": ("every", (1, 3, 10)),
        "jare": ("gamma", span(0.05, 20.0)),
        "krylov": ("order", (0, 1, 3)),
        "lookahead": ("weight", line(0.1, 0.9)),
        "negative_momentum": ("momentum", line(-0.9, -0.1)),
        "neumann": ("gamma", span(0.05, 20.0)),
        "newton": ("damping", (0.01, 0.3, 10.0)),
        "optimistic": ("optimism", span(0.1, 4.0)),
        "smooth": ("gamma", span(0.05, 20.0)),
        "symplectic": ("weight", span(0.05, 20.0)),
        "two_time_scales": ("ratio", span(0.05, 20.0)),
        "unrolled": ("steps", (1, 3, 10)),
    }

    def published(name):
        parameter, chosen = parameters.get(name, ("", (np.nan,)))

        def make(value, h):
            sgd = optimiser("sgd", learning_rate=h)
            return METHODS[name](**({parameter: value} if parameter else {}), generator=sgd, discriminator=sgd)

        return Family(name, parameter, chosen, make)

    def adaptive(name, argument, chosen):
        def make(value, h):
            own = optimiser(name, learning_rate=h, **{argument: value})
            return METHODS["simultaneous"](generator=own, discriminator=own)

        return Family(name, argument, chosen, make)

    return [
        *(published(name) for name in METHODS if name not in ADAM),
        adaptive("rmsprop", "eps", span(1e-4, 1.0)),
        adaptive("adam", "b1", line(0.0, 0.9)),
    ]
