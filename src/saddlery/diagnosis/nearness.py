"""Distance to a stationary point, by a Newton step: whether a field that falls comes to rest or only fades."""

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from saddlery.dynamics import Jacobian, jacobian
from saddlery.game import Game, Pair
from saddlery.types import Key

SEARCH = 50  # iterations of the search, two products each
BATCHES = 4  # that the Jacobian is averaged over
PROBES = 4  # random vectors that measure its size


class Nearness(NamedTuple):
    """The change of the distance to a stationary point between two positions; NaN where it cannot be computed.

    - `distance`: the factor by which ‖δ‖ changed, δ the least with v + Jδ ≈ 0.
    - `curvature`: the factor by which the Frobenius norm of J changed.
    """

    distance: float = math.nan
    curvature: float = math.nan


def way(J: Jacobian) -> tuple[float, float]:
    """The length of the least Newton step δ, Jδ ≈ −v, by LSMR (Fong, Saunders, 2011), and its residual over ‖v‖."""
    norm = np.linalg.norm(J.field)
    if norm == 0:
        return 0.0, 0.0
    operator = LinearOperator((J.size, J.size), matvec=J.product, rmatvec=J.transposed, dtype=float)  # type: ignore[call-arg]
    step, _, _, left, *_ = lsmr(operator, -J.field, atol=1e-6, btol=1e-6, maxiter=SEARCH)
    return float(np.linalg.norm(step)), float(left / norm)


def nearness(game: Game, start: Pair, end: Pair, key: Key) -> Nearness:
    """The change of the distance to a stationary point from start to end, on the same batches.

    Close to one, ‖v‖ and the distance fall together and J stays as it is. Where a loss saturates, v and J fall together
    and the distance hardly: along v = e⁻ˣ Newton's step is 1 for ever.
    """
    try:
        before, after = (jacobian(game, players, key=key, batches=BATCHES) for players in (start, end))
        distances, sizes = (way(before)[0], way(after)[0]), (_size(before), _size(after))
    except (FloatingPointError, ValueError, TypeError, NotImplementedError):
        return Nearness()
    if not distances[0] or not sizes[0]:
        return Nearness()
    return Nearness(distances[1] / distances[0], sizes[1] / sizes[0])


def _size(J: Jacobian) -> float:
    """√E‖Jz‖² over random signs z, which is the Frobenius norm (Hutchinson); the same z for every J."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (PROBES, J.size))
    return float(np.sqrt(np.mean([np.sum(J.product(z) ** 2) for z in signs])))
