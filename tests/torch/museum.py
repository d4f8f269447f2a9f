"""A museum of mistakes that were reported in public adversarial training codes, each in a loop that is otherwise right.

The code is our own. The thread tells what the mistake was; one that nobody has reported is in the code that is cited.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from tests.torch.right import (
    WIDTH,
    Loop,
    all_fooled,
    all_told_apart,
    discriminator,
    entropy,
    fooled,
    generator,
    hinge,
    images,
    labelled,
    lipschitz,
    normalised,
    raised,
    relative,
    restoring,
    slope,
    squared,
    told_apart,
    two_headed,
    unconditional,
    vocoder,
    vqgan,
    wasserstein,
)
from torch import nn
from torch.nn.utils.parametrize import register_parametrization


class Exhibit(NamedTuple):
    """A mistake: the thread that reports it, what it is, and codes of which a check finds one or more, and no other."""

    name: str
    source: str
    mistake: str
    codes: tuple[str, ...]
    make: Callable[[], Loop]


def swapped(scores, label):
    """Labels where logits are due, and logits where labels are."""
    return F.binary_cross_entropy_with_logits(torch.full_like(scores, label), scores)


def backwards(D, real, fake):
    """The two halves of one pass take each other's names."""
    fakes, reals = D(torch.cat([real, fake])).chunk(2)
    return entropy(reals, 1.0) + entropy(fakes, 0.0)


def across(D, real, fake):
    """One pass is divided by heads, not by samples."""
    reals, fakes = D(torch.cat([real, fake])).unbind(1)
    return F.relu(1 - reals).mean() + F.relu(1 + fakes).mean()


def last_fooled(fakes):
    """What earlier scales say is forgotten."""
    for scores in fakes:
        loss = squared(scores, 1.0)
    return loss


def told_apart_from_whole(reals, fakes):
    """All scales' scores of generated samples, the first scale's of real ones."""
    return sum(squared(reals[0], 1.0) + squared(fake, 0.0) for fake in fakes)


def penalised_in_vain(D, real, fake):
    """The penalties are a constant to whoever minimises the loss."""
    return F.softplus(D(fake) - D(real)).mean() + 0.5 * (slope(D, real) + slope(D, fake)).mean().detach()


class Featured(nn.Module):
    """A discriminator's scores, and the features they are of."""

    def __init__(self):
        super().__init__()
        *layers, self.score = discriminator()
        self.features = nn.Sequential(*layers)

    def forward(self, x):
        features = self.features(x)
        return self.score(features), features


def alike(D, real, fake):
    """The discriminator learns features in which real and generated samples are one, and no scores."""
    return F.mse_loss(D(fake)[1], D(real)[1])


class Outside(nn.Module):
    """A weight is divided by its norm, for which no gradient is known."""

    def __init__(self, weight):
        super().__init__()
        self.register_buffer("u", torch.randn(len(weight)))

    def forward(self, weight):
        with torch.no_grad():
            matrix = weight.flatten(1)
            v = F.normalize(matrix.mT @ self.u, dim=0)
            self.u = F.normalize(matrix @ v, dim=0)
            norm = self.u @ matrix @ v
        return weight / norm


def normalised_outside(layer):
    return register_parametrization(layer, "weight", Outside(layer.weight))


def overgrown():
    """A generator with a second last layer, which nothing uses."""
    G = generator()
    G[0].again = nn.ConvTranspose2d(2 * WIDTH, 1, 4, 2, 1)
    return G


def without_attention(G, D):
    return [*G.encoder.parameters(), *G.decoder.parameters()], D.parameters()


def left_over(generating, discriminating, opt_g, opt_d, zeroed=True):
    """The discriminator's gradients are set to zero after its step or never: the generator's loss leaves some."""

    def step(batch):
        discriminating(batch).backward()
        opt_d.step()
        if zeroed:
            opt_d.zero_grad()
        opt_g.zero_grad()
        generating(batch).backward()
        opt_g.step()

    return step


def twice(generating, discriminating, opt_g, opt_d):
    """The second step of the discriminator has the gradient of the first, too."""

    def step(batch):
        opt_d.zero_grad()
        for _ in range(2):
            discriminating(batch).backward()
            opt_d.step()
        opt_g.zero_grad()
        generating(batch).backward()
        opt_g.step()

    return step


def at_once(generating, discriminating, opt_g, opt_d):
    """Both losses have left their gradients before either player steps."""

    def step(batch):
        opt_g.zero_grad()
        generating(batch).backward()
        opt_d.zero_grad()
        discriminating(batch).backward()
        opt_g.step()
        opt_d.step()

    return step


GITHUB = "https://github.com/"

