"""R3GAN of github.com/brownvc/R3GAN on CIFAR-10, with its losses and networks, narrower and less deep."""

import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from packaging import version
from torch.nn.functional import softplus

from checks.public.training import Training, beside, cifar, drawn, sliced
from saddlery.analysis.alarms import EVERY

NOISE, WIDTHS, GROUPS, BLOCKS, EXPANSION = 64, [32, 32, 24, 16], [4, 4, 3, 2], [1, 1, 1, 1], 2
BATCH, RATE, BETAS, GAMMA = 16, 2e-4, (0.0, 0.9), 0.05
STEPS = 400
BROKEN = {
    "rates 50 times as large": {"faster": 50.0},
    "R1 and R2 without `create_graph`": {"detached": True},
    "no penalty, and the discriminator's rate 10 times as large": {"stronger": 10.0, "gamma": 0.0},
}


def make(
    folder: Path, faster: float = 1.0, stronger: float = 1.0, detached: bool = False, gamma: float = GAMMA
) -> Training:
    """The training, with its mistakes where asked for."""
    sys.modules.setdefault("pkg_resources", SimpleNamespace(parse_version=version.parse))  # type: ignore[arg-type]
    with beside(folder / "R3GAN"):
        from R3GAN.Networks import Discriminator, Generator
        from R3GAN.Trainer import AdversarialTraining

        G = Generator(NOISE, WIDTHS, GROUPS, BLOCKS, EXPANSION)
        D = Discriminator(WIDTHS[::-1], GROUPS[::-1], BLOCKS, EXPANSION)
    opt_g = torch.optim.Adam(G.parameters(), faster * RATE, betas=BETAS)
    opt_d = torch.optim.Adam(D.parameters(), faster * stronger * RATE, betas=BETAS)
    trainer, real_images = AdversarialTraining(G, D), cifar()
    penalised = AdversarialTraining.ZeroCenteredGradientPenalty
    if detached:
        penalised = lambda samples, critics: (  # noqa: E731
            torch.autograd.grad(critics.sum(), samples, retain_graph=True)[0].square().sum([1, 2, 3])
        )
        AdversarialTraining.ZeroCenteredGradientPenalty = staticmethod(penalised)

    steps = 0

    def batches():
        return drawn(real_images, 2 * BATCH)

    def losses(both):
        D.requires_grad_(True)  # frozen between steps
        real, other = both[:BATCH], both[BATCH:]
        of_g = softplus(D(real) - D(G(torch.randn(BATCH, NOISE)))).mean()
        fake = G(torch.randn(BATCH, NOISE)).detach().requires_grad_(True)
        other = other.detach().requires_grad_(True)
        on_real, on_fake = D(other), D(fake)
        penalty = penalised(other, on_real) + penalised(fake, on_fake)
        return of_g, (softplus(on_fake - on_real) + gamma / 2 * penalty).mean()

    def step(both):
        nonlocal steps
        told, steps = {"real": both[:BATCH]}, steps + 1
        for name, net, other, optimiser, real in (
            ("discriminator", D, G, opt_d, both[BATCH:]),
            ("generator", G, D, opt_g, both[:BATCH]),
        ):
            optimiser.zero_grad(set_to_none=True)
            net.requires_grad_(True)
            other.requires_grad_(False)
            noise = torch.randn(BATCH, NOISE)
            if net is D:
                found = trainer.AccumulateDiscriminatorGradients(noise, real, None, gamma)
            else:
                found = trainer.AccumulateGeneratorGradients(noise, real, None)
            optimiser.step()
            told[f"{name}_loss"] = found[0]
        G.requires_grad_(True)
        if steps % EVERY == 0:  # its losses hold no samples, and only differences of scores
            with torch.no_grad():
                told["samples"] = G(torch.randn(BATCH, NOISE))
                told |= {"real_logits": D(told["real"]), "generated_logits": D(told["samples"])}
        return told

    @torch.no_grad()
    def distance():
        return sliced(torch.cat([G(torch.randn(100, NOISE)) for _ in range(10)]), real_images)

    return Training(opt_g, opt_d, losses, step, batches, distance)
