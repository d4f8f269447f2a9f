"""On a card: image GANs beside PyTorch, sweeps, Jacobian products, the share of the peak, memory; one table, 6 minutes.

`python -m benchmarks.gpu` on a machine with a GPU, JAX for it, and PyTorch; `--smoke` computes the smallest sizes on
whatever there is, the CPU too, to see that all of it runs.
"""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the card is shared with PyTorch

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import torch
from rich.console import Console

import saddlery as sd
from benchmarks import ours, peers, table
from benchmarks.image_peers import BLOCKS, GAMMA, RATE, ImageGan
from benchmarks.table import Row, rates, ratios
from benchmarks.timing import race
from benchmarks.unroll import start_of
from saddlery.data import Images

SMOKE = "--smoke" in sys.argv
BUDGET, LEAST, COMPILING = 330.0, 15.0, 100.0  # seconds of all, and those that must be left for one more setting
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SIZES = (16,) if SMOKE else (32, 64)
WIDTH, NOISE, BATCH, AHEAD, RUNS = (8, 8, 8, 1, 4) if SMOKE else (64, 256, 64, 5, 256)
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ROUNDS, SECONDS = (2, 0.05) if SMOKE else (3, 0.3)
COMPILED, SWEPT = 1.5, 50.0  # times as fast as PyTorch compiled, and as a loop over runs


def rows() -> Iterator[Row]:
    """All of the table: eager peers first, then compiled ones, while there is time; the rest is named."""
    ends = time.monotonic() + BUDGET
    yield from sweep()
    yield from products()
    settings = [
        (family, size, kind, method)
        for method in ("consensus", "unrolled") for size in SIZES for kind in TYPES for family in BLOCKS
    ]  # fmt: skip
    for how, least in (("eager", LEAST), ("compiled", COMPILING)):
        left = list(settings)
        while left and ends - time.monotonic() > least:
            yield from images(*left.pop(0), how)
        if left:
            what = "; ".join(" ".join(map(str, each)) for each in left)
            yield Row("not measured", f"beside PyTorch, {how}: {what}", [len(left)], "settings")


def images(family: str, size: int, kind: str, method: str, how: str) -> Iterator[Row]:
    """Steps per second of an image GAN beside PyTorch, eager or compiled; memory; share of the peak."""
    name, ahead = f"{family}, {size}×{size}, {kind}", AHEAD if method == "unrolled" else 0
    compute = None if kind == "float32" else kind
    trainer = ours.Trainer(image_gan(family, size, compute), of(method))
    peer = ImageGan(family, size, WIDTH, NOISE, BATCH, TYPES[kind], DEVICE, how == "compiled", ahead)
    numbers = sum(leaf.size for leaf in jax.tree.leaves(trainer.carry.players))
    if peer.parameters() != numbers:
        raise AssertionError(f"{family}: {peer.parameters():,} numbers in PyTorch, {numbers:,} here")
    began = time.perf_counter()
    peer.step()
    wait()
    first = time.perf_counter() - began
    times = race({"saddlery": trainer, how: many(peer.step)}, ROUNDS, SECONDS)
    yield Row(name, f"{method}: saddlery", rates(times["saddlery"]), "steps/s")
    yield Row(name, f"{method}: PyTorch, {how}", rates(times[how]), "steps/s")
    target = COMPILED if (method, how, SMOKE) == ("consensus", "compiled", False) else None
    yield Row(name, f"{method}: times as fast as that", ratios(times[how], times["saddlery"]), "×", target)
    if how == "compiled":
        yield Row(name, f"{method}: PyTorch's first step, which compiles", [first], "s")
        torch._dynamo.reset()
        return
    shares = [100 * trainer.matmul_flops() / each / peak(kind) for each in times["saddlery"]]
    yield Row(name, f"{method}: share of the peak of {peak(kind) / 1e12:.2g} Tflop/s, its products", shares, "%")
    yield Row(name, f"{method}: the compiled program's memory", [trainer.temporary_bytes() / 1e6], "MB")
    if DEVICE == "cuda":
        torch.cuda.reset_peak_memory_stats()
        peer.step()
        yield Row(name, f"{method}: PyTorch's, eager, at its peak", [torch.cuda.max_memory_allocated() / 1e6], "MB")
    jax.clear_caches()


def image_gan(family: str, size: int, compute: str | None) -> Any:
    """A GAN of Saddlery's on random images: relativistic with R1 for residual networks."""
    pixels = np.random.default_rng(0).integers(0, 256, (4 * BATCH, size, size, 3), np.uint8)
    networks = sd.networks.family(f"{family}(width={WIDTH})", size=size, channels=3, noise=NOISE)
    if compute:
        networks = [sd.networks.Precision(each, compute) for each in networks]
    loss = {"loss": "relativistic", "penalty": "r1(weight=1.0)"} if BLOCKS[family] else {"loss": "nonsaturating"}
    return sd.games.Gan(*networks, Images(pixels), noise=NOISE, batch=BATCH, **loss)


