"""Spectra: all eigenvalues of a small game from nothing, and the largest of a large one by Jacobian products."""

import os
import subprocess
import sys
import time

import equinox as eqx
import jax
import numpy as np

import saddlery as sd
from benchmarks.table import Row, ratios
from benchmarks.timing import race
from saddlery.data import Images
from saddlery.dynamics import jacobian
from saddlery.games import Gan
from saddlery.networks import MLP

K = 10


def rows():
    """Seconds for 2,003 eigenvalues, compilation included; products and their cost for a million parameters."""
    wall, busy = from_nothing()
    yield Row("spectrum", "2,003 parameters: all eigenvalues, compilation included", [wall], "s", 20, True)
    yield Row("spectrum", "2,003 parameters: the processor's time of that, all cores", [busy], "s")
    game = image_gan()
    players, key = game.init(jax.random.key(0)), jax.random.key(1)
    found = sd.spectrum(game, players, key=key, k=K)
    size = f"{found.size:,} parameters"
    yield Row("spectrum", f"{size}: Jacobian products for the {K} largest eigenvalues", [found.products], "", 300, True)
    largest = found.residuals / np.abs(found.eigenvalues)
    yield Row("spectrum", f"{size}: largest residual, of its eigenvalue's magnitude", [largest.max()], "", 1e-3, True)
    J, u = jacobian(game, players, key=key), np.random.default_rng(0).standard_normal(found.size)
    times = race(
        {
            "gradient": repeated(lambda: jax.block_until_ready(gradient(game, players, key))),
            "product": repeated(lambda: J.product(u)),
            "transposed": repeated(lambda: J.transposed(u)),
        }
    )
    for name in times:
        yield Row("spectrum", f"{size}: a {name}", [1e3 * seconds for seconds in times[name]], "ms")
    for name in ("product", "transposed"):
        cost = ratios(times[name], times["gradient"])
        yield Row("spectrum", f"{size}: a {name}, in gradients", cost, "", 4.0, True)


def image_gan() -> Gan:
    """Two multilayer perceptrons on 32×32 images, about a million parameters together."""
    images = np.random.default_rng(0).integers(0, 256, (256, 32, 32, 1), dtype=np.uint8)
    generator = MLP(64, (32, 32, 1), (256, 256), "relu", "tanh", "he")
    discriminator = MLP(1024, 1, (560, 128), "leaky_relu", None, "he")
    return Gan(generator, discriminator, Images(images), noise=64, batch=64)


@eqx.filter_jit
def gradient(game, players, key):
    """Both players' gradients on a fresh batch, drawn in the program as a product's is."""
    return sd.gradients(game, players, game.draw(key))


def repeated(once):
    """A contender that takes n of the same."""
    return lambda n: [once() for _ in range(n)]


def from_nothing() -> tuple[float, float]:
    """Wall and processor seconds of the dense spectrum in a process that has nothing compiled yet."""
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, "-m", "benchmarks.spectrum"]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    wall, busy = map(float, printed.split())
    return wall, busy


def measure() -> None:
    """The process that `from_nothing` starts: prints both."""
    game = sd.games.ring("numerics")
    players = game.init(jax.random.key(0))
    wall, busy = time.perf_counter(), time.process_time()
    found = sd.spectrum(game, players, key=jax.random.key(1))
    assert found.complete
    assert found.size == 2003
    print(time.perf_counter() - wall, time.process_time() - busy)


if __name__ == "__main__":
    measure()
