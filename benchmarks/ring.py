"""Simultaneous and consensus training on the Numerics' ring, beside PyTorch by hand; and what share of the peak."""

import numpy as np
import torch

import saddlery as sd
from benchmarks import ours, peers
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import fastest, race
from benchmarks.unroll import distance, start_of, trained, words

GAMMAS = {"simultaneous": None, "consensus": 10.0}
TARGET = 6.0


def rows():
    """Ratios to PyTorch, the cost of consensus, and the share of the measured matmul peak."""
    game = sd.games.ring(preset="numerics")
    methods = {"simultaneous": sd.methods.simultaneous(), "consensus": sd.methods.consensus(gamma=10.0)}
    mine = {name: ours.Trainer(game, method) for name, method in methods.items()}
    theirs = {
        (name, threads): trained(peers.Numerics(*start_of(mine[name]), gamma), threads)
        for name, gamma in GAMMAS.items() for threads in (1, 2)
    }  # fmt: skip
    large = ours.Trainer(ours.unrolled_ring(), ours.unrolled(10))
    product, flops = ours.matmul()
    off = max(disagreement(mine[name], gamma) for name, gamma in GAMMAS.items())
    yield Row("numerics ring", "largest relative difference to PyTorch's directions", [off], "", 1e-4, True)
    times = race(mine | theirs | {"matmul": product, "unrolled": large})
    for name in GAMMAS:
        best = fastest(times, [(name, 1), (name, 2)])
        yield Row("numerics ring", f"{name}: saddlery", rates(times[name]), "steps/s")
        yield Row("numerics ring", f"{name}: PyTorch by hand, {words(best[1])}", rates(times[best]), "steps/s")
        measure = f"{name}: times as fast as PyTorch"
        yield Row("numerics ring", measure, ratios(times[best], times[name]), "×", TARGET)
    cost = ratios(times["consensus"], times["simultaneous"])
    yield Row("numerics ring", "a consensus step, in simultaneous steps", cost, "", 3.2, True)
    peak = [flops / time for time in times["matmul"]]
    yield Row("share of peak", "float32 matrix product of 2048²", [p / 1e9 for p in peak], "GFLOP/s")
    for name, trainer in {**mine, "unrolled": large}.items():
        step = trainer.matmul_flops()
        shares = [100 * step / time / top for time, top in zip(times[name], peak, strict=True)]
        what = f"{name}{' (K=10, the large ring)' if name == 'unrolled' else ''}: {step / 1e6:.1f} Mflop a step in"
        yield Row("share of peak", f"{what} products", shares, "%")


def disagreement(trainer, gamma) -> float:
    """How far PyTorch's directions are from ours, relative, on one batch."""
    batch = trainer.game.draw(ours.jax.random.key(1))
    found = peers.Numerics(*start_of(trainer), gamma).gradients(
        torch.tensor(np.asarray(batch.noise)), torch.tensor(np.asarray(batch.real))
    )
    expected = [ours.arrays(player) for player in trainer.directions(batch)]
    return max(distance(a, b) for a, b in zip(found, expected, strict=True))
