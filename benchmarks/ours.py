"""Saddlery's side: games and methods trained as `saddlery.train` trains them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.interpreters import partial_eval

import saddlery as sd
from benchmarks.products import products
from saddlery.data import Mixture, ring_centres
from saddlery.networks import MLP
from saddlery.rules import RuleInput
from saddlery.runs.steps import advance, program, start


def unrolled_ring() -> Any:
    """The ring of the unrolled GAN: generator 256-128-128-2, discriminator 2-128-1, tanh, minimax, batch 512."""
    generator, discriminator = MLP(256, 2, (128, 128), "tanh", gain=1.4), MLP(2, 1, (128,), "tanh", gain=1.4)
    return sd.games.Gan(
        generator, discriminator, Mixture(ring_centres(8, 1.0), 0.01), loss="minimax", noise=256, batch=512
    )


def unrolled(steps: int) -> Any:
    """Unrolled training as the released code does it: Adam at 1e-3 and 1e-4, both from the same point."""
    generator, discriminator = (sd.optimiser("adam", learning_rate=rate, b1=0.5) for rate in (1e-3, 1e-4))
    return sd.methods.unrolled(steps=steps, generator=generator, discriminator=discriminator)


class Trainer:
    """A game in training, step by step as often as it is called."""

    def __init__(self, game: Any, method: Any):
        self.game, self.method, self.key, self.step = game, method.for_game(game), jax.random.key(0), 0
        self.carry = start(game, self.method, self.key, None, False)

    def __call__(self, n: int) -> None:
        """Take `n` steps."""
        self.carry = jax.block_until_ready(advance(*self.arguments(n)))
        self.step += n

    def arguments(self, n: int) -> tuple:
        """Those of `saddlery.training.advance`."""
        numbers = jnp.asarray(self.step, jnp.int32), jnp.asarray(n, jnp.int32)
        return self.game, self.method, self.carry, jnp.asarray(1.0), self.key, *numbers

    def temporary_bytes(self) -> int:
        """What the compiled program needs beside its arguments and results."""
        return (
            program(self.game, self.carry)
            .lower(*self.arguments(1))
            .compile()
            .compiled.memory_analysis()
            .temp_size_in_bytes
        )

    def directions(self, batch: Any) -> Any:
        """What both optimisers would descend on a batch."""
        players, state = self.carry.players, self.carry.state
        inputs = RuleInput(self.game, players, batch, self.method.optimisers, state.optimisers)
        return eqx.filter_jit(self.method.rule)(inputs, state.rule)[0]

    def moments(self) -> tuple[int, list, list]:
        """Steps counted, first and second moments of the discriminator's Adam."""
        is_adam = lambda node: isinstance(node, optax.ScaleByAdamState)  # noqa: E731
        states = jax.tree.leaves(self.carry.state.optimisers.discriminator, is_leaf=is_adam)
        (adam,) = filter(is_adam, states)
        return int(adam.count), arrays(adam.mu), arrays(adam.nu)

    def matmul_flops(self) -> int:
        """Floating-point operations of one step's matrix products, as written: two for each multiply-add."""
        values, static = eqx.partition((self.game, self.method, *self.carry[:2], self.key), eqx.is_array)

        def step(values):
            game, method, players, state, key = eqx.combine(values, static)
            return eqx.filter(method.step(game, players, state, key), eqx.is_array)

        jaxpr = jax.make_jaxpr(step)(values).jaxpr
        return _flops(partial_eval.dce_jaxpr(jaxpr, [True] * len(jaxpr.outvars))[0])


def _flops(jaxpr: Any) -> int:
    total = 0
    for equation, times in products(jaxpr):
        left, (contracted, _) = equation.invars[0].aval, equation.params["dimension_numbers"][0]
        total += times * 2 * equation.outvars[0].aval.size * int(np.prod([left.shape[axis] for axis in contracted]))
    return total


def matmul(size: int = 2048) -> tuple[Callable[[int], None], int]:
    """A large float32 matrix product, for the machine's peak, and its floating-point operations."""
    matrix = jnp.ones((size, size), jnp.float32) / size
    product = jax.jit(jnp.matmul)

    def steps(n):
        x = matrix
        for _ in range(n):
            x = product(x, matrix)
        jax.block_until_ready(x)

    return steps, 2 * size**3


def arrays(parameters: Any) -> list[np.ndarray]:
    """An MLP's parameters as the peers take them: weight and bias, layer by layer."""
    return [np.asarray(layer[name]) for layer in parameters for name in ("weight", "bias")]
