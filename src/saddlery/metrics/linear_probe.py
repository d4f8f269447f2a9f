"""How much features know of the labels: a linear classifier on a hundred of them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int


class LinearProbe(NamedTuple):
    """Accuracies of linear classifiers on other samples, one for each choice of the labelled ones."""

    accuracies: Float[np.ndarray, " repeats"]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """The standard deviation of one choice."""
        return float(self.accuracies.std(ddof=1))


def linear_probe(
    features: Float[Array, "n features"],
    labels: Int[Array, " n"],
    labelled: int = 100,
    repeats: int = 10,
    seed: int = 0,
) -> LinearProbe:
    """The accuracy of a logistic regression on few labels: what a discriminator has learned without any.

    The semi-supervised sanity check that the reviewers of Metz et al. (2017) asked for, in its plainest form
    (Radford et al., 2016, train linear classifiers on a discriminator's features). Equally many samples of each class
    are drawn and labelled, features are standardised by them, and the classifier is scikit-learn's
    `LogisticRegression`; the accuracy is that on all the others.

    **Arguments:**
    - `features`: such as `penultimate(game.discriminator, run.players.discriminator)(images)`.
    - `labels`: of the same images.
    - `labelled`: how many get a label, the same number of each class.
    - `repeats`, `seed`: of the random choice of those.

    **Raises:** `ValueError` when `labelled` is no multiple of the number of classes, or a class has too few samples.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs, targets = np.asarray(features, float).reshape(len(features), -1), np.asarray(labels)
    classes, counts = np.unique(targets, return_counts=True)
    each, rest = divmod(labelled, len(classes))
    if rest or not 0 < each < counts.min():
        raise ValueError(
            f"labelled: got {labelled}, expected a multiple of the {len(classes)} classes, "
            f"fewer than {counts.min() * len(classes)}"
        )
    random, accuracies = np.random.default_rng(seed), []
    for _ in range(repeats):
        chosen = np.concatenate([random.choice(np.flatnonzero(targets == c), each, replace=False) for c in classes])
        others = np.setdiff1d(np.arange(len(targets)), chosen)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(inputs[chosen], targets[chosen])
        accuracies.append(model.score(inputs[others], targets[others]))
    return LinearProbe(np.asarray(accuracies))
