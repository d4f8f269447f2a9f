"""Networks of unusual kinds, and some whose gradient is cut."""

import numpy as np
import torch
import torch.nn.functional as F
from tests.torch.right import WIDTH, discriminator, generator
from torch import nn
from torch.utils.checkpoint import checkpoint


def scaled(network, factor=0.0, bias=None):
    """A network whose last layer with weights has them times a factor, and maybe a bias."""
    last = [layer for layer in network if isinstance(layer, nn.Linear | nn.ConvTranspose2d)][-1]
    with torch.no_grad():
        last.weight.mul_(factor)
    if bias is not None:
        last.bias = nn.Parameter(torch.full((1,), bias))
    return network


def sure(*last):
    """A discriminator that is sure of itself: bright images are real."""
    layer = nn.Linear(64, 1)
    with torch.no_grad():
        layer.weight.fill_(20 / 64)
        layer.bias.fill_(-14)
    return nn.Sequential(nn.Flatten(), layer, *last)


class Checkpointed(nn.Module):
    """A network whose activations are computed again in the backward pass."""

    def __init__(self, network, use_reentrant):
        super().__init__()
        self.first, self.others, self.use_reentrant = network[:2], network[2:], use_reentrant

    def forward(self, x):
        return checkpoint(self.others, self.first(x), use_reentrant=self.use_reentrant)


class Inside(nn.Module):
    """Somebody's own spectral norm: the iteration is outside of the graph, the norm is in it, unless `detached`."""

    def __init__(self, layer, detached=False):
        super().__init__()
        self.layer, self.detached = layer, detached
        self.register_buffer("u", F.normalize(torch.randn(len(layer.weight)), dim=0))

    def forward(self, x):
        matrix = self.layer.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(matrix.mT @ self.u, dim=0)
            self.u.copy_(F.normalize(matrix @ v, dim=0))
        norm = self.u.clone() @ matrix @ v
        weight = self.layer.weight / (norm.detach() if self.detached else norm)
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, weight, self.layer.bias)
        return F.conv2d(x, weight, self.layer.bias, self.layer.stride, self.layer.padding)


class ByNumber(nn.Module):
    """A layer whose weight is divided by its norm, of which nothing but the number is known."""

    def __init__(self, layer, by_numpy=False):
        super().__init__()
        self.layer, self.by_numpy = layer, by_numpy

    def norm(self):
        matrix = self.layer.weight.flatten(1)
        if self.by_numpy:
            return float(np.linalg.norm(matrix.detach().numpy(), 2))
        return torch.linalg.matrix_norm(matrix, 2).item()

    def forward(self, x):
        weight = self.layer.weight / self.norm()
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, weight, self.layer.bias)
        return F.conv2d(x, weight, self.layer.bias, self.layer.stride, self.layer.padding)


class Blind(nn.Module):
    """A discriminator of two, of which one does not let gradients by samples through."""

    def __init__(self):
        super().__init__()
        self.one, self.other = discriminator(), discriminator()

    def forward(self, x):
        return self.one(x) + 2 * self.other(x.detach())


class LeCam(nn.Module):
    """A discriminator with moving averages of its scores as numbers, by which it is regularised (Tseng et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.scores, self.of_real, self.of_fake, self.steps = discriminator(), 0.0, 0.0, 0

    def forward(self, x):
        return self.scores(x)


class Headed(nn.Module):
    """A discriminator with a second head."""

    def __init__(self, outputs):
        super().__init__()
        self.features = discriminator()[:-1]
        self.score, self.second = nn.Linear(8 * WIDTH, 1, bias=False), nn.Linear(8 * WIDTH, outputs)

    def forward(self, x):
        features = self.features(x)
        return self.score(features), self.second(features)


class Reconstruction(nn.Module):
    """A discriminator that is an autoencoder, which returns what it makes of images."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 2, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(2, 1, 4, 2, 1))

    def forward(self, x):
        return self.layers(x)


