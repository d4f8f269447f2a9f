"""The DCGAN of github.com/pytorch/examples, `dcgan/main.py`, on MNIST at 64 by 64, with narrower networks.

By its own rate, 2e-4, networks so narrow are not trained: the discriminator wins. Rates are five times as large here.
"""

import ast
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import interpolate

from checks.public.training import Training, digits, drawn, sliced

NOISE, WIDTH, BATCH, RATE = 100, 16, 64, 1e-3
STEPS = 1000
BROKEN = {
    "rates a fifth, as published": {"faster": 0.2},
    "rates 50 times as large": {"faster": 50.0},
    "the generator's step is taken on `fake.detach()`": {"detached": True},
    "the discriminator's rate 10 times as large": {"stronger": 10.0},
}


def make(folder: Path, faster: float = 1.0, stronger: float = 1.0, detached: bool = False) -> Training:
    """The training, with its mistakes where asked for."""
    names = {"nn": nn, "torch": torch, "nc": 1, "nz": NOISE, "ngf": WIDTH, "ndf": WIDTH}
    tree = ast.parse((folder / "examples" / "dcgan" / "main.py").read_text())
    wanted = [each for each in tree.body if isinstance(each, ast.ClassDef | ast.FunctionDef)]
    exec(compile(ast.Module(wanted, []), "main.py", "exec"), names)  # its networks and initial weights, not its script
    G, D = names["Generator"](0), names["Discriminator"](0)
    G.apply(names["weights_init"])
    D.apply(names["weights_init"])
    adam = lambda net, rate: torch.optim.Adam(net.parameters(), rate, betas=(0.5, 0.999))  # noqa: E731
    opt_g, opt_d = adam(G, faster * RATE), adam(D, faster * stronger * RATE)
    real_images, criterion = digits(), nn.BCELoss()

    def entropy(output, label):
        return criterion(output, torch.full_like(output, label))

    def generated(count):
        return G(torch.randn(count, NOISE, 1, 1))

    def batches():
        return (interpolate(each, size=64) for each in drawn(real_images, BATCH))

    def losses(real):
        fake = generated(len(real))
        of_d = entropy(D(real), 1.0) + entropy(D(fake.detach()), 0.0)
        return entropy(D(fake.detach() if detached else fake), 1.0), of_d

    def step(real):
        D.zero_grad()
        on_real = D(real)
        first = entropy(on_real, 1.0)
        first.backward()
        fake = generated(len(real))
        on_fake = D(fake.detach())
        second = entropy(on_fake, 0.0)
        second.backward()
        opt_d.step()
        G.zero_grad()
        of_g = entropy(D(fake.detach() if detached else fake), 1.0)
        of_g.backward()
        opt_g.step()
        logits = {"real_logits": torch.logit(on_real, 1e-7), "generated_logits": torch.logit(on_fake, 1e-7)}
        return {"generator_loss": of_g, "discriminator_loss": first + second, "samples": fake, "real": real, **logits}

    @torch.no_grad()
    def distance():
        fake = torch.cat([interpolate(generated(100), size=28, mode="area") for _ in range(10)])
        return sliced(fake, real_images)

    return Training(opt_g, opt_d, losses, step, batches, distance)
