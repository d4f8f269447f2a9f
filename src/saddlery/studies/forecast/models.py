"""Models that foretell failure from features, and how well they do: AUROC with intervals over kinds of runs."""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

RESAMPLES = 1000  # of the bootstrap over kinds
FOLDS = 5
BOUNDS = ("value", "low", "high")  # of a number with its interval
WITHIN = 5.0  # standard deviations to which features of the logistic regression are clipped


def fitted(features: np.ndarray, failed: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A model fitted to runs: the mean of a logistic regression's and a histogram gradient boosting's probabilities.

        >>> random = np.random.default_rng(0)
        >>> x = random.normal(size=(200, 2))
        >>> predict = fitted(x, x[:, 0] > 0)
        >>> bool(predict(np.array([[3.0, 0.0]]))[0] > 0.9)
        True

    **Arguments:** `features` (run, feature), NaN where one is not known; `failed` (run,).

    **Returns:** a function from features to the probability of failure, `(run,)`. Where all runs it was fitted to have
    one outcome, it is their share.
    """
    if len(np.unique(failed)) < 2 or not np.isfinite(features).any():
        return lambda x: np.full(len(x), float(np.mean(failed)))
    models = (
        make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            StandardScaler(),
            FunctionTransformer(_clipped),
            LogisticRegression(C=0.1, max_iter=5000),
        ),
        HistGradientBoostingClassifier(
            max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=10, l2_regularization=1.0,
            random_state=0,
        ),
    )  # fmt: skip
    known = np.isfinite(features).any(0)  # what is known of no run tells nothing
    for model in models:
        model.fit(features[:, known], failed)
    return lambda x: np.mean([model.predict_proba(x[:, known])[:, 1] for model in models], axis=0)


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -WITHIN, WITHIN)


def out_of_fold(features: np.ndarray, failed: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """The probabilities of each run by a model fitted to other kinds of runs, `(run,)`, in five folds.

    So that thresholds for runs that were not seen can be found on those that were.
    """
    found = np.full(len(failed), np.nan)
    for seen, unseen in GroupKFold(min(FOLDS, len(np.unique(kinds)))).split(features, failed, kinds):
        found[unseen] = fitted(features[seen], failed[seen])(features[unseen])
    return found


def auroc(failed: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve: how often a run that fails has the higher score than one that does not.

    >>> auroc(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))  # one pair right, one tied
    0.75
    """
    failing = int(failed.sum())
    if not 0 < failing < len(failed):
        return float("nan")
    ranks = rankdata(scores)[failed].sum()  # Mann and Whitney's: a thousand times in a bootstrap
    return float((ranks - failing * (failing + 1) / 2) / (failing * (len(failed) - failing)))


def resampled(kinds: np.ndarray, key: int = 0) -> list[np.ndarray]:
    """The bootstrap's samples of runs: kinds are drawn with replacement, each with all its runs."""
    random, places = np.random.default_rng(key), [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
    return [np.concatenate([places[i] for i in random.integers(0, len(places), len(places))]) for _ in range(RESAMPLES)]


def with_interval(
    of: Callable[[np.ndarray], float], runs: int, samples: list[np.ndarray]
) -> tuple[float, float, float]:
    """A number of all runs, and its 95% interval by the bootstrap's samples; those in which it is NaN are left out.

    **Arguments:** `of`: from places of runs to the number.
    """
    drawn = np.array([of(sample) for sample in samples])
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return of(np.arange(runs)), float(low), float(high)
