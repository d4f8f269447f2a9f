import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, stats

from saddlery.metrics import median_distance, mmd, mmd_squared, sliced_wasserstein
from saddlery.metrics.distances import ascending

KEY = jax.random.key(0)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(("n", "m"), [(6, 6), (1, 5), (4, 6), (12, 5), (7, 10)])
def test_in_one_dimension_it_is_the_wasserstein_distance_for_any_two_sizes(n, m, float64):
    x, y = normal(n, n, 1), normal(n + 1, m, 1)
    first, second = (sliced_wasserstein(x, y, KEY, 3, order) for order in (1, 2))
    assert float(first) == pytest.approx(stats.wasserstein_distance(x[:, 0], y[:, 0]), rel=1e-10)
    # Of order 2, by brute force: both sets repeated to n·m equal weights, matched at the least cost.
    costs = (np.repeat(x, m, axis=0) - np.repeat(y, n, axis=0).T) ** 2
    matched = costs[optimize.linear_sum_assignment(costs)].mean()
    assert float(second) == pytest.approx(math.sqrt(matched), rel=1e-7)


@pytest.mark.parametrize("order", [1, 2])
def test_a_shift_moves_each_projection_by_its_cosine(order, float64):
    x, shift = normal(0, 50, 3), np.array([0.0, 3.0, 4.0])
    measured = sliced_wasserstein(x, x + shift, KEY, projections=20_000, order=order)
    # On the sphere in three dimensions the cosine is uniform on [−1, 1]: E|cos| = 1/2, E cos² = 1/3.
    assert float(measured) == pytest.approx(5 / 2 if order == 1 else 5 / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("order", [1, 2])
def test_it_is_a_metric_that_ignores_the_order_of_samples(order, float64):
    def distance(x, y):
        return float(sliced_wasserstein(x, y, KEY, 32, order))

    x, y, z = normal(0, 20, 4, 4, 1), 2 * normal(1, 30, 4, 4, 1), normal(2, 20, 4, 4, 1) + 1
    assert distance(x, x[::-1]) == pytest.approx(0, abs=1e-12)
    assert distance(x, np.repeat(x, 3, axis=0)) == pytest.approx(0, abs=1e-12)
    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-12)
    assert distance(x, y) > 0.1
    assert distance(x, z) <= distance(x, y) + distance(y, z)
    assert distance(3 * x + 5, 3 * y + 5) == pytest.approx(3 * distance(x, y), rel=1e-12)


def test_the_sliced_distance_does_not_depend_on_the_axes():
    x, y = normal(0, 200, 2), normal(1, 200, 2) * np.array([3.0, 0.5])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    straight, turned = (float(sliced_wasserstein(a, b, KEY, 4000)) for a, b in ((x, y), (x @ turn, y @ turn)))
    assert straight == pytest.approx(turned, rel=0.03)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_numbers_are_in_the_order_of_numpy(kind, float64):
    x = np.concatenate([normal(0, 3, 90), [[0.0, -0.0, np.inf, -np.inf, 1e-40, -1e-40, 3e38, -3e38, 1, 1]] * 3], axis=1)
    found = ascending(jnp.asarray(x, kind))
    assert found.dtype == kind
    np.testing.assert_array_equal(found, np.sort(x.astype(kind), axis=1))
    assert np.isnan(ascending(jnp.array([np.nan, 1.0, -np.nan], kind))).sum() == 2


@pytest.mark.parametrize(("n", "m"), [(7, 7), (5, 9)])
def test_mmd_is_the_double_loop(n, m, float64):
    x, y, bandwidths = normal(0, n, 2, 3), normal(1, m, 2, 3) + 0.5, [0.5, 2.0]

    def kernel(a, b):
        return np.mean([math.exp(-((a - b) ** 2).sum() / (2 * s**2)) for s in bandwidths])

    within = [np.mean([kernel(a, b) for a, b in itertools.permutations(s, 2)]) for s in (x, y)]
    across = np.mean([kernel(a, b) for a in x for b in y])
    expected = sum(within) - 2 * across
    measured = mmd_squared(x, y, jnp.array(bandwidths))
    assert float(measured) == pytest.approx(expected, rel=1e-10)
    assert float(mmd(x, y, jnp.array(bandwidths))) == pytest.approx(math.sqrt(max(0, expected)), rel=1e-8)


def test_mmd_between_gaussians_is_the_closed_form():
    # For N(0, I) and N(μ, I) in d dimensions: MMD² = 2 (σ²/(σ²+2))^{d/2} (1 − exp(−‖μ‖² / 2(σ²+2))).
    shift, sigma, repeats = 0.8, 1.5, 200
    expected = 2 * sigma**2 / (sigma**2 + 2) * (1 - math.exp(-(shift**2) / (2 * (sigma**2 + 2))))

    def estimate(key, mean):
        x, y = jax.random.normal(key, (2, 40, 2))
        return mmd_squared(x, y + jnp.array([mean, 0.0]), jnp.array([sigma]))

    keys = jax.random.split(KEY, repeats)
    for mean, value in ((shift, expected), (0.0, 0.0)):  # unbiased: zero in expectation for equal distributions
        estimates = np.asarray(jax.vmap(estimate, (0, None))(keys, mean))
        assert abs(estimates.mean() - value) < 4 * estimates.std() / math.sqrt(repeats)
    assert estimates.min() < 0


def test_mmd_does_not_depend_on_axes_origin_order_or_scale(float64):
    x, y = normal(0, 30, 3), 2 * normal(1, 40, 3)
    turn, _ = np.linalg.qr(normal(2, 3, 3))
    measured = float(mmd(x, y))
    assert measured > 0.05
    assert float(mmd(y, x)) == pytest.approx(measured, rel=1e-9)
    assert float(mmd(10 * (x @ turn)[::-1] + 3, 10 * y @ turn + 3)) == pytest.approx(measured, rel=1e-9)


def test_rounding_stays_small_far_from_the_origin():
    x, y = normal(0, 30, 2) * 0.01, normal(1, 30, 2) * 0.02
    near, far = (float(mmd(jnp.float32(x + c), jnp.float32(y + c), jnp.array([0.01]))) for c in (0, 8))
    assert near == pytest.approx(far, rel=1e-3)


@pytest.mark.parametrize("n", [4, 7])
def test_the_median_distance_is_that_of_all_pairs(n, float64):
    x = normal(0, n, 2, 2)
    expected = np.median([np.linalg.norm(a - b) for a, b in itertools.combinations(x, 2)])
    assert float(median_distance(x)) == pytest.approx(expected, rel=1e-12)


def test_equal_points_are_at_no_distance():
    x = jnp.ones((5, 2))
    assert float(median_distance(x)) == 1.0
    assert float(mmd(x, x)) == 0.0
    assert float(sliced_wasserstein(x, x, KEY)) == 0.0


def test_distances_say_what_does_not_fit():
    with pytest.raises(ValueError, match="order: got 3"):
        sliced_wasserstein(jnp.ones((4, 2)), jnp.ones((4, 2)), KEY, order=3)
    with pytest.raises(ValueError, match=r"x, y: got samples of shapes \(2,\) and \(3,\)"):
        mmd(jnp.ones((4, 2)), jnp.ones((4, 3)))
    with pytest.raises(ValueError, match="x: got 1 samples, expected at least 2"):
        mmd(jnp.ones((1, 2)), jnp.ones((4, 2)))
