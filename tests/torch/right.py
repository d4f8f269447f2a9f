"""Right adversarial loops in PyTorch, in none of which a check may find a mistake, and the parts they are built of.

Losses are given by two functions, `generating(D, fake, real)` and `discriminating(D, real, fake)`, so that a loop with
a mistake in one of them is a line or two away from a right one.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm
from torch.optim import Optimizer

BATCH, NOISE, WIDTH, CLASSES = 8, 8, 8, 3


class Loop(NamedTuple):
    """What a check is given: the losses of a batch, generator's first, and the optimisers; maybe a step of both."""

    losses: Callable
    batch: Any
    generator: Optimizer
    discriminator: Optimizer
    step: Callable | None = None


def images():
    """Smooth random images in [-1, 1], 8×8, that vary as much as a generator's."""
    return torch.tanh(2 * F.interpolate(torch.randn(BATCH, 1, 4, 4), size=8, mode="bilinear"))


def generator():
    """Of images in [-1, 1] from noise."""
    return nn.Sequential(
        nn.Linear(NOISE, 32 * WIDTH),
        nn.Unflatten(1, (2 * WIDTH, 4, 4)),
        nn.BatchNorm2d(2 * WIDTH),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(2 * WIDTH, 1, 4, 2, 1),
        nn.Tanh(),
    )


def discriminator(*last, norm=False, wrap=lambda layer: layer, outputs=1):
    """Of images. No bias is where a loss cannot depend on it: before a normalisation, and at the end of a critic."""
    return nn.Sequential(
        wrap(nn.Conv2d(1, WIDTH, 4, 2, 1)),
        nn.LeakyReLU(0.2, inplace=True),
        wrap(nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=not norm)),
        nn.BatchNorm2d(2 * WIDTH) if norm else nn.Identity(),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Flatten(),
        wrap(nn.Linear(8 * WIDTH, outputs, bias=False)),
        *last,
    )


class Attention(nn.Module):
    """Each position of an image attends to all, and what it finds is added."""

    def __init__(self):
        super().__init__()
        self.inwards, self.outwards = nn.Conv2d(WIDTH, 3 * WIDTH, 1, bias=False), nn.Conv2d(WIDTH, WIDTH, 1)

    def forward(self, x):
        query, key, value = self.inwards(x).flatten(2).mT.chunk(3, dim=-1)
        return x + self.outwards(F.scaled_dot_product_attention(query, key, value).mT.reshape(x.shape))


def attentive():
    """A discriminator with attention among its layers."""
    first, activation, *others = discriminator()
    return nn.Sequential(first, activation, Attention(), *others)


def adam(parameters):
    return torch.optim.Adam(parameters, 2e-4, betas=(0.5, 0.999))


def everything(G, D):
    """The parameters of either player's optimiser."""
    return G.parameters(), D.parameters()


def alternating(generating, discriminating, opt_g, opt_d):
    """A step of the discriminator, then one of the generator."""

    def step(batch):
        opt_d.zero_grad()
        discriminating(batch).backward()
        opt_d.step()
        opt_g.zero_grad()
        generating(batch).backward()
        opt_g.step()

    return step


def clipped(generating, discriminating, opt_g, opt_d):
    """Steps after which a critic's weights are small (Arjovsky et al. 2017)."""
    alternate = alternating(generating, discriminating, opt_g, opt_d)

    def step(batch):
        with torch.no_grad():
            for weight in opt_d.param_groups[0]["params"]:
                weight.clamp_(-0.1, 0.1)
        alternate(batch)

    return step


def loop(generating, discriminating, batch, networks, trained=everything, stepping=alternating, optimiser=adam):
    """The loop of two losses of a batch: whose parameters are `trained`, and how they are stepped."""
    opt_g, opt_d = map(optimiser, trained(*networks))
    step = stepping(generating, discriminating, opt_g, opt_d)
    return Loop(lambda batch: (generating(batch), discriminating(batch)), batch, opt_g, opt_d, step)


def unconditional(generating, discriminating, G=generator, D=discriminator, batch=images, detached=True, **options):
    """Images from noise."""
    torch.manual_seed(0)
    G, D = G(), D()

    def generated(real):
        return G(torch.randn(len(real), NOISE))

    def discriminate(real):
        fake = generated(real)
        return discriminating(D, real, fake.detach() if detached else fake)

    return loop(lambda real: generating(D, generated(real), real), discriminate, batch(), (G, D), **options)


def restoring(generating, discriminating, D=discriminator, weight=0.05, **options):
    """Images from smaller ones, near to the true ones too (Ledig et al. 2017)."""
    torch.manual_seed(0)
    G = nn.Sequential(
        OrderedDict(
            encoder=nn.Sequential(nn.Conv2d(1, WIDTH, 3, 1, 1), nn.ReLU()),
            attention=Attention(),
            decoder=nn.Sequential(nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1), nn.Tanh()),
        )
    )
    real, D = images(), D()

    def generate(batch):
        small, real = batch
        fake = G(small)
        return F.l1_loss(fake, real) + weight * generating(D, fake, real)

    def discriminate(batch):
        small, real = batch
        return discriminating(D, real, G(small).detach())

    return loop(generate, discriminate, (F.avg_pool2d(real, 2), real), (G, D), **options)


