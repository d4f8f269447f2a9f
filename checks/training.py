"""What tests of training share: a short run that records its whole path, and when two are the same."""

import jax
import jax.numpy as jnp
import pytest

import saddlery as sd

KEY = jax.random.key(3)


@pytest.fixture(scope="session", name="ring")
def small_ring():
    """A small noisy game."""
    return sd.games.ring("numerics", batch=16)


@pytest.fixture(scope="session", name="method")
def method_with_memory():
    """A method with memory in the optimisers and in the rule."""
    return sd.methods.adaptive_consensus(gamma=1.0, rate=0.1, target=0.1, learning_rate=1e-3)


def players_probe(game, players, key):
    """All parameters, so that a history holds every bit of the path."""
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(players)])


def train(game, method, **arguments):
    """A short run that records its whole path."""
    settings = {"steps": 30, "every": 7, "key": KEY, "probes": {"parameters": players_probe}} | arguments
    return sd.train(game, method, **settings)


def same(one, other):
    """Whether two histories agree in every bit, times apart."""
    one, other = one.drop_vars("steps_per_second"), other.drop_vars("steps_per_second")
    return one.identical(other)
