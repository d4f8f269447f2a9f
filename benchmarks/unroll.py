"""Unrolled training on the ring, beside PyTorch by hand, `higher`, `torchopt`, compiled, and beside plain JAX."""

import jax
import numpy as np
import torch

from benchmarks import ours, peers
from benchmarks.compiled import Compiled
from benchmarks.plain_jax import Plain
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import fastest, race

TARGETS = {5: 4.5, 10: 6.0}  # times the fastest eager peer, by K
COMPILED, A_STEP, A_LOOP = 3.5, 6.0, 4.0  # times the compiled peer, and plain JAX with a step or all steps jitted
PEERS = {"by hand": peers.HandWritten, "higher": peers.Higher, "torchopt": peers.TorchOpt}
NAME, MOST = "unrolled ring", 10  # of the benchmark; updates ahead beside those that take long to compile


def rows():
    """Ratios to the peers at K = 5 and 10, and the growth from 10 to 20."""
    game = ours.unrolled_ring()
    mine = {steps: ours.Trainer(game, ours.unrolled(steps)) for steps in (*TARGETS, 20)}
    mine[MOST](20)  # so that moments are not 0
    theirs = {
        (name, steps, threads): trained(peer(*start_of(mine[steps]), steps), threads)
        for steps in TARGETS for name, peer in PEERS.items() for threads in (1, 2)
    }  # fmt: skip
    compiled = {threads: Compiled(*start_of(mine[MOST]), MOST) for threads in (1, 2)}
    plain = {inside: Plain(*start_of(mine[MOST]), MOST, inside) for inside in (False, True)}
    yield Row(
        NAME, "largest relative difference to a peer's gradient", [disagreement(mine[MOST], compiled)], "", 1e-4, True
    )
    yield Row(NAME, "seconds to compile torch.func", [peer.seconds for peer in compiled.values()], "s")
    others = {("torch.func, compiled", MOST, threads): trained(peer, threads) for threads, peer in compiled.items()}
    others |= {("plain JAX", MOST, inside): peer for inside, peer in plain.items()}
    times = race({("saddlery", steps): trainer for steps, trainer in mine.items()} | theirs | others)
    for steps, target in TARGETS.items():
        yield Row(NAME, f"K={steps}: saddlery", rates(times["saddlery", steps]), "steps/s")
        for name in PEERS:
            best = fastest(times, [(name, steps, 1), (name, steps, 2)])
            yield Row(NAME, f"K={steps}: {name}, {words(best[2])}", rates(times[best]), "steps/s")
        best = fastest(times, [key for key in theirs if key[1] == steps])
        measure = f"K={steps}: times as fast as the fastest peer ({best[0]})"
        yield Row(NAME, measure, ratios(times[best], times["saddlery", steps]), "×", target)
    best = fastest(times, [key for key in others if key[0] == "torch.func, compiled"])
    for key, what, target in (
        (best, f"torch.func under torch.compile, {words(best[2])}", COMPILED),
        (("plain JAX", MOST, False), "plain JAX and optax, a jitted step", A_STEP),
        (("plain JAX", MOST, True), "plain JAX and optax, one compiled loop", A_LOOP),
    ):
        yield Row(NAME, f"K={MOST}: {what}", rates(times[key]), "steps/s")
        yield Row(NAME, f"K={MOST}: times as fast as it", ratios(times[key], times["saddlery", MOST]), "×", target)
    growth = ratios(times["saddlery", 20], times["saddlery", 10])
    yield Row(NAME, "time(K=20) / time(K=10)", growth, "", 2.1, True)


def disagreement(trainer, compiled) -> float:
    """How far the peers' gradients are from ours, relative, on one batch.

    **Arguments:** `trainer`: in training; `compiled`: from where it is, by threads, which are part of what is compiled.
    """
    batch = trainer.game.draw(jax.random.key(1))
    noise, real = torch.tensor(np.asarray(batch.noise)), torch.tensor(np.asarray(batch.real))
    found = [of_plain(trainer, batch)]
    for peer in [make(*start_of(trainer), MOST) for make in PEERS.values()]:
        peer.remember(*trainer.moments())
        found.append(peer.gradients(noise, real))
    for threads, peer in compiled.items():
        torch.set_num_threads(threads)
        peer.remember(*trainer.moments())
        found.append(peer.gradients(noise, real))
    expected = [ours.arrays(player) for player in trainer.directions(batch)]
    return max(distance(a, b) for each in found for a, b in zip(each, expected, strict=True))


def of_plain(trainer, batch):
    """Plain JAX's gradients."""
    plain, (count, first, second) = Plain(*start_of(trainer), MOST, False), trainer.moments()
    adam, *rest = plain.carry[1][1]
    adam = adam._replace(count=jax.numpy.asarray(count), mu=list(first), nu=list(second))
    states = plain.carry[1][0], (adam, *rest)
    return jax.jit(plain.gradients)(plain.carry[0], states, batch.noise, batch.real)


def distance(found, expected) -> float:
    """The relative distance of two lists of arrays, each as one vector."""
    found = np.concatenate([np.asarray(g.detach() if isinstance(g, torch.Tensor) else g).ravel() for g in found])
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
