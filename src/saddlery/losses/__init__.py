"""Losses, functions of the discriminator's scores, and gradient penalties, added to the discriminator's loss."""

from saddlery.losses.divergences import LOSSES, Loss, LossLike, as_loss
from saddlery.losses.penalties import DRAGAN, PENALTIES, R1, R2, WGANGP, Penalty, PenaltyLike, as_penalties

__all__ = [
    "DRAGAN",
    "LOSSES",
    "PENALTIES",
    "R1",
    "R2",
    "WGANGP",
    "Loss",
    "LossLike",
    "Penalty",
    "PenaltyLike",
    "as_loss",
    "as_penalties",
]