class Autoencoder(nn.Module):
    """Images through a codebook, with its loss: gradients go past the choice of a code straight through."""

    def __init__(self):
        super().__init__()
        self.encoder, self.codebook = nn.Conv2d(1, WIDTH, 4, 2, 1), nn.Embedding(16, WIDTH)
        self.decoder = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        z = self.encoder(x).movedim(1, -1)
        codes = self.codebook(torch.cdist(z.flatten(0, 2), self.codebook.weight).argmin(1)).reshape(z.shape)
        loss = F.mse_loss(codes, z.detach()) + 0.25 * F.mse_loss(z, codes.detach())
        return self.decoder((z + (codes - z).detach()).movedim(-1, 1)), loss


def vqgan(generating, discriminating, weight=0.8, **options):
    """Images through a codebook, with features of a frozen network and an adaptive weight (Esser et al. 2021)."""
    torch.manual_seed(0)
    G, D = Autoencoder(), discriminator(norm=True)
    features = nn.Sequential(nn.Conv2d(1, WIDTH, 3), nn.ReLU(), nn.Dropout()).eval().requires_grad_(False)

    def generate(real):
        fake, codebook = G(real)
        near = F.l1_loss(fake, real) + F.mse_loss(features(fake), features(real))
        adversarial = generating(D, fake, real)
        last = G.decoder[-2].weight
        slopes = [torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (near, adversarial)]
        adaptive = (slopes[0] / (slopes[1] + 1e-4)).clamp(0, 1e4).detach()
        return near + codebook + weight * adaptive * adversarial

    return loop(generate, lambda real: discriminating(D, real, G(real)[0].detach()), images(), (G, D), **options)


class Projecting(nn.Module):
    """A discriminator of images and labels (Miyato & Koyama 2018)."""

    def __init__(self):
        super().__init__()
        self.features, self.labels = discriminator(outputs=WIDTH), nn.Embedding(CLASSES, WIDTH)
        self.linear = nn.Linear(WIDTH, 1, bias=False)

    def forward(self, x, labels):
        features = self.features(x)
        return self.linear(features) + (self.labels(labels) * features).sum(1, keepdim=True)


def projection(**options):
    """Images of classes, with the hinge loss."""
    torch.manual_seed(0)
    G, D = nn.ModuleDict({"labels": nn.Embedding(CLASSES, NOISE), "images": generator()}), Projecting()
    batch = {"image": images(), "label": torch.randint(CLASSES, (BATCH,))}

    def generated(labels):
        return G["images"](torch.randn(len(labels), NOISE) + G["labels"](labels))

    def generate(batch):
        return -D(generated(batch["label"]), batch["label"]).mean()

    def discriminate(batch):
        real, fake = D(batch["image"], batch["label"]), D(generated(batch["label"]).detach(), batch["label"])
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    return loop(generate, discriminate, batch, (G, D), **options)


class Scale(nn.Module):
    """A discriminator of waves at one scale: its scores, and features on the way."""

    def __init__(self, scale):
        super().__init__()
        self.pool, self.score = nn.AvgPool1d(scale), nn.Conv1d(WIDTH, 1, 3, 1, 1)
        self.layers = nn.ModuleList([nn.Conv1d(1, WIDTH, 9, 4, 4), nn.Conv1d(WIDTH, WIDTH, 5, 2, 2)])

    def forward(self, x):
        x, features = self.pool(x), []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.score(x), features


def vocoder(generating, discriminating, matching=2.0, **options):
    """Waves from their spectra, with discriminators of two scales (Kong et al. 2020).

    The losses are functions of lists, the scores of all scales: `generating(fakes)`, `discriminating(reals, fakes)`.
    """
    torch.manual_seed(0)
    layers = nn.Conv1d(4, WIDTH, 3, 1, 1), nn.LeakyReLU(0.1), nn.ConvTranspose1d(WIDTH, 1, 16, 8, 4), nn.Tanh()
    G, D = nn.Sequential(*layers), nn.ModuleList([Scale(1), Scale(2)])
    wave = torch.tanh(2 * F.interpolate(torch.randn(BATCH, 1, 32), size=128, mode="linear"))
    spectrum = wave.reshape(BATCH, 16, 8)[..., ::2].mT  # stands for one

    def generate(batch):
        spectrum, real = batch
        fake = G(spectrum)
        reals, fakes = [scale(real) for scale in D], [scale(fake) for scale in D]
        features = [
            F.l1_loss(b, a.detach())
            for (_, x), (_, y) in zip(reals, fakes, strict=True)
            for a, b in zip(x, y, strict=True)
        ]
        return generating([scores for scores, _ in fakes]) + matching * sum(features) + 5 * F.l1_loss(fake, real)

    def discriminate(batch):
        spectrum, real = batch
        fake = G(spectrum).detach()
        return discriminating([scale(real)[0] for scale in D], [scale(fake)[0] for scale in D])

    return loop(generate, discriminate, (spectrum, wave), (G, D), **options)


