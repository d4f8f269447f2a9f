"""Unrolled training on the ring, beside PyTorch by hand, `higher` and `torchopt`."""

import numpy as np
import torch

from benchmarks import ours, peers
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import fastest, race

TARGETS = {5: 4.0, 10: 6.0}  # times the fastest peer, by K
PEERS = {"by hand": peers.HandWritten, "higher": peers.Higher, "torchopt": peers.TorchOpt}


def rows():
    """Ratios to the fastest peer at K = 5 and 10, and the growth from 10 to 20."""
    game = ours.unrolled_ring()
    mine = {steps: ours.Trainer(game, ours.unrolled(steps)) for steps in (*TARGETS, 20)}
    theirs = {
        (name, steps, threads): trained(peer(*start_of(mine[steps]), steps), threads)
        for steps in TARGETS for name, peer in PEERS.items() for threads in (1, 2)
    }  # fmt: skip
    yield Row("unrolled ring", "largest relative difference to a peer's gradient", [disagreement()], "", 1e-4, True)
    times = race({("saddlery", steps): trainer for steps, trainer in mine.items()} | theirs)
    for steps, target in TARGETS.items():
        yield Row("unrolled ring", f"K={steps}: saddlery", rates(times["saddlery", steps]), "steps/s")
        for name in PEERS:
            best = fastest(times, [(name, steps, 1), (name, steps, 2)])
            yield Row("unrolled ring", f"K={steps}: {name}, {words(best[2])}", rates(times[best]), "steps/s")
        best = fastest(times, [key for key in theirs if key[1] == steps])
        measure = f"K={steps}: times as fast as the fastest peer ({best[0]})"
        yield Row("unrolled ring", measure, ratios(times[best], times["saddlery", steps]), "×", target)
    growth = ratios(times["saddlery", 20], times["saddlery", 10])
    yield Row("unrolled ring", "time(K=20) / time(K=10)", growth, "", 2.1, True)


def disagreement() -> float:
    """How far the peers' gradients are from ours, relative, on one batch after some training."""
    trainer = ours.Trainer(ours.unrolled_ring(), ours.unrolled(10))
    trainer(20)
    batch = trainer.game.draw(ours.jax.random.key(1))
    expected = [ours.arrays(player) for player in trainer.directions(batch)]
    worst = 0.0
    for make in PEERS.values():
        peer = make(*start_of(trainer), 10)
        peer.remember(*trainer.moments())
        found = peer.gradients(torch.tensor(np.asarray(batch.noise)), torch.tensor(np.asarray(batch.real)))
        worst = max(worst, *(distance(a, b) for a, b in zip(found, expected, strict=True)))
    return worst


def distance(found, expected) -> float:
    """The relative distance of two lists of arrays, each as one vector."""
    found = np.concatenate([g.detach().numpy().ravel() for g in found])
    expected = np.concatenate([g.ravel() for g in expected])
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def start_of(trainer):
    """Both players' parameters as the peers take them."""
    return [ours.arrays(player) for player in trainer.carry.players]


def trained(peer, threads: int):
    """A peer in training on so many threads."""

    def steps(n):
        torch.set_num_threads(threads)
        for _ in range(n):
            peer.step()

    return steps


def words(threads: int) -> str:
    """How many threads."""
    return "1 thread" if threads == 1 else f"{threads} threads"
