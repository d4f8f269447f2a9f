"""Periods of a record: found where there is one, and seldom in noise, whatever its colour."""

import numpy as np
import pytest

from saddlery.analysis.periods import LEAST, POINTS, period

RNG = np.random.default_rng


def following(rng, count, by):
    """Noise in which each number follows the last by this much."""
    found = np.zeros(count)
    for i, shock in enumerate(rng.normal(size=count)):
        found[i] = by * found[i - 1] + shock
    return found


NOISES = {
    "white": lambda rng, n: rng.normal(size=n),
    "following": lambda rng, n: following(rng, n, 0.9),
    "drifting, in batches": lambda rng, n: following(rng, n, 0.99) + 3 * rng.normal(size=n),
    "walking": lambda rng, n: rng.normal(size=n).cumsum(),
    "skewed": lambda rng, n: rng.exponential(size=n) ** 2,
    "falling": lambda rng, n: 5 * np.exp(-np.arange(n) / (n / 10)) + 0.1 * rng.normal(size=n),
    "smoothed": lambda rng, n: np.convolve(rng.normal(size=n + 9), np.ones(10), "valid"),
}


@pytest.mark.parametrize("noise", NOISES)
def test_noise_has_seldom_a_period(noise):
    rng, runs = RNG(1), [(count, i) for count in (LEAST, 400, 1500) for i in range(40)]
    found = [period(np.arange(count), NOISES[noise](rng, count)) for count, _ in runs]
    assert sum(each is not None for each in found) <= 0.08 * len(runs)


@pytest.mark.parametrize(("count", "length"), [(200, 40), (400, 8), (400, 60), (20_000, 1500)])
def test_a_swing_as_large_as_the_noise_is_found(count, length):
    rng, time = RNG(0), np.arange(count)
    wanted = 1.5 if count < POINTS else 0.5  # of many records several are put together
    values = wanted * np.sin(2 * np.pi * time / length) + rng.normal(size=count) + time / count
    found = period(50 * time, values)
    assert found.length == pytest.approx(50 * length, rel=0.1)
    assert found.cycles == pytest.approx(count / length, rel=0.1)
    assert 0.3 < found.share <= 1


def test_records_that_are_not_evenly_apart_are_laid_on_even_steps():
    steps = np.sort(RNG(0).choice(40_000, 800, replace=False))
    found = period(steps, np.sin(2 * np.pi * steps / 2000) + 0.3 * RNG(1).normal(size=800))
    assert found.length == pytest.approx(2000, rel=0.05)


@pytest.mark.parametrize(
    "values", [np.sin(np.arange(LEAST - 1)), np.ones(500), np.arange(500.0), np.full(500, 1e30), np.zeros(500)]
)
def test_few_records_lines_and_constants_have_none(values):
    assert period(np.arange(len(values)), values) is None
