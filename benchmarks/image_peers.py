"""Image GANs in PyTorch on any device: consensus and unrolled directions of a DCGAN and a residual network.

The layers and their sizes are those of `saddlery.networks`' `dcgan4_nobn_cf` and `resnet_cf`; parameters are random, as
only speed and memory are compared here. What consensus and unrolling compute is compared by `benchmarks.convolution`
and `benchmarks.unroll`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import grad
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, softplus

BLOCKS = {"dcgan4_nobn_cf": False, "resnet_cf": True}
GAMMA, RATE, R1, BRANCH, SLOPE = 10.0, 1e-4, 1.0, 0.1, 0.2
Players = tuple[list[Tensor], list[Tensor]]


class ImageGan:
    """Both networks, their batches and the two directions; parameters in float32, computed in `dtype`.

    **Arguments:**
    - `family`: of `BLOCKS`; `size`, `width`, `noise`, `batch`: of images, maps, noise and samples.
    - `compiled`: by `torch.func` under `torch.compile`; otherwise eager, by `torch.autograd`.
    """

    def __init__(self, family, size, width, noise, batch, dtype, device, compiled: bool, ahead: int = 0):
        self.blocks, self.size, self.width, self.dtype, self.ahead = BLOCKS[family], size, width, dtype, ahead
        self.shape, self.noise, self.device = (batch, 3, size, size), noise, device
        random = torch.Generator().manual_seed(0)
        self.players: Players = tuple(
            [(0.02 * torch.randn(shape, generator=random)).to(device) for shape in shapes] for shapes in self.shapes()
        )
        directions = Functional(self) if compiled else Eager(self)
        direction = directions.unrolled if ahead else directions.consensus
        self.direction: Callable = torch.compile(direction, fullgraph=True, dynamic=False) if compiled else direction

    def shapes(self):
        """The shapes of both players' parameters: dense layer, convolutions, and the blocks' pairs of kernels."""
        side, w = self.size // 16, self.width
        dense = w * side * side
        block = [(w // 2, w, 3, 3), (w // 2,), (w, w // 2, 3, 3), (w,)]
        generator, discriminator = [(self.noise, dense), (dense,)], [(dense, 1), (1,)]
        for i in range(4):
            last = 3 if i == 3 else w
            generator += [(w, last, 5, 5), (last,), *(block if self.blocks and i < 3 else [])]
            discriminator += [(w, 3 if i == 0 else w, 5, 5), (w,), *(block if self.blocks else [])]
        return generator, discriminator

    def parameters(self) -> int:
        """How many numbers both players have."""
        return sum(each.numel() for player in self.players for each in player)

    def draw(self):
        """Noise and real images, drawn on the device."""
        return torch.randn(self.shape[0], self.noise, device=self.device), torch.rand(self.shape, device=self.device)

    def step(self) -> None:
        """One step: both players down their direction at a small rate."""
        directions = self.direction(self.players, *self.draw())
        with torch.no_grad():
            for player, direction in zip(self.players, directions, strict=True):
                torch._foreach_add_(player, [each.detach() for each in direction], alpha=-RATE)

    def generate(self, parameters, z):
        """Images out of noise."""
        weight, bias, *rest = [each.to(self.dtype) for each in parameters]
        side = self.size // 16
        x = torch.addmm(bias, z.to(self.dtype), weight).reshape(len(z), self.width, side, side)
        for i in range(4):
            kernel, bias, *rest = rest
            x = conv_transpose2d(leaky_relu(x, SLOPE), kernel, bias, stride=2, padding=2, output_padding=1)
            if self.blocks and i < 3:
                x, rest = self.through(x, rest[:4]), rest[4:]
        return x.tanh()

    def score(self, parameters, x):
        """Scores of images."""
        weight, last, *rest = [each.to(self.dtype) for each in parameters]
        x = x.to(self.dtype)
        for i in range(4):
            kernel, bias, *rest = rest
            x = conv2d(x if i == 0 else leaky_relu(x, SLOPE), kernel, bias, stride=2, padding=2)
            if self.blocks:
                x, rest = self.through(x, rest[:4]), rest[4:]
        return torch.addmm(last, leaky_relu(x, SLOPE).flatten(1), weight)[:, 0].float()

    def through(self, x, block):
        """A residual block."""
        first, bias, second, last = block
        change = conv2d(leaky_relu(x, SLOPE), first, bias, padding=1)
        return x + BRANCH * conv2d(leaky_relu(change, SLOPE), second, last, padding=1)

    def losses(self, samples, discriminator, real, slopes):
        """Both losses: non-saturating; of residual networks relativistic with a penalty on real gradients (R1).

        **Arguments:** `slopes`: the derivative of a function of images, to be differentiated again.
        """
        on_real, on_generated = self.score(discriminator, real), self.score(discriminator, samples)
        if not self.blocks:
            return softplus(-on_generated).mean(), softplus(-on_real).mean() + softplus(on_generated).mean()
        steep = slopes(lambda x: self.score(discriminator, x).sum(), real).square().flatten(1).sum(1).mean()
        return softplus(on_real - on_generated).mean(), softplus(on_generated - on_real).mean() + 0.5 * R1 * steep


class Eager:
    """Directions by `torch.autograd`, samples and scores computed once."""

    def __init__(self, gan: ImageGan):
        self.gan = gan
        for player in gan.players:
            for parameter in player:
                parameter.requires_grad_()

    @staticmethod
    def slopes(function, x):
        """The derivative of a function of images."""
        x = x if x.requires_grad else x.detach().requires_grad_()
        return grad(function(x), x, create_graph=True)[0]

    def consensus(self, players, noise, real):
        """The direction of consensus optimisation."""
        generator, discriminator = players
        losses = self.gan.losses(self.gan.generate(generator, noise), discriminator, real, self.slopes)
        xi = [grad(loss, player, create_graph=True) for loss, player in zip(losses, players, strict=True)]
        half = 0.5 * sum(each.square().sum() for player in xi for each in player)
        pulled = iter(grad(half, [*generator, *discriminator]))
        return tuple([g + GAMMA * next(pulled) for g in player] for player in xi)

    def unrolled(self, players, noise, real):
        """The direction of unrolled training: the generator's through plain gradient steps of the discriminator."""
        generator, moved = players
        samples, ordinary = self.gan.generate(generator, noise), None
        for _ in range(self.gan.ahead):
            slopes = grad(self.gan.losses(samples, moved, real, self.slopes)[1], moved, create_graph=True)
            moved = [p - RATE * g for p, g in zip(moved, slopes, strict=True)]
            ordinary = slopes if ordinary is None else ordinary
        return grad(self.gan.losses(samples, moved, real, self.slopes)[0], generator), ordinary


