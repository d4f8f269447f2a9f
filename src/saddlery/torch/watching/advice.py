"""What to try, with numbers, each with where they are from."""

from collections.abc import Mapping

import numpy as np

from saddlery.analysis.alarms import recent
from saddlery.analysis.numbers import number
from saddlery.torch.watching.curvature import Curvature

APART = 1.0  # log₁₀ of how much faster one player moves, from which its learning rate is spoken of
STILL = 6.0  # from which the slower one is as good as still
WON = 0.98  # of pairs of a real and a generated sample that the discriminator tells, from which it has won
TURNING = 1.0  # |Im λ| / |Re λ| from which a mode turns
MEASURED = "measured on your loop"


def advice(signals: Mapping[str, np.ndarray], curvature: Curvature | None) -> list[str]:
    """What could be tried, in words; nothing where nothing was measured that speaks for it.

    **Arguments:** `signals`: along the records; `curvature`: the last one.
    """
    return [*_balance(signals), *(_turning(curvature) if curvature is not None and curvature.measurable else [])]


def _balance(signals: Mapping[str, np.ndarray]) -> list[str]:
    """The factor of a learning rate by which both players would move as fast, for their size."""
    values = recent(signals["balance"]) if "balance" in signals else np.zeros(0)
    if not len(values) or not abs(values[-1]) > APART:
        return []
    fast, slow = ("generator", "discriminator") if values[-1] > 0 else ("discriminator", "generator")
    if abs(values[-1]) > STILL:
        return [f"the {slow} does not move: look at its learning rate, and whether its loss reaches it ({MEASURED})"]
    times = 10 ** abs(float(values[-1]))
    told = recent(signals["separation"])[-1] if "separation" in signals else np.nan
    if fast == "generator" and told > WON:
        return [
            f"the discriminator tells {told:.1%} of real from generated samples and hardly moves, the generator "
            f"{times:.0f} times as fast for its size: it has won, and slowing the generator would not change that "
            f"({MEASURED}); a smaller rate of the discriminator from an earlier state, or R1, may: compare tells"
        ]
    return [
        f"the {fast} moves {times:.0f} times as fast as the {slow}, each for its size: its learning rate times "
        f"{number(1 / times)} would make them alike ({MEASURED}; what that does, compare tells)"
    ]


def _turning(found: Curvature) -> list[str]:
    """The strength of what damps the fastest turning mode: of consensus optimisation, and of R1.

    J − γJᵀJ has, where J is normal, the eigenvalues λ − γ|λ|² (Mescheder, Nowozin, Geiger, 2017): by
    γ = (|Im λ| + Re λ) / |λ|² a mode decays as fast as it turns. The Dirac-GAN with R1 of strength γ has
    λ = −γ/2 ± √(γ²/4 − f′(0)²) (Mescheder, Geiger, Nowozin, 2018): it stops turning at γ = 2|f′(0)| = 2|Im λ|.
    """
    turning = [each for each in found.ritz if each.imag > 0 and each.imag > TURNING * abs(each.real)]
    if not turning:
        return []
    fastest = max(turning, key=abs)
    gamma = (fastest.imag + fastest.real) / abs(fastest) ** 2
    mode = f"the mode {fastest.real:.3g} ± {fastest.imag:.3g}i turns"
    return [
        f"{mode}: consensus optimisation with γ = {number(gamma)} would make it decay as fast as it turns ({MEASURED})",
        f"{mode}: R1 with γ/2 · E‖∇D‖², γ = {number(2 * fastest.imag)}, stops that in the Dirac-GAN with this mode "
        "(from theory, not measured on your loop)",
    ]
