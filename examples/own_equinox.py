"""Bring your own Equinox modules: a GAN of two of them covers the ring's modes, and the trained module comes back."""

import equinox as eqx
import jax

import saddlery as sd


class Residual(eqx.Module):
    """A generator of one's own, written for a single sample: a linear map and a nonlinear correction of it."""

    linear: eqx.nn.Linear
    correction: eqx.nn.MLP

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.linear = eqx.nn.Linear(16, 2, key=first)
        self.correction = eqx.nn.MLP(16, 2, width_size=64, depth=2, key=second)

    def __call__(self, noise):
        """One sample from one noise vector."""
        return self.linear(noise) + self.correction(noise)


def discriminator(key):
    """A discriminator straight from Equinox's layers."""
    return eqx.nn.MLP(2, 1, width_size=64, depth=2, activation=jax.nn.leaky_relu, key=key)


def main(steps=1000):
    """Train by unrolling the discriminator, print and return the modes covered and the share of samples at one."""
    generator = sd.networks.from_equinox(Residual)
    data = sd.data.Mixture(sd.data.ring_centres(modes=8, radius=2.0), std=0.05)
    game = sd.games.Gan(generator, sd.networks.from_equinox(discriminator), data, noise=16, batch=256)
    method = sd.methods.unrolled(steps=5, learning_rate=1e-3)  # by the paper's Adam, b1 = 0.5
    probes = {"modes": sd.metrics.Modes()}
    run = sd.train(game, method, steps=steps, every=max(1, steps // 5), key=jax.random.key(0), probes=probes).only
    table = run.history[["modes", "high_quality"]].to_dataframe()
    print(table)
    trained = generator.module(run.players.generator)
    print("a sample of the trained module:", trained(jax.random.normal(jax.random.key(1), (16,))))
    return table


if __name__ == "__main__":
    main()
