"""Right adversarial loops of unusual kinds, of which more than the losses or a network is unusual."""

import copy
import random

import torch
import torch.nn.functional as F
from tests.torch.networks import Headed, Judge, Reversed, Words
from tests.torch.right import (
    BATCH,
    CLASSES,
    NOISE,
    WIDTH,
    discriminator,
    entropy,
    fooled,
    generator,
    images,
    loop,
    softly,
    squared,
    told_apart,
)
from torch import nn


def auxiliary(real_alone, loss=F.cross_entropy, labels=lambda: torch.randint(CLASSES, (BATCH,))):
    """A discriminator that tells classes too (Odena et al. 2017); of real samples alone as some have it."""
    torch.manual_seed(0)
    G, D = generator(), Headed(CLASSES)
    batch = images(), labels()

    def generated(real):
        return G(torch.randn(len(real), NOISE))

    def generate(batch):
        score, classes = D(generated(batch[0]))
        return entropy(score, 1.0) + loss(classes, batch[1])

    def discriminate(batch):
        real, label = batch
        reals, classes = D(real)
        fakes, others = D(generated(real).detach())
        found = entropy(reals, 1.0) + entropy(fakes, 0.0) + loss(classes, label)
        return found if real_alone else found + loss(others, label)

    return loop(generate, discriminate, batch, (G, D))


def several_labels():
    """As StarGAN has them: some of which hold."""
    return torch.randint(2, (BATCH, CLASSES)).float()


def semi_supervised():
    """The discriminator's last class is that of generated samples (Salimans et al. 2016)."""
    torch.manual_seed(0)
    G, D = generator(), discriminator(outputs=CLASSES + 1)
    batch = images(), torch.randint(CLASSES, (BATCH,))
    last = torch.full((BATCH,), CLASSES)

    def generate(batch):
        return -torch.log1p(-D(G(torch.randn(BATCH, NOISE))).softmax(1)[:, CLASSES]).mean()

    def discriminate(batch):
        real, label = batch
        return F.cross_entropy(D(real), label) + F.cross_entropy(D(G(torch.randn(BATCH, NOISE)).detach()), last)

    return loop(generate, discriminate, batch, (G, D))


def informative(second_in_generator=True):
    """A code is read off the discriminator's trunk (Chen et al. 2016)."""
    torch.manual_seed(0)
    G, trunk = generator(), discriminator()[:-1]
    score, code = nn.Linear(8 * WIDTH, 1, bias=False), nn.Linear(8 * WIDTH, 2)

    def generate(real):
        noise = torch.randn(len(real), NOISE)
        features = trunk(G(noise))
        return entropy(score(features), 1.0) + F.mse_loss(code(features), noise[:, :2])

    def discriminate(real):
        fake = G(torch.randn(len(real), NOISE)).detach()
        return entropy(score(trunk(real)), 1.0) + entropy(score(trunk(fake)), 0.0)

    def trained(*_):
        return [*G.parameters(), *code.parameters()], [*trunk.parameters(), *score.parameters()]

    return loop(generate, discriminate, images(), (G, trunk), trained)


def distilled():
    """A generator learns from the difference of two denoisers and a score of features (Yin et al. 2024)."""
    torch.manual_seed(0)

    class Denoiser(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(1, WIDTH, 4, 2, 1), nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1)

        def forward(self, x):
            features = F.silu(self.down(x))
            return self.up(features), features

    G, of_fake, of_real = generator(), Denoiser(), Denoiser()
    head = nn.Sequential(nn.Flatten(), nn.Linear(16 * WIDTH, 1))

    def noised(x):
        return x + torch.randn_like(x)

    def generate(real):
        fake = G(torch.randn(len(real), NOISE))
        with torch.no_grad():
            x = noised(fake)
            towards = of_fake(x)[0] - of_real(x)[0]
        return 0.5 * F.mse_loss(fake, (fake - towards).detach()) + entropy(head(of_fake(noised(fake))[1]), 1.0)

    def discriminate(real):
        fake = G(torch.randn(len(real), NOISE)).detach()
        denoised, features = of_fake(noised(fake))
        told = entropy(head(features), 0.0) + entropy(head(of_fake(noised(real))[1]), 1.0)
        return F.mse_loss(denoised, fake) + told

    def trained(*_):
        return G.parameters(), [*of_fake.parameters(), *head.parameters()]

    return loop(generate, discriminate, images(), (G, of_fake), trained)


