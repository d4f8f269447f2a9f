"""Right adversarial loops as some program them: precision, batches, state and random numbers of unusual kinds."""

import copy
import random

import numpy as np
import torch
import torch.nn.functional as F
from tests.torch.right import (
    BATCH,
    NOISE,
    Loop,
    adam,
    discriminator,
    entropy,
    fooled,
    generator,
    images,
    loop,
    normalised,
    slope,
    told_apart,
    unconditional,
)
from tests.torch.settings import auxiliary
from torch import nn


def autocast(make, **options):
    """A loop whose networks compute in bfloat16 where that is safe."""
    given = make(**options)

    def losses(batch):
        with torch.autocast("cpu", torch.bfloat16):
            return given.losses(batch)

    return given._replace(losses=losses, step=None)


def of_type(kind):
    """A loop all of whose numbers are of a type."""
    torch.manual_seed(0)
    G, D, real = generator().to(kind), normalised().to(kind), images().to(kind)

    def generated(real):
        return G(torch.randn(len(real), NOISE, dtype=kind))

    return loop(
        lambda real: fooled(D, generated(real), real),
        lambda real: told_apart(D, real, generated(real).detach()),
        real,
        (G, D),
    )


def lazily():
    """R1 in every second step (Karras et al. 2020)."""

    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.scores, self._count, self.seen = discriminator(), 0, []

        def forward(self, x):
            return self.scores(x)

    def discriminating(D, real, fake):
        loss = F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()
        if D._count % 2 == 0:
            loss = loss + slope(D, real).mean()
        D._count += 1
        D.seen.append(float(loss.detach()))
        return loss

    return unconditional(lambda D, fake, _: F.softplus(-D(fake)).mean(), discriminating, D=Counting)


def mixed():
    """A batch of nested containers and integers."""
    given = auxiliary(real_alone=False)
    image, label = given.batch

    def losses(batch):
        return given.losses((batch["of"]["images"][0], batch["labels"]))

    batch = {"of": {"images": [image]}, "labels": label, "names": ["a"] * BATCH, "number": 3}
    return given._replace(losses=losses, batch=batch, step=lambda batch: given.step((batch["of"]["images"][0], label)))


def of_raw_parameters():
    """Networks are functions of arrays."""
    torch.manual_seed(0)
    of_g = [nn.Parameter(0.3 * torch.randn(*shape)) for shape in ((NOISE, 16), (16, 64))]
    of_d = [nn.Parameter(0.3 * torch.randn(*shape)) for shape in ((64, 16), (16, 1))]

    def G(noise):
        return torch.tanh(torch.tanh(noise @ of_g[0]) @ of_g[1])

    def D(x):
        return torch.tanh(x.flatten(1) @ of_d[0]) @ of_d[1]

    return loop(
        lambda real: entropy(D(G(torch.randn(len(real), NOISE))), 1.0),
        lambda real: entropy(D(real), 1.0) + entropy(D(G(torch.randn(len(real), NOISE)).detach()), 0.0),
        images(),
        (of_g, of_d),
        lambda *_: (of_g, of_d),
    )


def in_place():
    """The batch is scaled where it stands."""
    given = unconditional(fooled, told_apart)

    def losses(batch):
        batch["image"].mul_(2).sub_(1)
        return given.losses(batch["image"])

    return given._replace(losses=losses, batch={"image": (given.batch + 1) / 2}, step=None)


def of_generators():
    """Random numbers are those of generators of PyTorch, NumPy and Python that the losses hold."""
    given = unconditional(fooled, told_apart)
    of_torch, of_numpy, of_python = torch.Generator().manual_seed(1), np.random.default_rng(2), random.Random(3)

    def losses(batch):
        noise = torch.randn(batch.shape, generator=of_torch) + torch.from_numpy(of_numpy.standard_normal(batch.shape))
        return given.losses(batch + 0.01 * of_python.random() * noise.float())

    return given._replace(losses=losses, step=None)


class Trainer:
    """A class that holds networks, optimisers, counters, a schedule and a moving average of the generator."""

    def __init__(self):
        torch.manual_seed(0)
        self.G, self.D = generator(), discriminator()
        self.opt_g, self.opt_d = adam(self.G.parameters()), adam(self.D.parameters())
        self.rate, self.average = torch.optim.lr_scheduler.StepLR(self.opt_g, 1), copy.deepcopy(self.G)
        self.steps, self.values = 0, []

    def losses(self, real):
        self.steps += 1
        self.values.append(self.steps)
        fake = self.G(torch.randn(len(real), NOISE))
        return fooled(self.D, fake, real), (1 + self.steps % 2) * told_apart(self.D, real, fake.detach())

    def step(self, real):
        of_g, of_d = self.losses(real)
        self.opt_g.zero_grad()
        of_g.backward(retain_graph=True)
        self.opt_d.zero_grad()
        of_d.backward()
        self.opt_g.step()
        self.opt_d.step()
        self.rate.step()
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.G.parameters(), strict=True):
                mean.lerp_(now, 0.1)


def trainer():
    held = Trainer()
    return Loop(held.losses, images(), held.opt_g, held.opt_d, held.step)


def with_other_parameters():
    """The discriminator is called first with moving averages in the place of its parameters."""
    torch.manual_seed(0)
    G, D = generator(), discriminator()
    average = {name: each.detach().clone() for name, each in D.named_parameters()}

    def generated(real):
        return G(torch.randn(len(real), NOISE))

    def discriminate(real):
        with torch.no_grad():
            before = torch.func.functional_call(D, average, (real,))
        return told_apart(D, real, generated(real).detach()) + 0.1 * (D(real) - before).square().mean()

    def losses(real):
        of_d = discriminate(real)
        return fooled(D, generated(real), real), of_d

    return Loop(losses, images(), adam(G.parameters()), adam(D.parameters()))
