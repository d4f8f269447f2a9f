"""Bring your own Flax NNX modules: a GAN of two of them covers the ring's modes, and the trained module comes back."""

import jax
from flax import nnx

import saddlery as sd


def linear(inputs, outputs, rngs):
    """A layer with orthogonal weights, as the papers start."""
    return nnx.Linear(inputs, outputs, kernel_init=nnx.initializers.orthogonal(), rngs=rngs)


class Generator(nnx.Module):
    """A generator of one's own; it takes a batch, as NNX modules do."""

    def __init__(self, rngs):
        self.first = linear(16, 64, rngs)
        self.second = linear(64, 64, rngs)
        self.out = linear(64, 2, rngs)

    def __call__(self, noise):
        """Samples from noise."""
        return self.out(nnx.relu(self.second(nnx.relu(self.first(noise)))))


def discriminator(rngs):
    """A discriminator straight from Flax's layers."""
    return nnx.Sequential(linear(2, 64, rngs), nnx.relu, linear(64, 64, rngs), nnx.relu, linear(64, 1, rngs))


def main(steps=1000):
    """Train by unrolling the discriminator, print and return the modes covered and the share of samples at one."""
    generator = sd.networks.from_nnx(Generator)
    data = sd.data.Mixture(sd.data.ring_centres(modes=8, radius=2.0), std=0.05)
    game = sd.games.Gan(generator, sd.networks.from_nnx(discriminator), data, noise=16, batch=256)
    method = sd.methods.unrolled(steps=5, learning_rate=1e-3)  # by the paper's Adam, b1 = 0.5
    probes = {"modes": sd.metrics.Modes()}
    run = sd.train(game, method, steps=steps, every=max(1, steps // 5), key=jax.random.key(0), probes=probes).only
    table = run.history[["modes", "high_quality"]].to_dataframe()
    print(table)
    trained = generator.module(run.players.generator)
    print("a sample of the trained module:", trained(jax.random.normal(jax.random.key(1), (1, 16)))[0])
    return table


if __name__ == "__main__":
    main()
