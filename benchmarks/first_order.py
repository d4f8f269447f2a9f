"""Trajectories of two Gaussians against two intervals, beside the same formulas vectorised in NumPy."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.table import Row, rates, ratios
from benchmarks.timing import race
from saddlery._system.cores import usable_cores
from saddlery.studies.first_order.closed_form import BLOCK, FirstOrder, Optimal, Unrolled, advance, side_by_side

RUNS = 4 * BLOCK  # blocks enough for two cores to share
TARGET, RATE = np.float32([-0.5, 0.5]), np.float32(0.1)
TARGETS = {"steps": 20e6, "numpy": 5.0}
OTHERS = {"first-order, k=20": FirstOrder(20), "unrolled, K=20": Unrolled(20), "optimal": Optimal()}


def rows():
    """Trajectory-steps per second, a step being one discriminator and one generator update of one trajectory."""
    means, ends = start(RUNS)
    yield Row("two Gaussians", "largest difference to NumPy's means after 100 steps", [disagreement()], "", 1e-4, True)
    times = race(
        {
            "saddlery": lambda n: side_by_side(advancing(FirstOrder(), n), means, ends),
            "NumPy": lambda n: numpy_side_by_side(means, ends, n),
        },
        seconds=2.0,
    )
    counts = {name: [RUNS * rate for rate in rates(each)] for name, each in times.items()}
    yield Row("two Gaussians", "first-order, k=1: saddlery", counts["saddlery"], "steps/s", TARGETS["steps"])
    yield Row("two Gaussians", "first-order, k=1: NumPy, a thread for each core", counts["NumPy"], "steps/s")
    gain = ratios(times["NumPy"], times["saddlery"])
    yield Row("two Gaussians", "first-order, k=1: times as fast as NumPy", gain, "×", TARGETS["numpy"])
    others = {
        name: lambda n, dynamics=dynamics: side_by_side(advancing(dynamics, n), means, ends)
        for name, dynamics in OTHERS.items()
    }
    for name, each in race(others).items():
        yield Row("two Gaussians", f"{name}: saddlery", [RUNS * rate for rate in rates(each)], "steps/s")


def start(runs: int):
    """Random means and ordered intervals, float32."""
    random = np.random.default_rng(0)
    means, ends = random.uniform(-2, 2, (2, runs)), np.sort(random.uniform(-2, 2, (4, runs)), axis=0)
    return means.astype(np.float32), ends.astype(np.float32)


def advancing(dynamics, n: int):
    """A block's means and ends after `n` steps."""
    return lambda *players: advance(dynamics, TARGET, RATE, *players, every=n)


def disagreement() -> float:
    """How far the two implementations are apart."""
    means, ends = start(1000)
    path = side_by_side(advancing(FirstOrder(), 100), means, ends)
    return float(np.abs(path.means[-1] - numpy_steps(means, ends, 100)[0]).max())


def numpy_side_by_side(means, ends, n: int, block: int = 1024):
    """`numpy_steps` on blocks that stay in a core's cache, a thread for each core."""
    blocks = -(-means.shape[1] // block)
    parts = (np.array_split(players, blocks, axis=1) for players in (means, ends))
    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(pool.map(lambda *part: numpy_steps(*part, n), *parts))


def numpy_steps(means, ends, n: int):
    """The formulas of `FirstOrder`, in NumPy."""
    signs = np.float32([[-1], [1], [-1], [1]])
    half = np.float32(0.5 / np.sqrt(2 * np.pi))

    def bell(u):
        return np.exp(np.float32(-0.5) * u * u)

    for _ in range(n):
        excess = bell(ends - TARGET[0]) + bell(ends - TARGET[1]) - bell(ends - means[0]) - bell(ends - means[1])
        ends = ends + RATE * half * signs * excess
        means = means - RATE * half * (signs * bell(ends - means[:, None])).sum(1)
    return means, ends
