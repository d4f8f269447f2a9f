"""Bring your own plain functions, `init(key)` and `apply(parameters, x)`: nothing but JAX, and the ring is covered."""

import jax
import jax.numpy as jnp

import saddlery as sd


def network(*sizes):
    """A multilayer perceptron as a pair of functions, its parameters a list of weights and biases."""

    def init(key):
        keys = jax.random.split(key, len(sizes) - 1)
        draw = jax.nn.initializers.orthogonal()
        return [
            (draw(key, (rows, columns)), jnp.zeros(columns))
            for key, rows, columns in zip(keys, sizes[:-1], sizes[1:], strict=True)
        ]

    def apply(parameters, x):
        *hidden, (weight, bias) = parameters
        for inner_weight, inner_bias in hidden:
            x = jax.nn.relu(x @ inner_weight + inner_bias)
        return x @ weight + bias

    return sd.networks.from_functions(init, apply)


def main(steps=1000):
    """Train by unrolling the discriminator, print and return the modes covered and the share of samples at one."""
    data = sd.data.Mixture(sd.data.ring_centres(modes=8, radius=2.0), std=0.05)
    game = sd.games.Gan(network(16, 64, 64, 2), network(2, 64, 64, 1), data, noise=16, batch=256)
    method = sd.methods.unrolled(steps=5, learning_rate=1e-3)  # by the paper's Adam, b1 = 0.5
    probes = {"modes": sd.metrics.Modes()}
    run = sd.train(game, method, steps=steps, every=max(1, steps // 5), key=jax.random.key(0), probes=probes).only
    table = run.history[["modes", "high_quality"]].to_dataframe()
    print(table)
    return table


if __name__ == "__main__":
    main()
