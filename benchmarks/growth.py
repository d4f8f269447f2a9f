"""Growth: how the cost of each thing grows with its size, as slopes on logarithmic axes.

`python -m benchmarks.growth PICTURE [CELLS]` draws them too, with a store of so many cells, such as 100000.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

import saddlery as sd
from benchmarks import many_cells, ours
from benchmarks.table import Row
from benchmarks.timing import calibrate, turn
from saddlery.data.images import Images
from saddlery.data.shards import Shards

NAME, ROUNDS, SECONDS = "growth", 3, 0.5
STEEPEST = 1.1  # slope between the two largest sizes, up to which growth is called linear
CELLS = (10, 100, 1_000, 10_000)
MANY, MINUTE, MEMORY = 100_000, 60.0, 4.0  # cells of a store, and seconds and gigabytes of its report

Curve = tuple[str, Sequence[int], Sequence[float]]  # what grows, its sizes, and what each costs


def rows(found: Sequence[Curve] | None = None) -> Iterator[Row]:
    """The slope between the two largest sizes of everything that grows, and the largest cost."""
    for what, sizes, costs in curves(CELLS) if found is None else found:
        yield Row(NAME, f"{what}: slope from {sizes[-2]:,} to {sizes[-1]:,}", [slope(sizes, costs)], "", STEEPEST, True)
        neighbours = [slope(sizes[:i], costs[:i]) for i in range(2, len(sizes) + 1)]
        yield Row(NAME, f"{what}: steepest between two sizes", [max(neighbours)])
        unit = "GB" if what.endswith("GB") else "s"
        target = {"report": MINUTE, "report, GB": MEMORY}.get(what.partition(": ")[2]) if sizes[-1] == MANY else None
        yield Row(NAME, f"{what}: at {sizes[-1]:,}", [costs[-1]], unit, target, True)


def slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The slope between the two largest sizes, on logarithmic axes: 1 where the cost grows like the size."""
    return float(np.log(costs[-1] / costs[-2]) / np.log(sizes[-1] / sizes[-2]))


def curves(cells: Sequence[int]) -> Iterator[Curve]:
    """What grows, at each of its sizes."""
    ring = ours.unrolled_ring()
    yield _curve("a step, by K", (1, 2, 5, 10, 20, 50, 100), lambda k: step(ring, ours.unrolled(k)))
    yield _curve("a sweep, by runs", (1, 4, 16, 64, 256, 1024), sweep)
    parameters = [*(10**i for i in range(3, 8)), 3 * 10**7]
    yield _curve("a consensus step, by parameters", parameters, lambda n: step(of_size(n), consensus()))
    batches = [64, 256, 1024, 4096, 8192, 32_768]
    yield _curve("a step, by batch", batches, lambda n: step(sd.games.ring(batch=n), sd.methods.simultaneous()))
    images = [10**i for i in range(3, 7)]
    yield _curve("a step on images, by their number", images, lambda n: step(of_images(n), sd.methods.simultaneous()))
    yield _curve("opening images and drawing a shard, by their number", images, shards)
    found = [many_cells.measured(n) for n in cells]
    for what in found[0]:
        yield f"a store, by cells: {what}", cells, [each[what] for each in found]


def _curve(what: str, sizes: Sequence[int], cost: Callable[[int], float]) -> Curve:
    return what, sizes, [cost(size) for size in sizes]


def step(game: Any, method: Any) -> float:
    """Seconds of a training step, the median of rounds."""
    trainer = ours.Trainer(game, method)
    n = calibrate(trainer, 0.1 * SECONDS)
    found = float(np.median([turn(trainer, n, SECONDS) for _ in range(ROUNDS)]))
    jax.clear_caches()
    return found


def consensus() -> Any:
    """Consensus optimisation."""
    return sd.methods.consensus(gamma=10.0)


def sweep(runs: int) -> float:
    """Seconds of so many runs of 200 steps side by side, compiled before."""
    game, method = sd.games.ring(preset="numerics"), sd.methods.simultaneous()

    def trained(seeds):
        sd.train(game, method, steps=200, every=200, seeds=seeds, key=jax.random.key(0))

    trained(1)
    began = time.perf_counter()
    trained(runs)
    return time.perf_counter() - began


def of_size(parameters: int) -> Any:
    """A GAN of about so many parameters, half of them each player's, in two hidden layers."""
    width = max(1, round((parameters / 2) ** 0.5))
    mlps = (sd.networks.MLP(inputs, outputs, (width, width)) for inputs, outputs in ((16, 2), (2, 1)))
    return sd.games.Gan(*mlps, sd.games.ring(preset="numerics").data, noise=16, batch=64)


def of_images(number: int) -> Any:
    """A GAN on so many random images of 8 × 8."""
    bare = sd.games.digits()
    data = Images(np.random.default_rng(0).integers(0, 256, (number, 8, 8, 1), np.uint8))
    return sd.games.Gan(bare.generator, bare.discriminator, data, noise=bare.noise, batch=bare.batch)


def shards(number: int) -> float:
    """Seconds to open a file of so many images, and to exchange a shard of an eighth of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        np.save(path, np.random.default_rng(0).integers(0, 256, (number, 8, 8, 1), np.uint8))
        found = []
        for i in range(ROUNDS):
            began = time.perf_counter()
            of_file = Shards(path, size=number // 8 // 4 * 4, steps=10, block=4)
            jax.block_until_ready(of_file.at(10 * i, jax.random.key(0)).draw(jax.random.key(1), 64))
            found.append(time.perf_counter() - began)
    return min(found)


def draw(found: Sequence[Curve], path: Path) -> None:
    """A panel for each kind of size: costs against sizes on logarithmic axes, beside a line of slope 1."""
    import matplotlib.pyplot as plt

    kinds = list(dict.fromkeys(tuple(sizes) for _, sizes, _ in found))
    figure, panels = plt.subplots(2, -(-len(kinds) // 2), figsize=(13, 8), layout="constrained")
    for kind, axes in zip(kinds, panels.flat, strict=False):
        for what, sizes, costs in found:
            if tuple(sizes) == kind:
                axes.loglog(sizes, costs, "o-", label=f"{what} ({slope(sizes, costs):.2f})")
        low = min(costs[-1] for _, sizes, costs in found if tuple(sizes) == kind)
        axes.loglog(kind, [low * size / kind[-1] for size in kind], "k:", linewidth=1, label="slope 1")
        axes.set_ylabel("seconds, or GB")
        axes.legend(fontsize=7)
    for axes in list(panels.flat)[len(kinds) :]:
        axes.set_axis_off()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    from rich.console import Console

    from benchmarks import table
    from saddlery._system.allocator import keep_memory

    keep_memory()
    most = int(sys.argv[2]) if len(sys.argv) > 2 else CELLS[-1]
    measured = list(curves(sorted({*(each for each in CELLS if each < most), most})))
    draw(measured, Path(sys.argv[1]))
    Console(width=130).print(table.draw(list(rows(measured)), table.machine()))
