import math

import numpy as np
import pytest
from scipy import stats

from saddlery.metrics import class_coverage, coverage_of_counts, perfect_classes


def test_measures_are_those_of_scipy(float64):
    random = np.random.default_rng(0)
    classes = random.integers(0, 20, 500) % 18  # two are missed, two doubled
    found = class_coverage(classes, 18)
    counts = np.bincount(classes, minlength=18)
    p, u = counts / 500, np.full(18, 1 / 18)
    np.testing.assert_array_equal(found.counts, counts)
    assert found.modes == 18
    assert float(found.kl) == pytest.approx(stats.entropy(p, u), rel=1e-12)
    assert float(found.reverse_kl) == pytest.approx(stats.entropy(u, p), rel=1e-12)
    assert float(found.total_variation) == pytest.approx(np.abs(p - u).sum() / 2)
    theirs = stats.chisquare(counts)
    assert float(found.chi_square) == pytest.approx(theirs.statistic)
    assert float(found.p_value) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_missed_classes_make_the_reverse_direction_infinite():
    found = class_coverage(np.arange(600), 1000)
    assert found.modes == 600
    assert float(found.kl) == pytest.approx(math.log(1000 / 600), rel=1e-5)
    assert float(found.reverse_kl) == math.inf
    assert float(found.total_variation) == pytest.approx(0.4)
    assert float(class_coverage(np.zeros(50, int)).kl) == pytest.approx(math.log(1000), rel=1e-5)


@pytest.mark.parametrize(("n", "total"), [(300, 12), (40, 30)])
def test_a_perfect_samplers_means_are_those_of_simulation(n, total, float64):
    perfect = perfect_classes(n, total)
    counts = np.random.default_rng(1).multinomial(n, np.full(total, 1 / total), size=4000)
    simulated = coverage_of_counts(counts)._asdict()
    for name in ("modes", "kl", "total_variation", "chi_square"):
        values = np.asarray(simulated[name], float)
        assert abs(perfect[name].mean - values.mean()) < 4 * values.std() / math.sqrt(4000) + 1e-9
        inside = (values >= perfect[name].low) & (values <= perfect[name].high)
        assert inside.mean() >= 0.93
        assert name == "modes" or inside.mean() <= 0.97
    finite = np.asarray(simulated["reverse_kl"])[np.isfinite(simulated["reverse_kl"])]
    if len(finite) > 3000:
        assert perfect["reverse_kl"].mean == pytest.approx(finite.mean(), rel=0.05)


def test_the_customary_size_finds_all_thousand_and_is_not_even():
    perfect = perfect_classes(26_000)
    assert perfect["modes"].mean == pytest.approx(1000, abs=1e-6)
    assert perfect["kl"].mean == pytest.approx(999 / 52_000, rel=0.02)  # (m − 1) / 2n
    assert perfect["chi_square"].mean == 999
    assert perfect["chi_square"].low < 999 < perfect["chi_square"].high
    assert perfect["p_value"].low == pytest.approx(0.025, abs=0.03)


@pytest.mark.parametrize("classes", [[], [-1, 2], [1000]])
def test_classes_out_of_range_are_refused(classes):
    with pytest.raises(ValueError, match="expected at least one, each from 0 to 999"):
        class_coverage(np.array(classes, int))
