"""The unrolled step in PyTorch as a function of its state: `torch.func` under `torch.compile`, K updates a graph."""

import time

import torch
from torch import Tensor
from torch._inductor import config as inductor

from benchmarks.peers import Unrolled, mlp


class Compiled(Unrolled):
    """Both gradients and the discriminator's first update as one compiled function; the rest as the other peers.

    **Attributes:** `seconds`: how long the first call took, which compiles.
    """

    def __init__(self, generator, discriminator, steps: int, rates=(1e-3, 1e-4)):
        super().__init__(generator, discriminator, steps, rates)
        torch._dynamo.reset()  # so that a second instance is a program of its own
        inductor.force_disable_caches = True  # so that the time to compile is one
        self.compiled = torch.compile(torch.func.grad(self.objective, has_aux=True), fullgraph=True, dynamic=False)
        self.seconds: float | None = None

    def gradients(self, noise, real):
        """What both optimisers descend."""
        began = time.perf_counter()
        state = [[each.detach() for each in held] for held in (self.generator, self.discriminator)]
        of_generator, (ordinary, self.moved) = self.compiled(
            *state, self.first, self.second, torch.tensor(float(self.count)), noise, real
        )
        if self.seconds is None:
            self.seconds = time.perf_counter() - began
        return of_generator, ordinary

    def objective(self, generator, discriminator, first, second, count: Tensor, noise, real):
        """The generator's loss after the updates ahead, and the first of these with its gradient."""
        samples = mlp(generator, noise, torch.tanh)
        position = discriminator, first, second
        kept = None
        for i in range(self.steps):
            gradient = torch.func.grad(self.loss)(position[0], samples, real)
            position = self.adam(*position, gradient, count + (i + 1))
            kept = kept or (gradient, position)
        return -self.loss(position[0], samples, real), kept

    def adam(self, parameters, first, second, gradient, count: Tensor):
        """Adam's update of every parameter: new parameters and moments."""
        rate, correction = self.rates[1] / (1 - self.b1**count), 1 / (1 - self.b2**count)
        first = [self.b1 * m + (1 - self.b1) * g for m, g in zip(first, gradient, strict=True)]
        second = [self.b2 * v + (1 - self.b2) * g * g for v, g in zip(second, gradient, strict=True)]
        moved = [
            p - rate * m / ((v * correction + self.eps_root).sqrt() + self.eps)
            for p, m, v in zip(parameters, first, second, strict=True)
        ]
        return moved, first, second

    def move(self, gradient):
        """The first update ahead, kept."""
        self.count += 1
        self.discriminator, self.first, self.second = self.moved