def regular_paths():
    """The slopes of a generator by its style are near to their running mean (Karras et al. 2020)."""
    torch.manual_seed(0)
    mapping, synthesis, D = nn.Linear(NOISE, NOISE), generator(), discriminator()
    G, mean = nn.ModuleList([mapping, synthesis]), torch.zeros(())

    def generate(real):
        style = mapping(torch.randn(len(real), NOISE))
        fake = synthesis(style)
        noise = torch.randn_like(fake) / 8
        (slopes,) = torch.autograd.grad((fake * noise).sum(), style, create_graph=True)
        lengths = slopes.square().sum(1).sqrt()
        mean.copy_(mean.lerp(lengths.detach().mean(), 0.01))
        return F.softplus(-D(fake)).mean() + 2 * (lengths - mean).square().mean()

    def discriminate(real):
        return softly(D, real, synthesis(mapping(torch.randn(len(real), NOISE))).detach())

    return loop(generate, discriminate, images(), (G, D))


class Pool:
    """Images that were generated before, of which some are given in the place of new ones (Shrivastava et al. 2017)."""

    def __init__(self, size):
        self.size, self.images = size, []

    def __call__(self, given):
        found = []
        for image in given:
            if len(self.images) < self.size:
                self.images.append(image)
                found.append(image)
            elif random.random() < 0.5:
                place = random.randrange(self.size)
                found.append(self.images[place])
                self.images[place] = image
            else:
                found.append(image)
        return torch.stack(found)


def cycle(filled=0, batch=BATCH):
    """Two generators and two discriminators, with pools of generated images, of which some are there already."""
    torch.manual_seed(0)
    random.seed(0)

    def translator():
        return nn.Sequential(nn.Conv2d(1, WIDTH, 3, 1, 1), nn.ReLU(), nn.Conv2d(WIDTH, 1, 3, 1, 1), nn.Tanh())

    G, D = nn.ModuleList([translator(), translator()]), nn.ModuleList([discriminator(), discriminator()])
    pools = Pool(10), Pool(10)
    for pool in pools:
        pool.images += [*images(), *images()][:filled]

    def generate(given):
        losses = []
        for (x, y), (there, back), D_of in zip((given, given[::-1]), (G, G[::-1]), D, strict=True):
            fake = there(x)
            losses += [squared(D_of(fake), 1.0), 10 * F.l1_loss(back(fake), x), 5 * F.l1_loss(there(y), y)]
        return sum(losses)

    def discriminate(given):
        losses = []
        for (x, y), there, D_of, pool in zip((given, given[::-1]), G, D, pools, strict=True):
            fake = pool(there(x).detach())
            losses += [squared(D_of(y), 1.0), squared(D_of(fake), 0.0)]
        return sum(losses) / 2

    return loop(generate, discriminate, (images()[:batch], -images()[:batch]), (G, D))


