"""Unrolled training as one would write it in JAX and optax without a library: a loss of everything, differentiated."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

Parameters = list[jax.Array]


def mlp(parameters: Parameters, x: jax.Array) -> jax.Array:
    """A multilayer perceptron's values; weights and biases layer by layer."""
    *hidden, weight, bias = parameters
    for w, b in zip(hidden[::2], hidden[1::2], strict=True):
        x = jnp.tanh(x @ w + b)
    return x @ weight + bias


class Plain:
    """Unrolled GAN on the ring of Gaussians: `jax.grad` through a `lax.scan` of optax's Adam, all of it jitted.

    **Arguments:** `generator`, `discriminator`: parameters to start from; `steps`: K; `inside`: whether training's
    steps are a loop within the program, or a Python loop over a jitted step.
    """

    def __init__(self, generator, discriminator, steps: int, inside: bool, rates=(1e-3, 1e-4), batch: int = 512):
        adam = lambda rate: optax.adam(rate, b1=0.5, eps_root=1e-16)  # noqa: E731
        self.optimisers, self.steps, self.batch, self.inside = tuple(map(adam, rates)), steps, batch, inside
        players = tuple([jnp.asarray(each) for each in player] for player in (generator, discriminator))
        states = tuple(optimiser.init(player) for optimiser, player in zip(self.optimisers, players, strict=True))
        self.carry, self.key = (players, states), jax.random.key(0)
        angles = 2 * np.pi * np.arange(8) / 8
        self.centres = jnp.asarray(np.stack([np.cos(angles), np.sin(angles)], 1), jnp.float32)
        self.one = jax.jit(self.step)
        self.many: Callable = jax.jit(
            lambda carry, key, n: jax.lax.fori_loop(
                0, n, lambda i, at: self.step(at, jax.random.fold_in(key, i)), carry
            )
        )

    def __call__(self, n: int) -> None:
        """Take `n` steps."""
        self.key, key = jax.random.split(self.key)
        if self.inside:
            self.carry = self.many(self.carry, key, n)
        else:
            for i in range(n):
                self.carry = self.one(self.carry, jax.random.fold_in(key, i))
        jax.block_until_ready(self.carry)

    def draw(self, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Noise and real samples."""
        noise, mode, spread = jax.random.split(key, 3)
        centres = self.centres[jax.random.randint(mode, (self.batch,), 0, len(self.centres))]
        real = centres + 0.01 * jax.random.normal(spread, (self.batch, 2))
        return jax.random.normal(noise, (self.batch, 256)), real

    def loss(self, discriminator: Parameters, samples: jax.Array, real: jax.Array) -> jax.Array:
        """The discriminator's loss; the generator's is its negative."""
        return jax.nn.softplus(-mlp(discriminator, real)).mean() + jax.nn.softplus(mlp(discriminator, samples)).mean()

    def gradients(self, players, states, noise, real):
        """What the two optimisers are to descend; the generator is evaluated once for the updates ahead."""
        generator, discriminator = players

        def ahead(generator):
            samples = mlp(generator, noise)

            def update(position, _):
                discriminator, state = position
                gradient = jax.grad(self.loss)(discriminator, samples, real)
                updates, state = self.optimisers[1].update(gradient, state, discriminator)
                return (optax.apply_updates(discriminator, updates), state), gradient

            (later, _), path = jax.lax.scan(update, (discriminator, states[1]), length=self.steps)
            return -self.loss(later, samples, real), jax.tree.map(lambda each: each[0], path)

        return jax.grad(ahead, has_aux=True)(generator)

    def step(self, carry, key):
        """One step of training."""
        players, states = carry
        moved = []
        for player, optimiser, state, gradient in zip(
            players, self.optimisers, states, self.gradients(players, states, *self.draw(key)), strict=True
        ):
            updates, state = optimiser.update(gradient, state, player)
            moved.append((optax.apply_updates(player, updates), state))
        return tuple(zip(*moved, strict=True))
