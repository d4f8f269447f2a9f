"""Linear probes: a linear classifier of features, trained on about a hundred labels."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.text.arguments import whole


class LinearProbe(NamedTuple):
    """The accuracies of linear classifiers on other samples, one for each choice of the labelled ones."""

    accuracies: Float[np.ndarray, " repeats"]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """The standard deviation of the accuracy over choices; NaN where there is only one."""
        return float(self.accuracies.std(ddof=1)) if len(self.accuracies) > 1 else float("nan")


def linear_probe(
    features: Float[Array | np.ndarray, "n *features"],
    labels: Int[Array | np.ndarray, " n"],
    labelled: int = 100,
    repeats: int = 10,
    seed: int = 0,
) -> LinearProbe:
    """Linear probe, the accuracy of a logistic regression on few labels: what a discriminator has learned without any.

    The semi-supervised sanity check that the reviewers of Metz et al. (2017) asked for, in its plainest form
    (Radford et al., 2016, train linear classifiers on a discriminator's features). Equally many samples of each class
    are drawn and labelled, features are standardised by them, and the classifier is scikit-learn's
    `LogisticRegression`; the accuracy is that on all the others.

        >>> labels = np.arange(40) % 2
        >>> linear_probe(labels[:, None] * 2.0 - 1.0, labels, labelled=4, repeats=2).mean  # a feature that is the label
        1.0

    **Arguments:**
    - `features`: such as `penultimate(game.discriminator, run.players.discriminator)(images)`.
    - `labels`: of the same images.
    - `labelled`: how many get a label at most: the same number of each class, one of each where there are more classes.
      No more than half of a class get one.
    - `repeats`, `seed`: of the random choice of those.

    **Raises:** `ValueError` when a class has a single sample, for features that are not finite, and labels that are no
    whole numbers, not one of each sample, or all the same.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs, targets = entry.samples("features", features), np.asarray(labels)
    if targets.shape != (len(inputs),) or not np.issubdtype(targets.dtype, np.integer):
        raise InvalidValue(
            f"labels: got {targets.dtype} of shape {targets.shape}, expected {len(inputs)} whole numbers"
        )
    labelled, repeats = whole("labelled", labelled), whole("repeats", repeats)
    inputs = np.asarray(inputs, float).reshape(len(inputs), -1)
    classes, counts = np.unique(targets, return_counts=True)
    if len(classes) < 2:
        raise InvalidValue(f"labels: got {classes[0]} for each sample, expected at least two classes")
    if counts.min() < 2:
        single = int((counts < 2).sum())
        raise InvalidValue(
            f"labels: {single} of {len(classes)} classes, such as {classes[counts.argmin()]}, have a single sample; "
            "expected at least two of each, one to label and one to tell"
        )
    each = min(max(1, labelled // len(classes)), int(counts.min()) // 2)
    random, accuracies = np.random.default_rng(seed), []
    for _ in range(repeats):
        chosen = np.concatenate([random.choice(np.flatnonzero(targets == c), each, replace=False) for c in classes])
        others = np.setdiff1d(np.arange(len(targets)), chosen)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(inputs[chosen], targets[chosen])
        accuracies.append(model.score(inputs[others], targets[others]))
    return LinearProbe(np.asarray(accuracies))
