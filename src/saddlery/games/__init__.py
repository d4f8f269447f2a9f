"""Games: GANs on mixtures of Gaussians and real data, and analytic games."""

from collections.abc import Callable

from saddlery.game import Game
from saddlery.games.bilinear import bilinear
from saddlery.games.digits import digits
from saddlery.games.dirac import dirac
from saddlery.games.gan import Gan, as_gan
from saddlery.games.images import coloured, images, stacked
from saddlery.games.quadratic import quadratic
from saddlery.games.random_features import random_features
from saddlery.games.ring import grid, moons, ring
from saddlery.games.two_gaussians import two_gaussians

GAMES: dict[str, Callable[..., Game]] = {
    "bilinear": bilinear,
    "coloured": coloured,
    "digits": digits,
    "dirac": dirac,
    "grid": grid,
    "images": images,
    "moons": moons,
    "quadratic": quadratic,
    "random_features": random_features,
    "ring": ring,
    "stacked": stacked,
    "two_gaussians": two_gaussians,
}

__all__ = [
    "GAMES",
    "Gan",
    "as_gan",
    "bilinear",
    "coloured",
    "digits",
    "dirac",
    "grid",
    "images",
    "moons",
    "quadratic",
    "random_features",
    "ring",
    "stacked",
    "two_gaussians",
]