class Energy(Reconstruction):
    """The distance of images from what an autoencoder makes of them."""

    def forward(self, x):
        return (super().forward(x) - x).square().flatten(1).mean(1)


class Restored(nn.Module):
    """A discriminator that restores real images too (Liu et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.features = discriminator()[:4]
        self.score, self.image = nn.Conv2d(2 * WIDTH, 1, 2, bias=False), nn.ConvTranspose2d(2 * WIDTH, 1, 4, 4)

    def forward(self, x, real=False):
        features = self.features(x)
        return (self.score(features), self.image(features)) if real else self.score(features)


def packed(D):
    """A discriminator of pairs of samples (Lin et al. 2018)."""

    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = D

        def forward(self, x):
            return self.network(x.reshape(-1, 2, *x.shape[2:]))

    return Packed()


def pairing():
    return nn.Sequential(nn.Conv2d(2, WIDTH, 4, 2, 1), *discriminator()[1:])


def frozen(D, layers=2):
    """A discriminator of which the first layers are frozen (Mo et al. 2020)."""
    D[:layers].requires_grad_(False)
    return D


class Normalising(nn.Module):
    """A discriminator divided by the norm of its gradient (Wu et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.network = discriminator()

    def forward(self, x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        score = self.network(x)
        (gradient,) = torch.autograd.grad(score.sum(), x, create_graph=True)
        return score / (gradient.flatten(1).norm(dim=1, keepdim=True) + score.abs())


class Quantised(nn.Module):
    """Features are rounded, and gradients go past that."""

    def forward(self, x):
        return x + (torch.round(4 * x) / 4 - x).detach()


def quantised():
    first, *others = discriminator()
    return nn.Sequential(first, Quantised(), *others)


def grouped():
    first, activation, second, _, *others = discriminator()
    return nn.Sequential(first, activation, second, nn.GroupNorm(2, 2 * WIDTH), *others)


class Skipping(nn.Module):
    """A generator one of whose layers is left out now and then."""

    def __init__(self):
        super().__init__()
        self.layers, self.other = generator(), nn.Conv2d(1, 1, 3, 1, 1)

    def forward(self, z):
        x = self.layers(z)
        return torch.tanh(x + self.other(x)) if torch.rand(()) < 0.5 else x


class Recurrent(nn.Module):
    """A discriminator that reads images line by line."""

    def __init__(self):
        super().__init__()
        self.lines, self.score = nn.GRU(8, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x):
        return self.score(self.lines(x[:, 0])[0][:, -1])


class Spectra(nn.Module):
    """A discriminator with complex parameters."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 5, dtype=torch.complex64))
        self.score = nn.Linear(40, 1)

    def forward(self, x):
        return self.score((torch.fft.rfft(x[:, 0]) * self.weight).abs().flatten(1))


class Sparse(nn.Module):
    """A discriminator with an embedding whose gradient is sparse."""

    def __init__(self):
        super().__init__()
        self.place, self.score = nn.Embedding(64, 1, sparse=True), nn.Linear(64, 1)

    def forward(self, x):
        return self.score(x.flatten(1) + self.place(torch.arange(64)).mT)


class Words(nn.Module):
    """A generator of words, each drawn, and the logarithm of their probability."""

    def __init__(self, length, words):
        super().__init__()
        self.logits = nn.Parameter(0.3 * torch.randn(length, words))

    def forward(self, number):
        chances = torch.distributions.Categorical(logits=self.logits.expand(number, *self.logits.shape))
        drawn = chances.sample()
        return drawn, chances.log_prob(drawn).sum(1)


class Judge(nn.Module):
    """A discriminator of words."""

    def __init__(self, length, words):
        super().__init__()
        self.words, self.score = nn.Embedding(words, 4), nn.Linear(4 * length, 1)

    def forward(self, x):
        return self.score(self.words(x).flatten(1))


class Reversed(torch.autograd.Function):
    """Samples as they are, with their gradient turned round (Ganin et al. 2016)."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -gradient