def of(method: str) -> Any:
    """A method whose players descend their direction at a small rate, as the peers do."""
    sgd = sd.optimiser("sgd", learning_rate=RATE)
    if method == "consensus":
        return sd.methods.consensus(gamma=GAMMA, generator=sgd, discriminator=sgd)
    return sd.methods.unrolled(steps=AHEAD, generator=sgd, discriminator=sgd)


def sweep() -> Iterator[Row]:
    """Run-steps per second of many small rings mapped together, beside one alone, and PyTorch's one after another."""
    game, method, steps = sd.games.ring(preset="numerics"), sd.methods.simultaneous(), 20 if SMOKE else 1000
    trainer = ours.Trainer(game, method)
    peer = peers.Numerics(*start_of(trainer))
    torch.set_default_device(DEVICE)
    peer.generator, peer.discriminator, peer.squares, peer.centres, peer.modes_in_turn = (
        torch.utils._pytree.tree_map(lambda x: x.detach().to(DEVICE).requires_grad_(x.requires_grad), held)
        for held in (peer.generator, peer.discriminator, peer.squares, peer.centres, peer.modes_in_turn)
    )

    def together(n):
        sd.train(game, method, steps=n * steps, every=n * steps, seeds=RUNS, key=jax.random.key(0))

    together(1)
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        together(1)
        found.append((time.perf_counter() - began) / steps / RUNS)
    times = race({"alone": trainer, "PyTorch": many(peer.step)}, ROUNDS, SECONDS)
    torch.set_default_device("cpu")
    yield Row("sweep of rings", f"{RUNS} runs together", rates(found), "run-steps/s")
    for who in ("alone", "PyTorch"):
        yield Row("sweep of rings", f"{who}, one after another", rates(times[who]), "run-steps/s")
        target = SWEPT if who == "PyTorch" and DEVICE == "cuda" and not SMOKE else None
        yield Row("sweep of rings", f"times as many as {who}", ratios(times[who], found), "×", target)


def products() -> Iterator[Row]:
    """What a product with the Jacobian of a DCGAN costs, in gradients."""
    game = image_gan("dcgan4_nobn_cf", SIZES[0], None)
    players, key = game.init(jax.random.key(0)), jax.random.key(1)
    J = sd.dynamics.jacobian(game, players, key=key)
    u = np.random.default_rng(0).standard_normal(J.size)
    gradient = eqx.filter_jit(lambda game, players, key: sd.gradients(game, players, game.draw(key)))
    times = race(
        {
            "gradient": many(lambda: jax.block_until_ready(gradient(game, players, key))),
            "product": many(lambda: jax.block_until_ready(J.product(u))),
        },
        ROUNDS, SECONDS,
    )  # fmt: skip
    yield Row("spectrum", f"{J.size:,} parameters: Jacobian products", rates(times["product"]), "1/s")
    yield Row("spectrum", "a product, in gradients", ratios(times["product"], times["gradient"]), "", 4.0, True)


def many(once) -> Any:
    """A contender that takes n of the same, and waits for the card."""

    def steps(n):
        for _ in range(n):
            once()
        wait()

    return steps


def wait() -> None:
    """Wait for what PyTorch has begun."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


PEAKS: dict[str, float] = {}  # floating-point operations per second of a large product, by type


def peak(kind: str) -> float:
    """The measured peak of a matrix product of this type, per second."""
    if kind not in PEAKS:
        size = 256 if SMOKE else 8192
        matrix = jnp.ones((size, size), kind)
        product = jax.jit(jnp.matmul)
        times = race({"product": many(lambda: jax.block_until_ready(product(matrix, matrix)))}, ROUNDS, SECONDS)
        PEAKS[kind] = 2 * size**3 / min(times["product"])
    return PEAKS[kind]


def machine() -> str:
    """The card, or that there is none, and the versions."""
    card = torch.cuda.get_device_name() if DEVICE == "cuda" else "no card"
    return f"{card}; JAX on {jax.devices()[0].device_kind}; {table.machine()}"


if __name__ == "__main__":
    if SMOKE:
        torch.set_num_threads(1)
    found = []
    for row in rows():
        found.append(row)
        print(f"{row.benchmark}: {row.measure}: {table.number(row.value)} {row.unit}", file=sys.stderr, flush=True)
    Console(width=140).print(table.draw(found, machine()))
