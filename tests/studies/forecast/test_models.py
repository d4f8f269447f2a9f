"""The area under the ROC curve against scikit-learn's, and intervals that hold what they say."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from saddlery.studies.forecast.models import auroc, fitted, resampled, with_interval


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_scikit_learns_with_ties(seed):
    random = np.random.default_rng(seed)
    failed, scores = random.random(60) < 0.6, random.integers(0, 12, 60) / 12
    assert auroc(failed, scores) == pytest.approx(roc_auc_score(failed, scores), abs=1e-12)


def test_of_one_outcome_there_is_none():
    assert np.isnan(auroc(np.ones(3, bool), np.arange(3.0)))


def test_features_that_no_run_has_are_left_out():
    random = np.random.default_rng(0)
    x, failed = random.normal(size=(80, 3)), random.random(80) < 0.5
    x[:, 0] = failed + 0.1 * x[:, 0]
    unknown = x.copy()
    unknown[:, 1] = np.nan
    assert auroc(failed, fitted(unknown, failed)(unknown)) > 0.95
    assert np.allclose(fitted(unknown, failed)(unknown), fitted(x[:, [0, 2]], failed)(x[:, [0, 2]]))
    assert np.allclose(fitted(x * np.nan, failed)(x), failed.mean())


def test_the_interval_is_over_kinds_and_holds_the_area():
    """Runs of a kind are alike: drawn one by one they would promise three times the precision."""
    random, within = np.random.default_rng(1), 0
    for trial in range(40):
        kinds = np.repeat(np.arange(30), 10)
        failed = random.random(30) < 0.5
        scores = (random.normal(size=30) + failed)[kinds]
        own = failed[kinds]
        _, low, high = with_interval(
            lambda at, o=own, s=scores: auroc(o[at], s[at]), 300, resampled(kinds, trial)[:200]
        )
        within += low <= 0.7602 <= high  # P(N(1, 1) > N(0, 1))
    assert within >= 33
