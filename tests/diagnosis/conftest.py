"""What the tests of a diagnosis share: games and methods whose fate is known."""

import jax
import jax.numpy as jnp
import pytest
from checks.games import Plain

import saddlery as sd


class Kinked(Plain):
    """A game of absolute values: no second derivative, and none that finite differences agree with."""

    size, value = 3, 0.0

    def losses(self, discriminator, samples, batch):
        value = jnp.abs(samples).sum() + samples @ discriminator
        return sd.Pair(value, -value + jnp.abs(discriminator).sum())


@jax.custom_jvp
def rough(x):
    """|x|^1.5, whose derivative at zero is 0 and whose second derivative is infinite."""
    return jnp.abs(x) ** 1.5


rough.defjvp(lambda x, t: (rough(*x), 1.5 * jnp.sign(x[0]) * jnp.sqrt(jnp.abs(x[0])) * t[0]))


class Rooted(Kinked):
    """A game without second derivatives at its start."""

    def losses(self, discriminator, samples, batch):
        value = rough(samples).sum() + samples @ discriminator
        return sd.Pair(value, -value)


@pytest.fixture
def kinked():
    """A game with kinks at its start."""
    return Kinked()


@pytest.fixture
def rooted():
    """A game without second derivatives at its start."""
    return Rooted()


@pytest.fixture
def sgd():
    """`sgd(name, learning_rate, **own)`: a published method under plain descent."""

    def sgd(name, learning_rate, **own):
        optimiser = f"sgd(learning_rate={learning_rate})"
        return getattr(sd.methods, name)(generator=optimiser, discriminator=optimiser, **own)

    return sgd
