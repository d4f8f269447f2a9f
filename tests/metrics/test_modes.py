import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from saddlery.data import Mixture, grid_centres, ring_centres
from saddlery.metrics import ModeCoverage, histogram_divergences, mode_coverage, perfect_sampler

histograms = st.sampled_from([2, 5, 12]).flatmap(lambda m: st.lists(st.integers(0, 1000), min_size=m, max_size=m))


def by_hand(samples, centres, std, within=3.0):
    counts = np.zeros(len(centres), int)
    for sample in samples:
        distances = [math.dist(sample, centre) for centre in centres]
        if min(distances) <= within * std:
            counts[np.argmin(distances)] += 1
    return counts


@settings(max_examples=40, deadline=None)
@given(histograms)
def test_divergences_are_those_of_scipy(counts):
    assume(sum(counts) > 0)
    p, u = np.array(counts) / sum(counts), np.full(len(counts), 1 / len(counts))
    with jax.enable_x64(True):
        measured = histogram_divergences(np.array(counts))
    np.testing.assert_allclose(measured.kl, stats.entropy(p, u), atol=1e-12)
    np.testing.assert_allclose(measured.js, jensenshannon(p, u) ** 2, atol=1e-12)
    np.testing.assert_allclose(measured.total_variation, np.maximum(p - u, 0).sum(), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(histograms, st.randoms(use_true_random=False))
def test_divergences_keep_their_bounds_and_ignore_the_order_of_the_modes(counts, random):
    m = len(counts)
    kl, js, tv = map(float, histogram_divergences(np.array(counts)))
    slack = 1e-6
    assert -slack <= kl <= math.log(m) + slack
    assert -slack <= js <= math.log(2) + slack
    assert 0 <= tv <= 1 - 1 / m + slack
    assert tv**2 <= kl / 2 + slack  # Pinsker
    assert js <= math.log(2) * tv + slack
    shuffled = random.sample(counts, m)
    if sum(counts):
        np.testing.assert_allclose(histogram_divergences(np.array(shuffled)), (kl, js, tv), atol=1e-6)


@pytest.mark.parametrize("modes", [2, 8, 1000])
def test_only_uniform_is_zero_and_nothing_is_worse_than_collapse(modes):
    np.testing.assert_allclose(histogram_divergences(jnp.full(modes, 7)), 0.0, atol=1e-6)
    collapsed = histogram_divergences(jnp.zeros(modes).at[1].set(5))
    assert float(collapsed.kl) == pytest.approx(math.log(modes), rel=1e-6)
    assert float(collapsed.total_variation) == pytest.approx(1 - 1 / modes)
    np.testing.assert_allclose(histogram_divergences(jnp.zeros(modes)), collapsed, rtol=1e-5)


def test_batches_of_histograms_are_measured_one_by_one():
    counts = np.random.default_rng(0).integers(0, 9, (3, 4, 6))
    together = histogram_divergences(counts)
    assert together.kl.shape == (3, 4)
    np.testing.assert_allclose(together.js[2, 1], histogram_divergences(counts[2, 1]).js, rtol=1e-4)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_counts_are_those_of_a_double_loop(dimension):
    rng = np.random.default_rng(dimension)
    centres = rng.normal(size=(6, dimension)).astype(np.float32)
    samples = (centres[rng.integers(0, 5, 200)] + 0.2 * rng.normal(size=(200, dimension))).astype(np.float32)
    expected = by_hand(samples, centres, 0.1)
    measured = mode_coverage(samples, centres, 0.1, least=3)
    np.testing.assert_array_equal(measured.counts, expected)
    assert measured.modes == (expected >= 3).sum()
    assert float(measured.high_quality) == pytest.approx(expected.sum() / 200)
    np.testing.assert_allclose(measured.kl, stats.entropy(expected, np.ones(6)), rtol=1e-5)


def test_rotating_shifting_and_shuffling_change_nothing():
    centres = grid_centres(3, 1.0)
    rng = np.random.default_rng(0)
    samples = Mixture(centres[:6], 0.1).draw(jax.random.key(0), 300)
    angle = 0.7
    turn = jnp.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    order = rng.permutation(300)
    straight = mode_coverage(samples, centres, 0.1)
    turned = mode_coverage((samples @ turn)[order] + 2.0, centres @ turn + 2.0, 0.1)
    np.testing.assert_array_equal(straight.counts, turned.counts)


def test_the_radius_is_the_number_of_standard_deviations():
    centres = jnp.array([[0.0, 0.0], [10.0, 0.0]])
    samples = jnp.array([[0.0, 0.59], [0.0, 0.61], [10.0, 0.39], [10.0, 0.41]])
    assert mode_coverage(samples, centres, 0.2).counts.tolist() == [1, 2]
    assert mode_coverage(samples, centres, 0.2, within=2.0).counts.tolist() == [0, 1]
    assert mode_coverage(samples, centres, 0.2, least=2).modes == 1


def test_without_a_sample_of_high_quality_nothing_is_covered_and_the_histogram_is_collapsed():
    measured = mode_coverage(jnp.full((10, 2), 50.0), ring_centres(8, 1.0), 0.02)
    assert (measured.modes, measured.high_quality) == (0, 0.0)
    assert float(measured.kl) == pytest.approx(math.log(8), rel=1e-6)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"samples, centres.*\(5, 3\)"):
        mode_coverage(jnp.zeros((5, 3)), ring_centres(8, 1.0), 0.02)


@pytest.mark.parametrize(("n", "modes", "dimension", "least"), [(30, 8, 2, 1), (400, 25, 3, 12)])
def test_a_perfect_sampler_scores_as_the_mixture_itself_does(n, modes, dimension, least):
    repeats = 300
    centres = 10.0 * jnp.arange(modes)[:, None] * jnp.ones(dimension)
    measured = jax.jit(
        jax.vmap(lambda key: mode_coverage(Mixture(centres, 0.5).draw(key, n), centres, 0.5, least=least))
    )(jax.random.split(jax.random.key(0), repeats))
    expected = perfect_sampler(n, modes, dimension, least=least)
    assert set(expected) == set(ModeCoverage._fields) - {"counts"}
    for name, (mean, low, high) in expected.items():
        values = np.asarray(getattr(measured, name), float)
        assert abs(values.mean() - mean) < 4.5 * values.std() / math.sqrt(repeats) + 1e-6, name
        assert np.mean((values >= low - 1e-6) & (values <= high + 1e-6)) > 0.9, name
        assert low <= mean <= high, name


def test_the_perfect_sampler_agrees_with_closed_forms():
    n, modes = 500, 20
    expected = perfect_sampler(n, modes, dimension=4, within=2.0, least=15)
    quality = stats.chi2.cdf(4.0, df=4)
    assert expected["high_quality"].mean == pytest.approx(quality, rel=1e-12)
    low, high = stats.binom.interval(0.95, n, quality)
    assert expected["high_quality"].low == pytest.approx(low / n, abs=3 / n)
    assert expected["high_quality"].high == pytest.approx(high / n, abs=3 / n)
    covered = modes * stats.binom.sf(14, n, quality / modes)
    assert expected["modes"].mean == pytest.approx(covered, abs=0.2)
    # The histogram's KL times 2n is asymptotically χ² with m − 1 degrees of freedom.
    many = perfect_sampler(50_000, modes)
    size = 2 * 50_000 * many["high_quality"].mean
    assert many["kl"].mean * size == pytest.approx(modes - 1, rel=0.05)
    assert many["kl"].high * size == pytest.approx(stats.chi2.ppf(0.975, modes - 1), rel=0.08)