def both_ways():
    """A discriminator of images with their codes (Donahue et al. 2017)."""
    torch.manual_seed(0)
    G = nn.ModuleList([generator(), discriminator(outputs=NOISE)])
    D = nn.Sequential(nn.Linear(64 + NOISE, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def joined(image, code):
        return torch.cat([image.flatten(1), code], 1)

    def pairs(real):
        code = torch.randn(len(real), NOISE)
        return joined(real, G[1](real)), joined(G[0](code), code)

    def generate(real):
        reals, fakes = pairs(real)
        return entropy(D(reals), 0.0) + entropy(D(fakes), 1.0)

    def discriminate(real):
        reals, fakes = pairs(real)
        return entropy(D(reals.detach()), 1.0) + entropy(D(fakes.detach()), 0.0)

    return loop(generate, discriminate, images(), (G, D))


def perceptual():
    """A generator's features of a network that is in evaluation mode and not frozen."""
    torch.manual_seed(0)
    G, D, seen = generator(), discriminator(), nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout()).eval()

    def generate(real):
        fake = G(torch.randn(len(real), NOISE))
        return entropy(D(fake), 1.0) + F.mse_loss(seen(fake), seen(real))

    def discriminate(real):
        return told_apart(D, real, G(torch.randn(len(real), NOISE)).detach())

    return loop(generate, discriminate, images(), (G, D))


def policy():
    """Words, whose generator learns by policy gradients (Yu et al. 2017)."""
    torch.manual_seed(0)
    G, D, real = Words(5, 6), Judge(5, 6), torch.randint(6, (4 * BATCH, 5))

    def generate(real):
        drawn, likelihood = G(len(real))
        reward = torch.sigmoid(D(drawn)).squeeze(1).detach()
        return -(likelihood * (reward - reward.mean())).mean()

    return loop(generate, lambda real: told_apart(D, real, G(len(real))[0]), real, (G, D))


def relaxed():
    """Words as one-hot vectors, with gradients past the choice (Jang et al. 2017)."""
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(NOISE, 30), nn.Unflatten(1, (5, 6)))
    D, real = nn.Sequential(nn.Flatten(), nn.Linear(30, 1)), F.one_hot(torch.randint(6, (BATCH, 5)), 6).float()

    def generated(real):
        return F.gumbel_softmax(G(torch.randn(len(real), NOISE)), hard=True)

    return loop(
        lambda real: fooled(D, generated(real), real),
        lambda real: told_apart(D, real, generated(real).detach()),
        real,
        (G, D),
    )


def unrolled():
    """The generator's loss is of a copy of the discriminator that has learnt already (Metz et al. 2017)."""
    torch.manual_seed(0)
    G, D = generator(), discriminator()

    def generated(real):
        return G(torch.randn(len(real), NOISE))

    def generate(real):
        other = copy.deepcopy(D)
        optimiser = torch.optim.SGD(other.parameters(), 0.1)
        for _ in range(2):
            optimiser.zero_grad()
            told_apart(other, real, generated(real).detach()).backward()
            optimiser.step()
        return fooled(other, generated(real), real)

    return loop(generate, lambda real: told_apart(D, real, generated(real).detach()), images(), (G, D))


def small_discriminator():
    return nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))


def codes():
    """An autoencoder whose codes are told from a normal distribution (Makhzani et al. 2015)."""
    torch.manual_seed(0)
    encoder, decoder = discriminator(outputs=4), nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))
    G, D = nn.ModuleList([encoder, decoder]), small_discriminator()

    def generate(real):
        code = encoder(real)
        return F.mse_loss(decoder(code), real) + fooled(D, code, real)

    def discriminate(real):
        return told_apart(D, torch.randn(len(real), 4), encoder(real).detach())

    return loop(generate, discriminate, images(), (G, D))


def adaptation():
    """Features of two domains, of which one has labels, are to be alike (Tzeng et al. 2017)."""
    torch.manual_seed(0)
    encoder, head, D = discriminator(outputs=4), nn.Linear(4, CLASSES), small_discriminator()
    batch = images(), torch.randint(CLASSES, (BATCH,)), -images()

    def generate(batch):
        source, label, target = batch
        return F.cross_entropy(head(encoder(source)), label) + 0.1 * fooled(D, encoder(target), None)

    def discriminate(batch):
        source, _, target = batch
        return told_apart(D, encoder(source).detach(), encoder(target).detach())

    return loop(generate, discriminate, batch, (nn.ModuleList([encoder, head]), D))


def turned():
    """Both players have the same loss, and the gradient is turned round between them."""
    torch.manual_seed(0)
    G, D = generator(), discriminator()

    def both(real):
        return told_apart(D, real, Reversed.apply(G(torch.randn(len(real), NOISE))))

    return loop(both, both, images(), (G, D))
