"""Losses, functions of the discriminator's scores, and gradient penalties, added to the discriminator's loss."""

from saddlery.losses.divergences import LOSSES, as_loss
from saddlery.losses.penalties import DRAGAN, PENALTIES, R1, R2, WGANGP, Penalty, as_penalties

__all__ = ["DRAGAN", "LOSSES", "PENALTIES", "R1", "R2", "WGANGP", "Penalty", "as_loss", "as_penalties"]
