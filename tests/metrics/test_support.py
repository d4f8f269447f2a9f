import math

import numpy as np
import pytest

from saddlery.metrics import real_threshold, support_size


def drawn(size, n, seed):
    """n samples out of so many different ones."""
    return np.random.default_rng(seed).integers(0, size, n)[:, None].astype(float)


def test_the_size_is_found_by_pairs_that_are_the_same():
    found = [support_size(drawn(1000, 400, seed)) for seed in range(40)]
    assert np.mean([each.pairs for each in found]) == pytest.approx(400 * 399 / 2 / 1000, rel=0.05)
    assert np.median([each.size for each in found]) == pytest.approx(1000, rel=0.1)
    inside = [each.low <= 1000 <= each.high for each in found]
    assert np.mean(inside) >= 0.9


def test_the_batch_holds_a_pair_half_of_the_time():
    size = support_size(drawn(365, 365, 0))._replace(size=365.0).size
    batch = math.sqrt(2 * math.log(2) * size)
    assert batch == pytest.approx(23, abs=0.6)  # the birthday problem
    found = support_size(drawn(365, 400, 1))
    assert found.batch == pytest.approx(math.sqrt(2 * math.log(2) * found.size))


def test_samples_of_unequal_frequency_count_by_their_probability_of_meeting():
    chances = np.array([0.5, 0.25, 0.25])
    samples = np.random.default_rng(0).choice(3, 3000, p=chances)[:, None]
    assert support_size(samples).size == pytest.approx(1 / (chances**2).sum(), rel=0.05)


def test_no_pair_leaves_it_open_above():
    found = support_size(np.arange(50.0)[:, None])
    assert found.size == found.high == found.batch == math.inf
    assert found.low == pytest.approx(50 * 49 / 2 / 3.689, rel=1e-3)
    assert found.pairs == 0


def test_a_threshold_from_real_samples_gives_them_its_share():
    real = np.random.default_rng(0).normal(size=(500, 3))
    threshold = real_threshold(real, share=1e-2)
    assert support_size(real, threshold).size == pytest.approx(100, rel=0.01)
    collapsed = real[:20][np.arange(500) % 20]
    assert support_size(collapsed, threshold).size < 25
