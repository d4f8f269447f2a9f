"""Games: GANs on data whose modes are known or real, and analytic ones."""

from saddlery.games.bilinear import bilinear
from saddlery.games.digits import digits
from saddlery.games.gan import Gan
from saddlery.games.quadratic import quadratic
from saddlery.games.ring import grid, ring

GAMES = {"bilinear": bilinear, "digits": digits, "grid": grid, "quadratic": quadratic, "ring": ring}

__all__ = ["GAMES", "Gan", "bilinear", "digits", "grid", "quadratic", "ring"]
