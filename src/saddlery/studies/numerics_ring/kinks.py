"""Kinks of ReLU networks: how much of a field's curvature its Jacobian holds, against finite differences.

The second derivative of relu is zero almost everywhere. So the gradients of a network of relu jump wherever a unit
switches on or off for one of the samples. A step feels these jumps, thousands of small ones that together are
curvature; automatic differentiation sees none of them.
"""

import dataclasses

import numpy as np
import xarray as xr

from saddlery.dynamics.jacobian import differences, jacobian
from saddlery.game import Game, Pair
from saddlery.games.gan import Gan
from saddlery.types import Key

DIRECTIONS = ("random 1", "random 2", "random 3", "v")
DISTANCES = (1e-3, 1e-2)  # h: far enough for many kinks to lie between, near enough for v to be straight but for them
BATCHES = 20


def kinks(game: Game, players: Pair | None, *, key: Key, batches: int = BATCHES) -> xr.Dataset:
    """Finite differences of v along unit vectors u at a position, and v′u by automatic differentiation.

    **Returns:** `curvature` (direction, h), ‖(v(θ + hu) − v(θ − hu)) / 2h‖; `seen`, ‖v′u‖ as a share of it; and
    `missed`, the norm of the difference of the two as a share of it. Three directions are random, one is that of v. All
    are NaN without players.
    """
    curvature, product, missed = np.full((3, len(DIRECTIONS), len(DISTANCES)), np.nan)
    if players is not None:
        J = jacobian(game, players, key=key, batches=batches)
        random = np.random.default_rng(0).standard_normal((len(DIRECTIONS) - 1, J.size))
        for i, u in enumerate([*random, J.field]):
            u = u / np.linalg.norm(u)
            held = J.product(u)
            for j, distance in enumerate(DISTANCES):
                found = differences(game, players, u, distance, key=key, batches=batches)
                curvature[i, j], product[i, j] = np.linalg.norm(found), np.linalg.norm(held)
                missed[i, j] = np.linalg.norm(found - held)
    each = ("direction", "h")
    return xr.Dataset(
        {"curvature": (each, curvature), "seen": (each, product / curvature), "missed": (each, missed / curvature)}
    )


def without_kinks(gan: Gan) -> Gan:
    """A GAN without kinks: the same, its networks of tanh."""
    smooth = (dataclasses.replace(network, activation="tanh") for network in (gan.generator, gan.discriminator))
    return dataclasses.replace(gan, **Pair(*smooth)._asdict())
