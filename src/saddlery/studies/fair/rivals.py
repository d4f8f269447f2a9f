"""The rivals of the fair comparisons: the methods compared, each with the values of its parameter."""

from typing import NamedTuple

import numpy as np


class Rival(NamedTuple):
    """A rival, a method to compare: a row of the comparison.

    - `name`: what it is called; `parameter`, `values`: what is tried beside the learning rate, where there is any.
    - `method`: the text of its method, with `{}` for the parameter.
    - `loss`, `penalties`: its changes to the game, with `{}` for the parameter.
    """

    name: str
    method: str
    parameter: str = ""
    values: tuple[float, ...] = (np.nan,)
    loss: str | None = None
    penalties: tuple[str, ...] = ()


TENS = (0.1, 1.0, 10.0)
RIVALS = (
    Rival("simultaneous", "simultaneous"),
    Rival("alternating", "alternating"),
    Rival("two time scales", "two_time_scales(ratio={})", "ratio", (0.25, 4.0)),
    Rival("ℓ∞ clipping", "clipped(value={})", "bound", (0.001, 0.01)),
    Rival("norm clipping", "clipped_norm(value={})", "bound", (0.1, 1.0)),
    Rival("negative momentum", "negative_momentum(momentum=-0.5)"),
    Rival("optimistic", "optimistic"),
    Rival("extragradient", "extragradient"),
    Rival("lookahead", "lookahead(steps=5)"),
    Rival("symplectic", "symplectic(weight={})", "λ", (0.1, 1.0)),
    Rival("competitive", "competitive"),
    Rival("JARE", "jare(gamma={})", "γ", TENS),
    Rival("consensus", "consensus(gamma={})", "γ", TENS),
    Rival("adaptive consensus", "consensus(gamma=0.1, rate={})", "rate", (0.001, 0.01)),
    Rival("discriminator-only consensus", "consensus_discriminator(gamma={})", "γ", TENS),
    Rival("unrolled (1 step)", "unrolled(steps=1)"),
    Rival("unrolled (5 steps)", "unrolled(steps=5)"),
    Rival("unrolled (10 steps)", "unrolled(steps=10)"),
    Rival(
        "WGAN-GP", "alternating(discriminator_steps=5)", "weight", TENS, "wasserstein", ("wgan_gp(weight={})",)
    ),
    Rival("DRAGAN", "alternating", "weight", TENS, None, ("dragan(weight={})",)),
    Rival("R1", "alternating", "weight", TENS, None, ("r1(weight={})",)),
    Rival("relativistic R1+R2", "alternating", "weight", TENS, "relativistic", ("r1(weight={})", "r2(weight={})")),
)  # fmt: skip
FEW = ("simultaneous", "consensus", "unrolled (1 step)", "R1")  # of a trial
