"""What tests of runs share: a short run, and when two are the same."""

import jax
import jax.numpy as jnp
import pytest

import saddlery as sd

KEY = jax.random.key(3)


@pytest.fixture(scope="session")
def ring():
    """A small noisy game."""
    return sd.games.ring("numerics", batch=16)


@pytest.fixture(scope="session")
def method():
    """A method with memory in the optimisers and in the rule."""
    return sd.methods.consensus(gamma=1.0, rate=0.1, target=0.1, learning_rate=1e-3)


def players_probe(game, players, key):
    """All parameters, so that a history holds every bit of the path."""
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(players)])


@pytest.fixture(scope="session")
def train():
    """`train(game, method, **arguments)`: a short run that records its whole path."""

    def train(game, method, **arguments):
        settings = {"steps": 30, "every": 7, "key": KEY, "probes": {"parameters": players_probe}} | arguments
        return sd.train(game, method, **settings)

    return train


@pytest.fixture(scope="session")
def same():
    """`same(one, other)`: whether two histories agree in every bit, times apart."""

    def same(one, other):
        one, other = one.drop_vars("steps_per_second"), other.drop_vars("steps_per_second")
        return one.identical(other)

    return same
