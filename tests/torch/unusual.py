"""Right adversarial loops of unusual kinds: networks, losses and penalties that a check may take for mistakes."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from tests.torch import networks, programs, settings
from tests.torch.museum import Featured
from tests.torch.right import (
    BATCH,
    Loop,
    discriminator,
    entropy,
    fooled,
    generator,
    hinge,
    labelled,
    lipschitz,
    normalised,
    raised,
    slope,
    squared,
    together,
    told_apart,
    two_headed,
    unconditional,
    wasserstein,
)
from torch import nn
from torch.nn.utils import parametrizations


def lecam(D, real, fake):
    reals, fakes = D(real), D(fake)
    decay = 0.99 if D.steps else 0.0
    D.of_real = decay * D.of_real + (1 - decay) * reals.mean().item()
    D.of_fake = decay * D.of_fake + (1 - decay) * fakes.mean().item()
    D.steps += 1
    far = F.relu(reals - D.of_fake).square().mean() + F.relu(D.of_real - fakes).square().mean()
    return F.relu(1 - reals).mean() + F.relu(1 + fakes).mean() + 0.3 * far


def by_functional_gradients(D, real, fake):
    """A gradient penalty by functions of functions."""
    parameters = dict(D.named_parameters())

    def score(x):
        return torch.func.functional_call(D, parameters, (x[None],)).squeeze()

    gradients = torch.func.vmap(torch.func.grad(score))(real)
    return wasserstein(D, real, fake) + (gradients.flatten(1).norm(dim=1) - 1).square().mean()


def noisily(D, real, fake):
    """Of one label in twenty the opposite."""
    reals, fakes = D(real), D(fake)
    flips = (torch.rand_like(reals) < 0.05).float(), (torch.rand_like(fakes) < 0.05).float()
    return F.binary_cross_entropy_with_logits(reals, 1 - flips[0]) + F.binary_cross_entropy_with_logits(fakes, flips[1])


def average(detached, of_generator):
    """Relativistic average losses (Jolicoeur-Martineau 2019)."""

    def losses(D, real, fake):
        reals, fakes = D(real), D(fake)
        means = reals.mean(), fakes.mean()
        if detached:
            means = means[0].detach(), means[1].detach()
        a, b = (0.0, 1.0) if of_generator else (1.0, 0.0)
        return (entropy(reals - means[1], a) + entropy(fakes - means[0], b)) / 2

    return (lambda D, fake, real: losses(D, real, fake)) if of_generator else losses


def squared_average(of_generator, margin=1.0):
    """Relativistic average least squares."""
    sign = -margin if of_generator else margin

    def losses(D, real, fake):
        reals, fakes = D(real), D(fake)
        return squared(reals - fakes.mean(), sign) + squared(fakes - reals.mean(), -sign)

    return (lambda D, fake, real: losses(D, real, fake)) if of_generator else losses


def distance(D, x):
    return (D(x) - x).abs().mean()


def discrepancy(one, other):
    """The squared maximum mean discrepancy of features, with a Gaussian kernel."""

    def kernel(a, b):
        return torch.exp(-torch.cdist(a, b).square() / 2).mean()

    return kernel(one, one) + kernel(other, other) - 2 * kernel(one, other)


def restored(D, real, fake):
    reals, images = D(real, real=True)
    return F.relu(1 - reals).mean() + F.relu(1 + D(fake)).mean() + F.mse_loss(images, real)


def weighted(D, real, fake):
    """Samples count by how wrong the discriminator is of them, and that is held constant."""
    reals, fakes = D(real), D(fake)
    weights = torch.sigmoid(-reals).detach(), torch.sigmoid(fakes).detach()
    return (weights[0] * F.softplus(-reals)).mean() + (weights[1] * F.softplus(fakes)).mean()


def balanced(D, real, fake):
    """A penalty is scaled to the size of the rest."""
    loss, penalty = wasserstein(D, real, fake), slope(D, real).mean()
    return loss + 0.1 * (loss.detach().abs() / (penalty.detach() + 1e-8)) * penalty


def in_evaluation_mode_a_while(D, fake, _):
    """The discriminator is in evaluation mode in the generator's loss alone."""
    D.eval()
    loss = entropy(D(fake), 1.0)
    D.train()
    return loss


def bright():
    """Images that are brighter than any that a generator makes at its start."""
    return 1 - 0.1 * torch.rand(BATCH, 1, 8, 8)


def of_two_classes(D, x, label):
    return F.cross_entropy(D(x), torch.full((len(x),), label))


def noised(x):
    return x + 0.3 * torch.randn_like(x)


def between(D, real, fake):
    """Mixtures of samples have their share as label."""
    share = torch.rand(len(real), 1, 1, 1)
    mixture = D(torch.lerp(fake, real, share))
    return told_apart(D, real, fake) + F.binary_cross_entropy_with_logits(mixture, share.reshape(-1, 1))


def matching(D, fake, real):
    """The generator matches means of features, and no score (Salimans et al. 2016)."""
    return F.mse_loss(D(fake)[1].mean(0), D(real)[1].mean(0))


wrapped = partial(partial, discriminator)  # `wrapped(wrap=...)`: a discriminator with layers in something
critic = partial(unconditional, raised, hinge)
usual = partial(unconditional, fooled, told_apart)

