"""The same training steps in PyTorch: by hand, with `higher`, with `torchopt`.

Each peer starts from given parameters and moments, layer by layer `[weight, bias, …]` with weights `(inputs, outputs)`,
and offers `gradients(noise, real)`, what the two optimisers are to descend, and `step()`, a whole step of training, its
batch drawn. Every one of them evaluates the generator once a step, and scores real and generated samples in one pass.
"""

import math
from collections.abc import Callable, Sequence

import higher
import torch
import torchopt
from torch import Tensor
from torch.autograd import grad
from torch.nn.functional import softplus


def mlp(parameters: Sequence[Tensor], x: Tensor, activation: Callable) -> Tensor:
    """A multilayer perceptron's values."""
    *hidden, weight, bias = parameters
    for w, b in zip(hidden[::2], hidden[1::2], strict=True):
        x = activation(torch.addmm(b, x, w))
    return torch.addmm(bias, x, weight)


def leaves(arrays) -> list[Tensor]:
    """Parameters out of NumPy arrays."""
    return [torch.tensor(array, requires_grad=True) for array in arrays]


class Ring:
    """Two networks on the ring of Gaussians, and the batches of their training."""

    activation: Callable
    noise: int

    def __init__(self, generator, discriminator, modes: int = 8, std: float = 0.01, batch: int = 512):
        self.generator, self.discriminator = leaves(generator), leaves(discriminator)
        self.modes, self.std, self.batch = modes, std, batch
        angles = 2 * math.pi * torch.arange(modes) / modes
        self.centres = torch.stack([angles.cos(), angles.sin()], dim=1)

    def draw(self) -> tuple[Tensor, Tensor]:
        """Noise and real samples."""
        return torch.randn(self.batch, self.noise), torch.randn(self.batch, 2) * self.std + self.centres[self.chosen()]

    def chosen(self) -> Tensor:
        """The mode of each real sample, drawn."""
        return torch.randint(self.modes, (self.batch,))

    def scores(self, discriminator: Sequence[Tensor], samples: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's scores of real and of generated samples."""
        return mlp(discriminator, torch.cat([real, samples]), self.activation).split(len(real))


class Unrolled(Ring):
    """Unrolled GAN on the minimax loss, both players moved by Adam from the same point; peers differ in `look_ahead`.

    The unrolled updates start from the discriminator's moments. The first of them is the discriminator's real one, so
    a peer that can keeps it.
    """

    activation = staticmethod(torch.tanh)
    noise = 256
    b1, b2, eps, eps_root = 0.5, 0.999, 1e-8, 1e-16

    def __init__(self, generator, discriminator, steps: int, rates=(1e-3, 1e-4)):
        super().__init__(generator, discriminator)
        self.steps, self.rates = steps, rates
        self.count = 0
        self.first = [torch.zeros_like(p) for p in self.discriminator]
        self.second = [torch.zeros_like(p) for p in self.discriminator]
        self.optimiser = torch.optim.Adam(self.generator, rates[0], (self.b1, self.b2), self.eps, fused=True)

    def remember(self, count: int, first, second) -> None:
        """Take over the discriminator's moments."""
        self.count = count
        self.first, self.second = [torch.tensor(m) for m in first], [torch.tensor(v) for v in second]

    def loss(self, discriminator, samples, real) -> Tensor:
        """The discriminator's loss; the generator's is its negative."""
        true, generated = self.scores(discriminator, samples, real)
        return softplus(-true).mean() + softplus(generated).mean()

    def gradients(self, noise, real):
        """The generator's gradient through the unrolled updates, the discriminator's ordinary one."""
        samples = mlp(self.generator, noise, self.activation)
        seen = samples.detach().requires_grad_()
        later, ordinary = self.look_ahead(seen, real)
        (of_samples,) = grad(-self.loss(later, seen, real), seen)
        return grad(samples, self.generator, of_samples), ordinary

    def step(self) -> None:
        """One step of training."""
        of_generator, of_discriminator = self.gradients(*self.draw())
        for parameter, gradient in zip(self.generator, of_generator, strict=True):
            parameter.grad = gradient
        self.optimiser.step()
        self.move(of_discriminator)

    def look_ahead(self, samples, real):
        """The discriminator after `steps` of its updates, as a function of the samples, and its gradient now."""
        raise NotImplementedError

    def move(self, gradient) -> None:
        """The discriminator's real update."""
        raise NotImplementedError


class HandWritten(Unrolled):
    """Adam and the loop written out."""

    def look_ahead(self, samples, real):
        """The loop, its graph kept through gradients and moments."""
        parameters, first, second = self.discriminator, self.first, self.second
        for i in range(self.steps):
            gradient = grad(self.loss(parameters, samples, real), parameters, create_graph=True)
            parameters, first, second = self.adam(parameters, gradient, first, second, self.count + i + 1)
            if i == 0:
                ordinary, self.moved = gradient, (parameters, first, second)
        return parameters, ordinary

    def adam(self, parameters, gradient, first, second, count):
        """Adam's update of every parameter: new parameters and moments."""
        rate, correction = -self.rates[1] / (1 - self.b1**count), 1 / (1 - self.b2**count)
        first = [torch.lerp(m, g, 1 - self.b1) for m, g in zip(first, gradient, strict=True)]
        second = [torch.addcmul(v * self.b2, g, g, value=1 - self.b2) for v, g in zip(second, gradient, strict=True)]
        moved = [
            torch.addcdiv(p, m, (v * correction + self.eps_root).sqrt() + self.eps, value=rate)
            for p, m, v in zip(parameters, first, second, strict=True)
        ]
        return moved, first, second

    def move(self, gradient):
        """The first unrolled update, kept."""
        self.count += 1
        self.discriminator = [p.detach().requires_grad_() for p in self.moved[0]]
        self.first, self.second = ([m.detach() for m in moments] for moments in self.moved[1:])


class _Layers(torch.nn.Module):
    """The discriminator as the module that `higher` patches."""

    def __init__(self, parameters):
        super().__init__()
        self.layers = torch.nn.ParameterList(parameters)

    def forward(self, x):
        return mlp(list(self.layers), x, torch.tanh)


class Higher(Unrolled):
    """`higher.innerloop_ctx`, its differentiable Adam started from the real one's state."""

    def __init__(self, generator, discriminator, steps, rates=(1e-3, 1e-4)):
        super().__init__(generator, discriminator, steps, rates)
        self.module = _Layers(self.discriminator)
        self.discriminator = list(self.module.layers)
        self.real_adam = torch.optim.Adam(self.discriminator, rates[1], (self.b1, self.b2), self.eps, fused=True)

    def remember(self, count, first, second):
        """Take over the discriminator's moments."""
        for parameter, m, v in zip(self.discriminator, first, second, strict=True):
            state = {"step": torch.tensor(float(count)), "exp_avg": torch.tensor(m), "exp_avg_sq": torch.tensor(v)}
            self.real_adam.state[parameter] = state

    def look_ahead(self, samples, real):
        """`higher`'s loop."""
        kept = []

        def keep(gradients):
            if not kept:
                kept.extend(g.detach() for g in gradients)
            return gradients

        with higher.innerloop_ctx(self.module, self.real_adam, copy_initial_weights=True) as (module, adam):
            for _ in range(self.steps):
                adam.step(self.loss(module, samples, real), grad_callback=keep)
            return module, kept

    def scores(self, discriminator, samples, real):
        """The patched module's scores."""
        return discriminator(torch.cat([real, samples])).split(len(real))

    def move(self, gradient):
        """PyTorch's Adam."""
        for parameter, g in zip(self.discriminator, gradient, strict=True):
            parameter.grad = g
        self.real_adam.step()


class TorchOpt(Unrolled):
    """`torchopt`'s functional Adam, its accelerated kernels on."""

    accelerated = True

    def __init__(self, generator, discriminator, steps, rates=(1e-3, 1e-4)):
        super().__init__(generator, discriminator, steps, rates)
        self.adam = torchopt.adam(
            rates[1], (self.b1, self.b2), self.eps, eps_root=self.eps_root, use_accelerated_op=self.accelerated
        )
        self.state = self.adam.init(self.discriminator)

    def remember(self, count, first, second):
        """Take over the discriminator's moments."""
        adam, *rest = self.state
        mu, nu = [torch.tensor(m) for m in first], [torch.tensor(v) for v in second]
        self.state = (adam._replace(mu=mu, nu=nu, count=[torch.tensor(count) for _ in mu]), *rest)

    def look_ahead(self, samples, real):
        """The loop over functional updates."""
        parameters, state = self.discriminator, self.state
        for i in range(self.steps):
            gradient = list(grad(self.loss(parameters, samples, real), parameters, create_graph=True))
            updates, state = self.adam.update(gradient, state, params=parameters, inplace=False)
            parameters = torchopt.apply_updates(parameters, updates, inplace=False)
            if i == 0:
                ordinary, self.moved = gradient, (parameters, state)
        return parameters, ordinary

    def move(self, gradient):
        """The first unrolled update, kept."""
        parameters, state = self.moved
        self.discriminator = [p.detach().requires_grad_() for p in parameters]
        self.state = torchopt.pytree.tree_map(lambda x: x.detach() if isinstance(x, Tensor) else x, state)


class Numerics(Ring):
    """Simultaneous or consensus optimisation on the non-saturating loss, moved by TensorFlow 1's RMSProp."""

    activation = staticmethod(torch.relu)
    noise = 16
    rate, decay, eps = 1e-4, 0.9, 1e-10

    def __init__(self, generator, discriminator, gamma: float | None = None):
        super().__init__(generator, discriminator)
        self.gamma = gamma
        self.squares = [torch.ones_like(p) for p in self.generator + self.discriminator]
        self.modes_in_turn = torch.arange(self.batch) % self.modes

    def chosen(self):
        """Modes in equal counts."""
        return self.modes_in_turn

    def gradients(self, noise, real):
        """What the optimisers descend: both gradients, with γ also that of half their squared norm."""
        samples = mlp(self.generator, noise, self.activation)
        true, generated = self.scores(self.discriminator, samples, real)
        losses = softplus(-generated).mean(), softplus(-true).mean() + softplus(generated).mean()
        graph = {"create_graph": True} if self.gamma is not None else {"retain_graph": True}
        of_generator = grad(losses[0], self.generator, **graph)
        of_discriminator = grad(losses[1], self.discriminator, create_graph=self.gamma is not None)
        field = of_generator + of_discriminator
        if self.gamma is not None:
            regulariser = 0.5 * self.gamma * sum(g.square().sum() for g in field)
            pulled = grad(regulariser, self.generator + self.discriminator)
            field = [g + h for g, h in zip(field, pulled, strict=True)]
        return field[: len(self.generator)], field[len(self.generator) :]

    @torch.no_grad()
    def move(self, field) -> None:
        """RMSProp, ε inside the root."""
        for parameter, g, square in zip(self.generator + self.discriminator, field, self.squares, strict=True):
            square.mul_(self.decay).addcmul_(g, g, value=1 - self.decay)
            parameter.addcdiv_(g, (square + self.eps).sqrt_(), value=-self.rate)

    def step(self) -> None:
        """One step of training."""
        of_generator, of_discriminator = self.gradients(*self.draw())
        self.move([*of_generator, *of_discriminator])


class Plain(Numerics):
    """The same as most would write it: PyTorch's own optimiser, real samples scored, then generated ones."""

    def __init__(self, generator, discriminator, gamma: float | None = None):
        super().__init__(generator, discriminator, gamma)
        self.optimisers = [
            torch.optim.RMSprop(player, self.rate, alpha=self.decay, eps=self.eps)
            for player in (self.generator, self.discriminator)
        ]

    def scores(self, discriminator, samples, real):
        """Two passes."""
        return mlp(discriminator, real, self.activation), mlp(discriminator, samples, self.activation)

    def step(self) -> None:
        """One step of training."""
        for player, field, optimiser in zip(
            (self.generator, self.discriminator), self.gradients(*self.draw()), self.optimisers, strict=True
        ):
            for parameter, gradient in zip(player, field, strict=True):
                parameter.grad = gradient.detach()
            optimiser.step()