MUSEUM: tuple[Exhibit, ...] = (
    Exhibit(
        "arguments of the cross-entropy",
        GITHUB + "DeepTrackAI/DeepTrack2/pull/157",
        "predictions and labels take each other's place in all losses, which get below zero",
        ("F03", "F17"),
        partial(unconditional, *labelled(swapped)),
    ),
    Exhibit(
        "ones for generated samples",
        GITHUB + "SerezD/vqvae-vqgan-pytorch-lightning/issues/3",
        "the discriminator's labels of reconstructions are ones, as those of real images",
        ("F06",),
        partial(vqgan, *labelled(entropy, real=1.0, fake=1.0)),
    ),
    Exhibit(
        "a parenthesis of the critic's loss",
        GITHUB + "YeonwooSung/GAN_Implementation/issues/5",
        "the minus sign is before the sum of both means: the critic raises both",
        ("F06",),
        partial(unconditional, raised, lambda D, real, fake: -torch.mean(D(real) + D(fake).mean())),
    ),
    Exhibit(
        "one pass divided along the wrong axis",
        GITHUB + "openclimatefix/skillful_nowcasting/issues/27",
        "what is called the scores of real and of generated samples are those of two heads, for all samples",
        ("F06",),
        partial(unconditional, lambda D, fake, _: -D(fake)[:, 1].mean(), across, D=two_headed),
    ),
    Exhibit(
        "real images twice",
        GITHUB + "eriklindernoren/Keras-GAN/issues/5",
        "both calls of the discriminator's training are given real images and labels of ones",
        ("F03",),
        partial(unconditional, fooled, lambda D, real, _: entropy(D(real), 1.0) + entropy(D(real), 1.0)),
    ),
    Exhibit(
        "a local discriminator without real samples",
        GITHUB + "liutaocode/LivePortrait-Train/issues/7",
        "the losses of local discriminators have the global one's scores of real images for their own",
        ("F04",),
        partial(vocoder, all_fooled, told_apart_from_whole, matching=0.0),
    ),
    Exhibit(
        "generated images detached",
        GITHUB + "tamarott/SinGAN/pull/117",
        "against an error of in-place changes, the image is detached in the generator's loss as well",
        ("F08",),
        partial(restoring, lambda D, fake, _: -D(fake.detach()).mean(), lipschitz),
    ),
    Exhibit(
        "a loss made a number",
        GITHUB + "guopengf/FL-MRCM/issues/10",
        "the generator's adversarial loss is detached, to save memory, before it is added",
        ("F05", "F08"),
        partial(restoring, lambda D, fake, real: fooled(D, fake, real).detach(), told_apart),
    ),
    Exhibit(
        "one sign of two",
        GITHUB + "Zeleni9/pytorch-wgan/pull/53",
        "the generator's sign is changed to the paper's, the critic's stays: both raise the same score",
        ("F07",),
        partial(unconditional, raised, lambda D, real, fake: -wasserstein(D, real, fake)),
    ),
    Exhibit(
        "labels for the generator",
        GITHUB + "https-deeplearning-ai/GANs-Public/issues/1",
        "real is zero and generated one, which the generator's loss asks for as well",
        ("F07",),
        partial(restoring, *labelled(entropy, real=0.0, fake=1.0, wanted=1.0), weight=0.001),
    ),
    Exhibit(
        "halves of one pass",
        GITHUB + "cc-ai/climategan/pull/171",
        "real and generated samples are joined in one order and divided in the other",
        ("F07",),
        partial(restoring, fooled, backwards),
    ),
    Exhibit(
        "a weight of zero",
        GITHUB + "lavinal712/AutoencoderKL/issues/10",
        "the generator's adversarial loss has the weight 0 in the configuration of the stage that is to have it",
        ("F05",),
        partial(vqgan, raised, hinge, weight=0.0),
    ),
    Exhibit(
        "a loss of samples for one of scores",
        GITHUB + "openclimatefix/skillful_nowcasting/issues/12",
        "the generator's hinge loss is taken of what it has made, before any discriminator has seen it",
        ("F05",),
        partial(restoring, lambda D, fake, _: -fake.mean(), hinge),
    ),
    Exhibit(
        "the truth for what is generated",
        GITHUB + "SunnerLi/RecycleGAN/issues/2",
        "the generator's adversarial loss is of true frames",
        ("F05",),
        partial(restoring, lambda D, _, real: entropy(D(real), 1.0), told_apart),
    ),
    Exhibit(
        "the last scale alone",
        GITHUB + "cc-ai/climategan/blob/004a6888aae688c8e474b4c64f8c97411ce2d5f0/omnigan/trainer.py",
        "the generator's loss of each scale is written over that of the scale before, and added once (not reported)",
        ("F05",),
        partial(vocoder, last_fooled, all_told_apart, matching=0.0),
    ),
    Exhibit(
        "gradients set to zero too early",
        GITHUB + "NVIDIA-NeMo/Speech/pull/7266",
        "the discriminator steps with what the generator's loss has left since its gradients were set to zero",
        ("F12",),
        partial(vocoder, all_fooled, all_told_apart, stepping=left_over),
    ),
    Exhibit(
        "two steps after two gradients",
        GITHUB + "Shubhamai/pytorch-vqgan/issues/3",
        "the discriminator's loss of images that are not detached leaves gradients with which the generator steps",
        ("F12",),
        partial(unconditional, raised, hinge, detached=False, stepping=at_once),
    ),
    Exhibit(
        "gradients of the discriminator never set to zero",
        GITHUB + "Hsintien-Ng/idinvert_pytorch-reproduced/issues/1",
        "the discriminator steps with the sum of all gradients so far, of both losses",
        ("F12", "F13"),
        partial(restoring, fooled, told_apart, stepping=partial(left_over, zeroed=False)),
    ),
    Exhibit(
        "gradients that stay between steps",
        GITHUB + "ajbrock/BigGAN-PyTorch/issues/25",
        "of several steps of the discriminator in a row, each has the gradients of those before",
        ("F13",),
        partial(unconditional, raised, hinge, stepping=twice),
    ),
    Exhibit(
        "a gradient penalty without a graph",
        GITHUB + "ooples/AiDotNet/issues/1844",
        "the penalty's value is in the critic's loss, and its gradient is not",
        ("F16",),
        partial(unconditional, raised, partial(lipschitz, create_graph=False)),
    ),
    Exhibit(
        "a gradient penalty detached",
        GITHUB + "brownvc/R3GAN/issues/20",
        "R1 and R2 are detached, as somebody proposes, whom the authors answer",
        ("F16",),
        partial(unconditional, relative, penalised_in_vain),
    ),
    Exhibit(
        "a spectral norm outside the graph",
        GITHUB + "rdevon/cortex/pull/57",
        "the norm by which weights are divided is a constant to the gradient",
        ("F16",),
        partial(unconditional, raised, hinge, D=partial(discriminator, wrap=normalised_outside)),
    ),
    Exhibit(
        "layers in no optimiser",
        GITHUB + "lucidrains/audiolm-pytorch/issues/48",
        "the optimiser is given encoder and decoder, and not the attention between them",
        ("F09",),
        partial(restoring, fooled, told_apart, trained=without_attention),
    ),
    Exhibit(
        "a discriminator in no optimiser",
        GITHUB + "line/open-universe/issues/5",
        "of two discriminators, the optimiser is given one twice",
        ("F09",),
        partial(vocoder, all_fooled, all_told_apart, trained=lambda G, D: (G.parameters(), D[0].parameters())),
    ),
    Exhibit(
        "layers that nothing uses",
        GITHUB + "WestlyPark/StyleRenderer/issues/5",
        "the generator's last layers are made twice and used once",
        ("F11",),
        partial(unconditional, fooled, told_apart, G=overgrown),
    ),
    Exhibit(
        "a discriminator of features",
        GITHUB + "samet-akcay/ganomaly/issues/31",
        "the discriminator's loss is the distance of features, and its scores stay what they were at the start",
        ("F06", "F11"),
        partial(restoring, lambda D, fake, _: entropy(D(fake)[0], 1.0), alike, D=Featured),
    ),
    Exhibit(
        "the generator in both optimisers",
        GITHUB + "zhaoyuzhi/deepfillv2/pull/3",
        "the discriminator's optimiser is given the generator's parameters",
        ("F02", "F09", "F10", "F11"),
        partial(restoring, *labelled(squared), trained=lambda G, _: (G.parameters(), G.parameters())),
    ),
    Exhibit(
        "images of two scales",
        GITHUB + "voletiv/self-attention-GAN-pytorch/issues/6",
        "real images are in [0, 1], generated ones in [-1, 1]",
        ("F14",),
        partial(unconditional, raised, hinge, batch=lambda: (images() + 1) / 2),
    ),
    Exhibit(
        "a generator in evaluation mode",
        GITHUB + "google/sg2im/issues/14",
        "after many steps the generator, which has batch normalisation, is trained on in evaluation mode",
        ("F15",),
        partial(unconditional, fooled, told_apart, G=lambda: generator().eval()),
    ),
    Exhibit(
        "two sigmoids",
        GITHUB + "jeffheaton/t81_558_deep_learning/pull/81",
        "the discriminator ends in a sigmoid, and its loss takes logits",
        ("F18",),
        partial(unconditional, fooled, told_apart, D=partial(normalised, nn.Sigmoid())),
    ),
    Exhibit(
        "the logarithm of a critic",
        GITHUB + "marian42/shapegan/issues/2",
        "the generator's loss has the logarithm of scores that may be negative",
        ("F01",),
        partial(unconditional, lambda D, fake, _: -D(fake).log().mean(), wasserstein, D=two_headed),
    ),
)