UNUSUAL: dict[str, Callable[[], Loop]] = {
    # networks
    "compiled": partial(usual, D=lambda: torch.compile(discriminator(), backend="eager")),
    "autoencoder": partial(
        unconditional,
        lambda D, fake, _: distance(D, fake),
        lambda D, real, fake: distance(D, real) - 0.1 * distance(D, fake),
        D=networks.Reconstruction,
    ),
    "bias_before_norm": partial(
        usual,
        D=lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 1)),
    ),
    "bias_of_critic": partial(
        unconditional, raised, lipschitz, D=lambda: networks.scaled(discriminator(), 1.0, bias=0.5)
    ),
    "checkpointed": partial(usual, D=lambda: networks.Checkpointed(discriminator(), False)),
    "checkpointed_and_penalised": partial(
        unconditional, raised, lipschitz, D=lambda: networks.Checkpointed(discriminator(), False)
    ),
    "checkpointed_reentrant": partial(usual, D=lambda: networks.Checkpointed(discriminator(), True)),
    "dropout": partial(usual, D=partial(discriminator, nn.Dropout(0.3))),
    "energy": partial(
        unconditional,
        lambda D, fake, _: D(fake).mean(),
        lambda D, real, fake: D(real).mean() + F.relu(1 - D(fake)).mean(),
        D=networks.Energy,
    ),
    "frozen_layers": partial(usual, D=lambda: networks.frozen(discriminator())),
    "gradient_normalised": partial(unconditional, raised, wasserstein, D=networks.Normalising),
    "group_norm": partial(unconditional, raised, lipschitz, D=networks.grouped),
    "own_spectral_norm": partial(critic, D=wrapped(wrap=networks.Inside)),
    "packed": partial(usual, D=lambda: networks.packed(networks.pairing())),
    "packed_in_one_pass": partial(unconditional, fooled, together, D=lambda: networks.packed(networks.pairing())),
    "quantised": partial(critic, D=networks.quantised),
    "recurrent": partial(usual, D=networks.Recurrent),
    "restored": partial(unconditional, raised, restored, D=networks.Restored),
    "sparse": partial(usual, D=networks.Sparse, optimiser=partial(torch.optim.SGD, lr=0.01)),
    "spectra": partial(usual, D=networks.Spectra),
    "stochastic": partial(usual, G=networks.Skipping),
    "weight_norm": partial(usual, D=wrapped(wrap=parametrizations.weight_norm)),
    "zero_discriminator": partial(critic, D=lambda: networks.scaled(discriminator())),
    "zero_discriminator_of_entropy": partial(usual, D=lambda: networks.scaled(discriminator())),
    "zero_generator": partial(usual, G=lambda: networks.scaled(generator()[:-1])),
    # losses
    "balanced": partial(unconditional, raised, balanced),
    "best": partial(unconditional, *labelled(squared), D=lambda: networks.sure(nn.Hardtanh(0.0, 1.0)), batch=bright),
    "features": partial(
        unconditional,
        lambda D, fake, real: discrepancy(D(real), D(fake)),
        lambda D, real, fake: -discrepancy(D(real), D(fake)),
        D=partial(discriminator, outputs=4),
    ),
    "functional_gradients": partial(unconditional, raised, by_functional_gradients),
    "instance_noise": partial(
        unconditional,
        lambda D, fake, real: fooled(D, noised(fake), real),
        lambda D, real, fake: told_apart(D, noised(real), noised(fake)),
    ),
    "label_noise": partial(unconditional, fooled, noisily),
    "label_smoothed": partial(unconditional, *labelled(entropy, real=0.9)),
    "lecam": partial(unconditional, raised, lecam, D=networks.LeCam),
    "matching": partial(
        unconditional,
        matching,
        lambda D, real, fake: entropy(D(real)[0], 1.0) + entropy(D(fake)[0], 0.0),
        D=Featured,
    ),
    "mixtures": partial(unconditional, fooled, between),
    "modes": partial(unconditional, in_evaluation_mode_a_while, told_apart, D=normalised),
    "relativistic_average": partial(unconditional, average(False, True), average(False, False)),
    "relativistic_average_detached": partial(unconditional, average(True, True), average(True, False)),
    "relativistic_squares": partial(unconditional, squared_average(True), squared_average(False)),
    "saturated": partial(critic, D=networks.sure, batch=bright),
    "saturated_entropy": partial(usual, D=networks.sure, batch=bright),
    "two_classes": partial(
        unconditional,
        lambda D, fake, _: of_two_classes(D, fake, 1),
        lambda D, real, fake: of_two_classes(D, real, 1) + of_two_classes(D, fake, 0),
        D=two_headed,
    ),
    "weighted": partial(unconditional, fooled, weighted),
    # settings
    "adaptation": settings.adaptation,
    "auxiliary": partial(settings.auxiliary, False),
    "auxiliary_of_real": partial(settings.auxiliary, True),
    "auxiliary_regressed": partial(settings.auxiliary, True, F.mse_loss, settings.several_labels),
    "bfloat16": partial(programs.of_type, torch.bfloat16),
    "bfloat16_where_safe": partial(programs.autocast, critic),
    "both_ways": settings.both_ways,
    "codes": settings.codes,
    "cycle": settings.cycle,
    "cycle_of_full_pools": partial(settings.cycle, 10),
    "cycle_of_one": partial(settings.cycle, 10, 1),
    "distilled": settings.distilled,
    "float64": partial(programs.of_type, torch.float64),
    "in_place": programs.in_place,
    "informative": settings.informative,
    "lazy_penalty": programs.lazily,
    "nested_batch": programs.mixed,
    "of_generators": programs.of_generators,
    "path_lengths": settings.regular_paths,
    "perceptual": settings.perceptual,
    "policy": settings.policy,
    "raw": programs.of_raw_parameters,
    "relaxed": settings.relaxed,
    "semi_supervised": settings.semi_supervised,
    "several_labels": partial(settings.auxiliary, True, F.binary_cross_entropy_with_logits, settings.several_labels),
    "trainer": programs.trainer,
    "turned": settings.turned,
    "with_other_parameters": programs.with_other_parameters,
    "unrolled": settings.unrolled,
}
