"""What every test shares."""

import contextlib
import functools
import tracemalloc
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.shared import assert_same, engine, forget, interruptible, real, saddlery, without_optimisations  # noqa: F401
from jax.flatten_util import ravel_pytree

from saddlery.data import Mixture, ring_centres
from saddlery.game import Pair
from saddlery.games.gan import Gan
from saddlery.games.quadratic import quadratic
from saddlery.networks import MLP
from saddlery.optimisers import optimiser
from saddlery.plots import style
from saddlery.rules import RuleInput

OPTIMISED = ("_system", "data", "diagnosis", "metrics", "text")  # whose tests compute more than they compile


@pytest.fixture(scope="module", autouse=True)
def forgetful():
    """Compiled programs are dropped before they are too many for one process."""
    yield
    forget()


@pytest.fixture(scope="module", autouse=True)
def optimisations(request):
    """Programs are compiled without optimisations in packages whose tests compile much and compute little."""
    without_optimisations(request.path.parent.name not in OPTIMISED)


@pytest.fixture
def float64():
    """Double precision within one test."""
    with jax.enable_x64(True):
        yield


class Position(NamedTuple):
    """A position of a game, with the gradient ξ and its Jacobian H found by other means than the library's.

    Players side by side in one vector, the generator's `n` numbers first.
    """

    game: Any
    players: Pair
    batch: Any
    xi: np.ndarray
    H: np.ndarray

    @property
    def n(self) -> int:
        return len(ravel_pytree(self.players.generator)[0])

    @property
    def z(self) -> np.ndarray:
        return np.asarray(ravel_pytree(self.players)[0])


def quadratic_position(seed: int) -> Position:
    """A general-sum game of 3 against 4 numbers; ξ and H by hand, from matrices that need not be symmetric."""
    rng = np.random.default_rng(seed)
    A, B, C, D = (rng.normal(size=shape) for shape in [(3, 3), (3, 4), (4, 4), (4, 3)])
    a, c, g, d = (rng.normal(size=size) for size in (3, 4, 3, 4))
    H = np.block([[(A + A.T) / 2, B], [D, (C + C.T) / 2]])
    xi = H @ np.concatenate([g, d]) + np.concatenate([a, c])
    return Position(quadratic(A, B, C, D, a, c), Pair(jnp.asarray(g), jnp.asarray(d)), (), xi, H)


def nonsaturating(data, generated):
    """The general-sum loss of Goodfellow et al. (2014)."""
    softplus = jax.nn.softplus
    return Pair(softplus(-generated).mean(), softplus(-data).mean() + softplus(generated).mean())


def tiny_gan(activation: str = "tanh") -> Gan:
    """17 numbers against 13, four samples a batch: small enough for dense Jacobians and finite differences."""
    generator, discriminator = MLP(2, 2, (3,), gain=1.4), MLP(2, 1, (3,), activation=activation, gain=1.4)
    return Gan(generator, discriminator, Mixture(ring_centres(8, 1.0), 0.1), nonsaturating, noise=2, batch=4)


def differentiated_position(game, players, batch=()) -> Position:
    """A position of any game; ξ by a separate `jax.grad` for each player, H the derivative of that."""
    flat, unravel = ravel_pytree(players)
    n = len(ravel_pytree(players.generator)[0])

    def loss(z, player):
        generator, discriminator = unravel(z)
        return getattr(game.losses(discriminator, game.act(generator, batch), batch), player)

    def xi(z):
        return jnp.concatenate([jax.grad(loss)(z, "generator")[:n], jax.grad(loss)(z, "discriminator")[n:]])

    return Position(game, players, batch, np.asarray(jax.jit(xi)(flat)), np.asarray(jax.jit(jax.jacfwd(xi))(flat)))


@pytest.fixture(params=["quadratic0", "quadratic1", "quadratic2", "gan"])
def position(request, float64) -> Position:
    """A position of three quadratic games and of a GAN."""
    if request.param == "gan":
        return request.getfixturevalue("gan_position")
    return quadratic_position(int(request.param[-1]))


@pytest.fixture(params=range(3))
def quadratic_game(request, float64) -> Position:
    """A position of three quadratic games, on which ξ(z) = ξ(z₀) + H (z − z₀)."""
    return quadratic_position(request.param)


@functools.cache
def _gan_position() -> Position:
    game = tiny_gan()
    return differentiated_position(game, game.init(jax.random.key(1)), game.draw(jax.random.key(2)))


@pytest.fixture
def gan_position(float64) -> Position:
    """A tiny GAN at its start."""
    return _gan_position()


@pytest.fixture
def locate():
    """`locate(game, players, batch=())`: that `Position`."""
    return differentiated_position


@eqx.filter_jit
def _directions(rule, inputs, state):
    return rule(inputs, state)


@pytest.fixture
def direct():
    """`direct(rule, position)`: the rule's direction there, both players side by side in one vector."""

    def direct(rule, position, optimisers=None, states=None):
        optimisers = optimisers or Pair(optimiser("sgd", learning_rate=0.1), optimiser("sgd", learning_rate=0.1))
        states = states or Pair(*(o.init(p) for o, p in zip(optimisers, position.players, strict=True)))
        inputs = RuleInput(position.game, position.players, position.batch, optimisers, states)
        state = rule.init(position.game, position.players)
        return np.asarray(ravel_pytree(_directions(rule, inputs, state)[0])[0])

    return direct


@eqx.filter_jit
def _step(method, game, players, state, key):
    return method.step(game, players, state, key)


@pytest.fixture
def walk():
    """`walk(method, game, players, steps)`: the positions `(steps + 1, numbers)` and the states of a training."""

    def walk(method, game, players, steps):
        state = method.init(game, players)
        path, states = [ravel_pytree(players)[0]], [state]
        for i in range(steps):
            players, state = _step(method, game, players, state, jax.random.key(i))
            path.append(ravel_pytree(players)[0])
            states.append(state)
        return np.asarray(path), states

    return walk


@pytest.fixture
def at_most():
    """`at_most(size)`: a context in which no more memory than that is taken."""

    @contextlib.contextmanager
    def at_most(size):
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < size
        finally:
            tracemalloc.stop()

    return at_most


@pytest.fixture
def figures(monkeypatch):
    """The Matplotlib figures that the test draws, in their order."""
    drawn, canvas = [], style.FigureCanvasAgg
    monkeypatch.setattr(style, "FigureCanvasAgg", lambda figure: drawn.append(figure) or canvas(figure))
    return drawn