class Functional:
    """The same directions by `torch.func`, which `torch.compile` takes whole."""

    def __init__(self, gan: ImageGan):
        self.gan = gan

    @staticmethod
    def slopes(function, x):
        """The derivative of a function of images."""
        return torch.func.grad(function)(x)

    def field(self, players, noise, real):
        """Both players' gradients."""

        def loss(player, which):
            generator, discriminator = (player, players[1]) if which == 0 else (players[0], player)
            return self.gan.losses(self.gan.generate(generator, noise), discriminator, real, self.slopes)[which]

        return tuple(torch.func.grad(loss)(player, which) for which, player in enumerate(players))

    def consensus(self, players, noise, real):
        """The direction of consensus optimisation."""

        def half(players):
            xi = self.field(players, noise, real)
            return 0.5 * sum(each.square().sum() for player in xi for each in player), xi

        pulled, xi = torch.func.grad(half, has_aux=True)(players)
        return tuple([g + GAMMA * p for g, p in zip(*pair, strict=True)] for pair in zip(xi, pulled, strict=True))

    def unrolled(self, players, noise, real):
        """The direction of unrolled training: the generator's through plain gradient steps of the discriminator."""

        def ahead(generator):
            moved, ordinary, samples = players[1], None, self.gan.generate(generator, noise)
            for _ in range(self.gan.ahead):
                slopes = torch.func.grad(lambda d: self.gan.losses(samples, d, real, self.slopes)[1])(moved)
                moved = [p - RATE * g for p, g in zip(moved, slopes, strict=True)]
                ordinary = slopes if ordinary is None else ordinary
            return self.gan.losses(samples, moved, real, self.slopes)[0], ordinary

        return torch.func.grad(ahead, has_aux=True)(players[0])
