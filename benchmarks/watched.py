"""What a watch over a loop in PyTorch costs: a DCGAN's steps with and without it, in turns, and memory."""

import resource
import time
from statistics import median

import torch
from torch import nn
from torch.nn.functional import softplus

import saddlery.torch as st
from benchmarks.table import Row, ratios
from benchmarks.timing import race
from saddlery._system.cores import usable_cores
from saddlery.torch.watching.spectrum import Measured

WIDTH, SIZE, NOISE, BATCH = 64, 32, 100, 64
ROUNDS = 40  # of a few steps each, since what is looked for is less than a machine's speed wanders
EVERY = 500  # steps between two looks at curvature
HOOKS, ALL = 1.02, 1.05  # targets: of a step with hooks, and with curvature too, over one without
COPIES, LARGE = (1.0, 10.0), 4000  # copies of the parameters that each may need more; units of a layer to see them by


def rows():
    """The ratios of steps with a watch to those without, and the copies of the parameters that it holds."""
    name = "watch over PyTorch"
    torch.set_num_threads(usable_cores())
    plain, watched = Loop(), Loop()
    with Clock(watched) as clock:
        watch = st.watch(watched.generator, watched.discriminator)
    measured = Measured(watch.players, watched.losses)  # as of looks one after another, which keep their step
    look = lambda n: [measured.curvature(watched.real) for _ in range(n)]  # noqa: E731
    times = race({"plain": plain, "watched": watched}, rounds=ROUNDS, seconds=1.0)
    hooks = ratios(times["watched"], times["plain"])
    times |= race({"look": look, "beside": plain}, rounds=5, seconds=4.0)
    shares = [one / (EVERY * step) for one, step in zip(times["look"], times["beside"], strict=True)]
    yield Row(name, "a step without", [1e3 * each for each in times["plain"]], "ms")
    yield Row(name, "a step with hooks / without", hooks, "", HOOKS, True)
    yield Row(name, "1 + time in the hooks / a step without", [clock.share(watched) for _ in range(5)], "", HOOKS, True)
    yield Row(name, "one look at curvature", [1e3 * each for each in times["look"]], "ms")
    both = [median(hooks) + each for each in shares]
    yield Row(name, f"with curvature every {EVERY} / without", both, "", ALL, True)
    for measure, copies, most in zip(("hooks", "curvature"), held(), COPIES, strict=True):
        yield Row(name, f"copies of the parameters more: {measure}", [copies], "", most, True)


class Loop:
    """A DCGAN's training, which takes so many steps."""

    def __init__(self):
        torch.manual_seed(0)
        self.G, self.D = networks()
        adam = lambda net: torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999))  # noqa: E731
        self.generator, self.discriminator = adam(self.G), adam(self.D)
        self.real = torch.rand(BATCH, 3, SIZE, SIZE) * 2 - 1

    def losses(self, real):
        """Both losses on a batch."""
        fake = self.G(torch.randn(len(real), NOISE, 1, 1))
        return softplus(-self.D(fake)).mean(), softplus(-self.D(real)).mean() + softplus(self.D(fake.detach())).mean()

    def __call__(self, n):
        """Take n steps, as a loop does: the generator's samples are made once."""
        for _ in range(n):
            fake = self.G(torch.randn(BATCH, NOISE, 1, 1))
            self.discriminator.zero_grad()
            (softplus(-self.D(self.real)).mean() + softplus(self.D(fake.detach())).mean()).backward()
            self.discriminator.step()
            self.generator.zero_grad()
            softplus(-self.D(fake)).mean().backward()
            self.generator.step()


class Clock:
    """The time that hooks take which a loop's optimisers are given within its context."""

    def __init__(self, loop):
        self.optimisers, self.took = (loop.generator, loop.discriminator), 0.0

    def __enter__(self):
        self._at_each(self._start)
        return self

    def __exit__(self, *_):
        self._at_each(self._stop)

    def _at_each(self, hook):
        for each in self.optimisers:
            each.register_step_pre_hook(hook)
            each.register_step_post_hook(hook)

    def _start(self, *_):
        self.began = time.perf_counter()

    def _stop(self, *_):
        self.took += time.perf_counter() - self.began

    def share(self, loop, steps=50):
        """1 + the time in these hooks over that of the rest of so many steps, a record of them among these."""
        before, began = self.took, time.perf_counter()
        loop(steps)
        inside = self.took - before
        return 1 + inside / (time.perf_counter() - began - inside)


def networks():
    """The networks of Radford et al. (2016) at 32 by 32."""
    c = WIDTH
    ups = [(NOISE, 4 * c, 1, 0), (4 * c, 2 * c, 2, 1), (2 * c, c, 2, 1)]
    G = [
        part
        for a, b, stride, pad in ups
        for part in (nn.ConvTranspose2d(a, b, 4, stride, pad, bias=False), nn.BatchNorm2d(b), nn.ReLU())
    ]
    D = [
        part
        for a, b in ((c, 2 * c), (2 * c, 4 * c))
        for part in (nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2))
    ]
    first, last = [nn.Conv2d(3, c, 4, 2, 1), nn.LeakyReLU(0.2)], [nn.Conv2d(4 * c, 1, 4)]
    return nn.Sequential(*G, nn.ConvTranspose2d(c, 3, 4, 2, 1), nn.Tanh()), nn.Sequential(*first, *D, *last)


def held():
    """The copies of the parameters by which hooks, and then a look at curvature, raise the most memory ever held."""
    G, D = (nn.Sequential(nn.Linear(LARGE, LARGE), nn.Tanh(), nn.Linear(LARGE, LARGE)) for _ in range(2))
    optimisers = [torch.optim.SGD(each.parameters(), 1e-3) for each in (G, D)]
    copy = 4 * sum(each.numel() for net in (G, D) for each in net.parameters())

    def losses(real):
        return -D(G(real)).mean(), D(G(real).detach()).mean() - D(real).mean()

    def steps():
        for player in (1, 0, 1, 0):
            optimisers[player].zero_grad(set_to_none=False)
            losses(torch.ones(1, LARGE))[player].backward()
            optimisers[player].step()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    before = steps()
    watch = st.watch(*optimisers)
    hooked = steps()
    watch.curvature(losses, batch=torch.ones(1, LARGE))
    looked = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return (hooked - before) / copy, (looked - hooked) / copy
