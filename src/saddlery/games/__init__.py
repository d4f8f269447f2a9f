"""Games: GANs on data whose modes are known or real, and analytic ones."""

from saddlery.games.bilinear import bilinear
from saddlery.games.digits import digits
from saddlery.games.dirac import dirac
from saddlery.games.gan import Gan
from saddlery.games.quadratic import quadratic
from saddlery.games.ring import grid, ring
from saddlery.games.two_gaussians import two_gaussians

GAMES = {
    "bilinear": bilinear,
    "digits": digits,
    "dirac": dirac,
    "grid": grid,
    "quadratic": quadratic,
    "ring": ring,
    "two_gaussians": two_gaussians,
}

__all__ = ["GAMES", "Gan", "bilinear", "digits", "dirac", "grid", "quadratic", "ring", "two_gaussians"]
