"""Unrolled training on stacked digits with the default networks: beside torchopt, and its memory at K = 20."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.table import Row, rates, ratios
from benchmarks.timing import race

STEPS, RATE, NOISE, BATCH, SLOPE = 10, 2e-4, 256, 256, 0.3
TARGET, DEEP, ROOM = 3.0, 20, 6000  # times torchopt; K and megabytes of the memory that it may take


def rows():
    """Steps per second at K = 10, and the peak of a process at K = 20 on images of MNIST's size."""
    measured = in_a_process("race")
    name = "stacked digits"
    # A fresh Adam divides gradients by themselves, which makes much of rounding.
    yield Row(name, "largest relative difference to the peer's gradients", [measured["apart"]], "", 1e-2, True)
    times = measured["times"]
    peers = {key: seconds for key, seconds in times.items() if key != "saddlery"}
    best = min(peers, key=lambda key: sorted(peers[key])[len(peers[key]) // 2])
    yield Row(name, f"unrolled K={STEPS}: saddlery", rates(times["saddlery"]), "steps/s")
    yield Row(name, f"unrolled K={STEPS}: torchopt, {best}", rates(peers[best]), "steps/s")
    yield Row(name, f"unrolled K={STEPS}: times torchopt", ratios(peers[best], times["saddlery"]), "×", TARGET)
    peak = in_a_process("memory")["peak"]
    yield Row(name, f"unrolled K={DEEP}, 28×28, batch {BATCH}: the process at its peak", [peak], "MB", ROOM, True)


def in_a_process(what: str) -> dict:
    """What `race_` or `memory` prints in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.stacked", what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def game_and_method(steps: int, size: int | None = None):
    """The default game, on digits or on noise of another size, and unrolled training of it."""
    import saddlery as sd

    data = "digits"
    if size is not None:
        random = np.random.default_rng(0)
        images = random.integers(0, 255, (1000, size, size, 1)).astype(np.uint8)
        data = sd.data.Images(images, np.arange(1000) % 10)
    adam = f"adam(learning_rate={RATE}, b1=0.5)"
    return sd.games.stacked(data), sd.methods.unrolled(steps=steps, generator=adam, discriminator=adam)


def memory() -> None:
    """The process whose peak is looked at: prints it in megabytes."""
    from benchmarks import ours
    from saddlery._system.allocator import keep_memory

    keep_memory()
    ours.Trainer(*game_and_method(DEEP, 28))(2)
    lines = Path("/proc/self/status").read_text().splitlines()
    print(json.dumps({"peak": next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3}))


def race_() -> None:
    """The process of the race: prints each contender's seconds, round by round."""
    import torch

    from benchmarks import ours
    from saddlery._system.allocator import keep_memory

    keep_memory()
    trainer = ours.Trainer(*game_and_method(STEPS))
    peer = Peer(trainer.carry.players)
    batch = trainer.game.draw(ours.jax.random.key(1))
    mine = trainer.directions(batch)
    theirs = peer.gradients(torch.tensor(np.asarray(batch.noise)), torch.tensor(np.asarray(batch.real)))
    apart = max(
        distance(found, torch_leaves(wanted))
        for found, wanted in zip(theirs, (mine.generator, mine.discriminator), strict=True)
    )

    def threaded(count, n):
        torch.set_num_threads(count)
        for _ in range(n):
            peer.step(trainer.game)

    contenders = {f"{count} threads": functools.partial(threaded, count) for count in (1, 2)}
    print(json.dumps({"apart": apart, "times": race({"saddlery": trainer, **contenders}, rounds=3)}))


def torch_leaves(player) -> list[np.ndarray]:
    """A player's parameters as PyTorch takes them: kernels with their channels first."""
    layers = [*player.get("dense", ()), *player["convolutions"]]
    found = []
    for layer in layers:
        weight = np.asarray(layer["kernel"]).transpose(3, 2, 0, 1) if "kernel" in layer else np.asarray(layer["weight"])
        found += [weight, np.asarray(layer["bias"])]
    return found


def distance(found, expected) -> float:
    """The relative distance of two lists of arrays, each as one vector."""
    found = np.concatenate([g.detach().numpy().ravel() for g in found])
    expected = np.concatenate([g.ravel() for g in expected])
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


class Peer:
    """The same networks and step in PyTorch, the unrolled Adam by `torchopt`."""

    def __init__(self, players):
        import torch
        import torchopt

        leaves = lambda player: [torch.tensor(leaf.copy(), requires_grad=True) for leaf in torch_leaves(player)]  # noqa: E731
        self.generator, self.discriminator = leaves(players.generator), leaves(players.discriminator)
        self.optimiser = torch.optim.Adam(self.generator, RATE, (0.5, 0.999), 1e-8, fused=True)
        self.adam = torchopt.adam(RATE, (0.5, 0.999), 1e-8, eps_root=1e-16, use_accelerated_op=True)
        self.state = self.adam.init(self.discriminator)

    def make(self, noise):
        """Images, channels first."""
        import torch

        functional = torch.nn.functional
        weight, bias, *layers = self.generator
        x = (noise @ weight).reshape(len(noise), 64, 1, 1)
        x = torch.relu(normalised(x) + bias.reshape(1, 64, 1, 1))
        *hidden, last, shift = layers
        for kernel, b in zip(hidden[::2], hidden[1::2], strict=True):
            x = functional.conv_transpose2d(x, kernel, stride=2)[..., :-1, :-1]
            x = torch.relu(normalised(x) + b[:, None, None])
        return torch.tanh(functional.conv_transpose2d(x, last, padding=1) + shift[:, None, None])

    def score(self, parameters, x):
        """Scores of images, channels first."""
        import torch

        functional = torch.nn.functional
        weight, bias, *layers = parameters
        for kernel, b in zip(layers[::2], layers[1::2], strict=True):
            x = functional.conv2d(functional.pad(x, (0, 1, 0, 1)), kernel, stride=2)
            x = functional.leaky_relu(normalised(x) + b[:, None, None], SLOPE)
        return x.reshape(len(x), -1) @ weight[:, 0] + bias

    def losses(self, parameters, samples, real):
        """The non-saturating losses."""
        from torch.nn.functional import softplus

        true, generated = self.score(parameters, real), self.score(parameters, samples)
        return softplus(-generated).mean(), softplus(-true).mean() + softplus(generated).mean()

    def gradients(self, noise, real):
        """The generator's gradient through the unrolled updates, the discriminator's ordinary one."""
        import torchopt
        from torch.autograd import grad

        real = real.permute(0, 3, 1, 2).contiguous()
        samples = self.make(noise)
        seen = samples.detach().requires_grad_()
        parameters, state = self.discriminator, self.state
        for i in range(STEPS):
            gradient = list(grad(self.losses(parameters, seen, real)[1], parameters, create_graph=True))
            updates, state = self.adam.update(gradient, state, params=parameters, inplace=False)
            parameters = torchopt.apply_updates(parameters, updates, inplace=False)
            if i == 0:
                ordinary, self.moved = gradient, (parameters, state)
        (of_samples,) = grad(self.losses(parameters, seen, real)[0], seen)
        return grad(samples, self.generator, of_samples), ordinary

    def step(self, game):
        """One step of training, its batch drawn from the same digits."""
        import torch
        import torchopt

        digits = self.__dict__.setdefault("digits", torch.tensor(np.asarray(game.data.images)))
        real = digits[torch.randint(len(digits), (BATCH, 3))].permute(0, 2, 3, 1)
        of_generator, _ = self.gradients(torch.randn(BATCH, NOISE), real)
        for parameter, gradient in zip(self.generator, of_generator, strict=True):
            parameter.grad = gradient
        self.optimiser.step()
        parameters, state = self.moved
        self.discriminator = [p.detach().requires_grad_() for p in parameters]
        self.state = torchopt.pytree.tree_map(lambda x: x.detach() if isinstance(x, torch.Tensor) else x, state)


def normalised(x):
    """Batch normalisation by the batch's own statistics, without a scale."""
    centred = x - x.mean((0, 2, 3), keepdim=True)
    return centred * (centred.square().mean((0, 2, 3), keepdim=True) + 1e-3).rsqrt()


if __name__ == "__main__":
    {"race": race_, "memory": memory}[sys.argv[1]]()
