import math

import jax
import numpy as np
import pytest
import scipy.linalg

from saddlery.metrics import density_coverage, frechet_distance, inception_score, kernel_distance, precision_recall


def features(seed, n=300, d=12):
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(d, d))
    return np.maximum(random.normal(size=(n, d)) @ mixing + 0.3 * seed, 0)


def test_the_inception_score_is_torch_fidelitys(fidelity):
    logits = 3 * np.random.default_rng(0).normal(size=(203, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    theirs = fidelity.isc(fidelity.tensor(logits), splits=7, shuffle=False)
    ours = inception_score(probabilities, splits=7)
    assert ours.mean == pytest.approx(theirs["inception_score_mean"], rel=1e-10)
    assert ours.std == pytest.approx(theirs["inception_score_std"], rel=1e-8)


def test_the_inception_score_lies_between_one_and_the_number_of_classes():
    sure = np.eye(10)[np.arange(200) % 10]
    assert inception_score(sure, splits=1).mean == pytest.approx(10)
    assert inception_score(np.eye(10)[np.zeros(200, int)], splits=5) == pytest.approx((1.0, 0.0))
    assert inception_score(np.full((200, 10), 0.1), splits=5) == pytest.approx((1.0, 0.0))


def test_the_frechet_distance_is_torch_fidelitys(fidelity):
    x, y = features(1), features(2, n=250)
    statistics = [fidelity.statistics(fidelity.tensor(each)) for each in (x, y)]
    theirs = fidelity.fid(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(x, y) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("n", [300, 8])  # with fewer samples than features the covariances are singular
def test_the_frechet_distance_is_that_of_gaussians(n):
    x, y = features(1, n), features(2, n)
    sigma, other = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(scipy.linalg.sqrtm(sigma) @ other @ scipy.linalg.sqrtm(sigma))
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(sigma + other - 2 * np.real(root))
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(x, x + 2) == pytest.approx(4 * x.shape[1], rel=1e-6)


def test_the_kernel_distance_is_torch_fidelitys(fidelity):
    x, y = features(1), features(2, n=250)
    theirs = fidelity.kid(
        fidelity.tensor(x), fidelity.tensor(y), kid_subsets=6, kid_subset_size=100, rng_seed=5, verbose=False
    )
    ours = kernel_distance(x, y, subsets=6, size=100, seed=5)
    assert ours.mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert ours.std == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-7)


def test_the_kernel_distance_is_unbiased():
    random = np.random.default_rng(0)
    values = [kernel_distance(*random.normal(size=(2, 20, 3)), subsets=1, size=20).mean for _ in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(300)
    assert min(values) < 0


def test_precision_and_recall_are_torch_fidelitys(fidelity):
    generated, real = features(1), features(2, n=250)
    theirs = fidelity.prc(
        fidelity.tensor(generated), fidelity.tensor(real), prc_neighborhood=3, prc_batch_size=64, verbose=False
    )
    ours = precision_recall(generated, real)
    assert ours.precision == pytest.approx(theirs["precision"], abs=1e-7)
    assert ours.recall == pytest.approx(theirs["recall"], abs=1e-7)
    assert 0 < ours.recall < 1
    assert 0 < ours.precision < 1


def by_loops(generated, real, k):
    """Density and coverage, sample by sample."""
    inside, covered = 0, 0
    for i, centre in enumerate(real):
        radius = sorted(np.linalg.norm(centre - other) for j, other in enumerate(real) if j != i)[k - 1]
        held = sum(np.linalg.norm(centre - each) <= radius for each in generated)
        inside, covered = inside + held, covered + (held > 0)
    return inside / (k * len(generated)), covered / len(real)


@pytest.mark.parametrize("k", [1, 5])
def test_density_and_coverage_are_those_of_a_double_loop(k):
    generated, real = features(1, 60), features(2, 50)
    assert density_coverage(generated, real, k) == pytest.approx(by_loops(generated, real, k), rel=1e-12)


def test_density_and_coverage_of_equal_distributions():
    random = np.random.default_rng(0)
    density, coverage = np.mean([density_coverage(*random.normal(size=(2, 400, 3))) for _ in range(10)], axis=0)
    assert density == pytest.approx(1, abs=0.03)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.01)


def test_collapse_costs_recall_and_coverage_and_noise_costs_precision():
    random = np.random.default_rng(0)
    real, collapsed = random.normal(size=(300, 4)), 0.3 * random.normal(size=(300, 4))
    noise = 3 * random.normal(size=(300, 4))
    assert precision_recall(collapsed, real).precision > 0.95 > 0.3 > precision_recall(collapsed, real).recall
    assert precision_recall(noise, real).recall > 0.9 > 0.6 > precision_recall(noise, real).precision
    assert density_coverage(collapsed, real).coverage < 0.6
    assert density_coverage(noise, real).density < 0.5


def test_features_of_any_kind_of_array_will_do():
    x, y = features(1, 40), features(2, 40)
    assert frechet_distance(jax.numpy.asarray(x), y) == pytest.approx(frechet_distance(x, y), rel=1e-4)


def test_scores_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"got shapes \(4, 3\) and \(4, 2\)"):
        frechet_distance(np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="generated: got 3 samples, expected at least 4"):
        precision_recall(np.ones((3, 2)), np.ones((9, 2)))
    with pytest.raises(ValueError, match="generated: 1 of 9 hold numbers that are not finite"):
        density_coverage(np.diag([np.nan, *[1.0] * 8]), np.eye(9))
    with pytest.raises(ValueError, match="rows that sum to 1"):
        inception_score(np.ones((20, 3)))
    with pytest.raises(ValueError, match="splits: got 10 for 4 samples"):
        inception_score(np.full((4, 2), 0.5))
