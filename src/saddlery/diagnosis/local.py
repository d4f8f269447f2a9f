"""The update of a method at the equilibrium of a game: its leading multiplier, and whether it is one map."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from saddlery.analysis.outcome import Local
from saddlery.dynamics.eigenvalues import of_matrix
from saddlery.dynamics.stability import derivative, period, settled_state
from saddlery.game import Game, Pair
from saddlery.method import Method
from saddlery.types import Key, Memory

MOST = 256  # numbers of players and state up to which the derivative is found
SAME = 1e-3  # relative difference of two derivatives up to which the update is one map
MOVES = 1e-3  # the players' share of an eigenvector from which it moves them


def equilibrium(game: Game) -> Pair | None:
    """The equilibrium of a game that knows it: finite numbers; else `None`."""
    known = getattr(game, "equilibrium", None)
    point: Any = known() if callable(known) else None
    if point is None or not np.isfinite(ravel_pytree(point)[0]).all():
        return None
    return Pair(*jax.tree.map(jnp.asarray, tuple(point)))


def local(game: Game, method: Method, at: Pair, places: tuple[Pair, ...], state: Memory, key: Key) -> Local | None:
    """The update at an equilibrium, to first order; `None` where there are too many numbers, or no derivative.

    **Arguments:** `at`: the equilibrium; `places`: players along the run, `state`: the method's at them, to see whether
    the update is one map.
    """
    size = sum(leaf.size for leaf in jax.tree.leaves((at, eqx.filter(state, eqx.is_inexact_array))))
    if size > MOST:
        return None
    steps, keys = period(method), jax.random.split(key, 1)
    try:
        there = np.asarray(_settled_derivative(game, method, at, keys, steps), float)
        elsewhere = [np.asarray(_derivative(game, method, place, state, keys, steps), float) for place in places]
    except (FloatingPointError, RuntimeError, TypeError, ValueError, NotImplementedError):
        return None
    if not np.isfinite(there).all():
        return None
    of_players = sum(leaf.size for leaf in jax.tree.leaves(at))
    pairs = of_matrix(there)  # the largest first
    moving = np.linalg.norm(pairs.vectors[:of_players], axis=0) > MOVES
    if not moving.any():
        return None
    leading = pairs.values[moving][0]
    away = np.linalg.norm(there - np.eye(len(there)))
    affine = all(np.linalg.norm(each - there) <= SAME * away for each in elsewhere)  # not where it is not finite
    rate = float(abs(leading)) ** (1 / steps)
    return Local(rate if math.isfinite(rate) else math.nan, abs(float(np.angle(leading))) / steps, affine)


@eqx.filter_jit
def _settled_derivative(game, method, at, keys, steps):
    """The derivative of the update at the equilibrium, with the state settled there."""
    return derivative(game, method, at, settled_state(game, method, at, keys[0], 100), keys, steps)


_derivative = eqx.filter_jit(derivative)
