"""Training from starts near and far, recorded as the farthest distance and the way gone in each stretch."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from saddlery.game import Game, Pair
from saddlery.method import Method
from saddlery.types import Key

BLOCKS = 40  # short ones, then as many long ones, of each of which the farthest distance is kept
SHORT = 1 / 16  # of a training are the short blocks together, in which fast rates are measured
NEAR, NEARER = 1e-3, 1e-100  # starts that measure rates: of approach and of departure
GONE = 1e6  # a distance at which training has left


def starting(game: Game, count: int) -> Pair:
    """The starts of training: `NEAR` and `NEARER` along every axis, then as far as `far` in random directions."""
    players, unravel = ravel_pytree(game.init(jax.random.key(0)))
    axes = np.eye(players.size)
    random = np.random.default_rng(0).standard_normal((count, players.size))
    random *= (far(count) / np.linalg.norm(random, axis=1))[:, None]
    return jax.vmap(unravel)(jnp.asarray(np.concatenate([NEAR * axes, NEARER * axes, random])))


def far(count: int) -> np.ndarray:
    """The distances from the equilibrium of the starts by which a method is judged."""
    return np.geomspace(0.1, 2.0, count)


def lengths(length: int) -> np.ndarray:
    """The number of steps of each block of a training."""
    short = max(1, round(length * SHORT / BLOCKS))
    return np.repeat([short, max(1, length // BLOCKS - short)], BLOCKS)


def train(game: Game, method: Method, start: Pair, key: Key, blocks: np.ndarray) -> tuple[Array, Array]:
    """Train in blocks of these numbers of steps: the farthest from the origin in each, and the way gone."""

    def step(_, carry):
        players, state, farthest, way = carry
        after = method.step(game, players, state, key)
        before, now = (ravel_pytree(each)[0] for each in (players, after[0]))
        distance = jnp.linalg.norm(now)
        gone = ~(distance < GONE)  # it stays where it was: linear solves take long on what is not finite
        players, state = jax.tree.map(lambda old, new: jnp.where(gone, old, new), (players, state), after)
        way += jnp.where(gone, 0.0, jnp.linalg.norm(now - before))
        return players, state, jnp.where(gone, jnp.inf, jnp.maximum(farthest, distance)), way

    def block(carry, steps):
        players, state, *told = jax.lax.fori_loop(0, steps, step, (*carry, jnp.zeros(()), jnp.zeros(())))
        return (players, state), tuple(told)

    return jax.lax.scan(block, (start, method.init(game, start)), jnp.asarray(blocks))[1]