def entropy(logits, label):
    """Cross-entropy of logits against one label for all."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def probable(probabilities, label):
    """Cross-entropy of probabilities against one label for all."""
    return F.binary_cross_entropy(probabilities, torch.full_like(probabilities, label))


def squared(scores, label):
    return (scores - label).square().mean()


def labelled(loss, real=1.0, fake=0.0, wanted=1.0):
    """Losses by labels of real and generated samples, and the label the generator wants of the latter."""
    return (
        lambda D, generated, _: loss(D(generated), wanted),
        lambda D, data, generated: loss(D(data), real) + loss(D(generated), fake),
    )


def raised(D, fake, _):
    return -D(fake).mean()


def wasserstein(D, real, fake):
    return D(fake).mean() - D(real).mean()


def hinge(D, real, fake):
    return F.relu(1 - D(real)).mean() + F.relu(1 + D(fake)).mean()


def slope(D, x, create_graph=True):
    """Squared norm of a discriminator's gradient, of each sample."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=create_graph)
    return gradient.flatten(1).square().sum(1)


def lipschitz(D, real, fake, create_graph=True):
    """Wasserstein with a gradient penalty (Gulrajani et al. 2017)."""
    between = torch.lerp(real, fake, torch.rand(len(real), 1, 1, 1))
    return wasserstein(D, real, fake) + 10 * (slope(D, between, create_graph).sqrt() - 1).square().mean()


def softly(D, real, fake):
    """Non-saturating, with R1 (Mescheder et al. 2018)."""
    return F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean() + 0.5 * slope(D, real).mean()


def relative(D, fake, real):
    """A generator's relativistic loss, for which the discriminator's parameters are frozen."""
    D.requires_grad_(False)
    loss = F.softplus(D(real) - D(fake)).mean()
    D.requires_grad_(True)
    return loss


def relatively(D, real, fake):
    """A discriminator's relativistic loss with R1 and R2 (Huang et al. 2024)."""
    return F.softplus(D(fake) - D(real)).mean() + 0.5 * (slope(D, real) + slope(D, fake)).mean()


def together(D, real, fake):
    """Real and generated samples in one pass."""
    reals, fakes = D(torch.cat([real, fake])).chunk(2)
    return entropy(reals, 1.0) + entropy(fakes, 0.0)


def all_fooled(fakes):
    return sum(squared(scores, 1.0) for scores in fakes)


def all_told_apart(reals, fakes):
    return sum(squared(real, 1.0) + squared(fake, 0.0) for real, fake in zip(reals, fakes, strict=True))


fooled, told_apart = labelled(entropy)
normalised = partial(discriminator, norm=True)
two_headed = partial(discriminator, outputs=2)

RIGHT: dict[str, Callable[[], Loop]] = {
    "dcgan": partial(unconditional, fooled, told_apart, D=normalised),
    "dcgan_of_probabilities": partial(unconditional, *labelled(probable), D=partial(normalised, nn.Sigmoid())),
    "minimax": partial(unconditional, lambda D, fake, _: -entropy(D(fake), 0.0), told_apart, detached=False),
    "one_pass": partial(unconditional, fooled, together, D=normalised),
    "two_heads": partial(unconditional, fooled, together, D=two_headed),
    "labels_swapped": partial(unconditional, *labelled(entropy, real=0.0, fake=1.0, wanted=0.0)),
    "lsgan": partial(unconditional, *labelled(squared)),
    "lsgan_of_pearson": partial(unconditional, *labelled(squared, real=1.0, fake=-1.0, wanted=0.0)),
    "wgan_clipped": partial(
        unconditional, raised, wasserstein, stepping=clipped, optimiser=partial(torch.optim.RMSprop, lr=5e-5)
    ),
    "wgan_of_other_sign": partial(
        unconditional,
        lambda D, fake, _: D(fake).mean(),
        lambda D, real, fake: -wasserstein(D, real, fake),
        stepping=clipped,
    ),
    "wgan_penalised": partial(unconditional, raised, lipschitz),
    "hinge_spectral": partial(
        unconditional, raised, hinge, D=partial(discriminator, wrap=parametrizations.spectral_norm)
    ),
    "hinge_spectral_old": partial(unconditional, raised, hinge, D=partial(discriminator, wrap=spectral_norm)),
    "r1": partial(unconditional, lambda D, fake, _: F.softplus(-D(fake)).mean(), softly),
    "relativistic": partial(unconditional, relative, relatively),
    "attention": partial(unconditional, raised, hinge, D=attentive),
    "projection": projection,
    "restoring": partial(restoring, fooled, told_apart),
    "vqgan": partial(vqgan, raised, hinge),
    "vocoder": partial(vocoder, all_fooled, all_told_apart),
    "multi_scale": partial(vocoder, all_fooled, all_told_apart, matching=0.0),
}
