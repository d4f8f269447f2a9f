"""Scores of quality and diversity from any features or class probabilities, in double precision."""

import itertools
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Array, Float
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.text.arguments import whole

AT_ONCE = 1024  # rows of a matrix of distances in memory together
DIMENSIONS = 2048  # features at most whose covariance is taken, as many as Inception has

Generated = Float[Array | np.ndarray, "n features"]
Real = Float[Array | np.ndarray, "m features"]


class Score(NamedTuple):
    """A mean over parts of the samples, and the standard deviation between the parts."""

    mean: float
    std: float


class PrecisionRecall(NamedTuple):
    """Precision and recall, the result of `precision_recall`."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density and coverage, the result of `density_coverage`."""

    density: float
    coverage: float


def inception_score(probabilities: Float[Array | np.ndarray, "n classes"], splits: int = 10) -> Score:
    """The inception score, exp E_x KL(p(y|x) ‖ p(y)), between 1 and the number of classes (Salimans et al., 2016).

        >>> inception_score(np.eye(4), splits=1).mean  # four classes, each sure
        4.0

    **Arguments:**
    - `probabilities`: p(y|x) of each sample by a classifier, in random order; rows sum to one.
    - `splits`: parts of the samples that are scored apart, as is customary; the score depends on it.

    **Raises:** `ValueError` for rows that are no probabilities, or fewer samples than splits.
    """
    splits, p = whole("splits", splits), np.asarray(entry.numbers("probabilities", probabilities), float)
    if p.ndim != 2 or not np.allclose(p.sum(1), 1, atol=1e-3) or p.min() < 0:
        raise InvalidValue(f"probabilities: got shape {p.shape}, expected (n, classes) with rows that sum to 1")
    if len(p) < splits:
        raise InvalidValue(f"splits: got {splits} for {len(p)} samples, expected at most as many")
    cuts = [i * len(p) // splits for i in range(splits + 1)]
    parts = [p[first:last] for first, last in itertools.pairwise(cuts)]
    scores = [np.exp(rel_entr(part, part.mean(0)).sum(1).mean()) for part in parts]
    return Score(float(np.mean(scores)), float(np.std(scores)))


def frechet_distance(generated: Generated, real: Real) -> float:
    """The Fréchet distance of Gaussians with the sets' moments; of Inception features, the FID (Heusel et al., 2017).

        ‖μ − μ'‖² + tr(Σ + Σ' − 2 (Σ Σ')^½)

    The trace of the root is that of the eigenvalues of Σ^½ Σ' Σ^½, which are real and not negative. It falls with the
    number of samples: compare only values of equal numbers, well above the number of features, and of the same kind.

        >>> round(frechet_distance(np.array([[3.0], [5.0]]), np.array([[0.0], [2.0]])), 4)  # equal variances, 3²
        9.0

    **Raises:** `ValueError` for fewer than two samples, features that are not finite or of different numbers, or more
    than 2,048 of them, whose covariances take minutes and say little of samples by the thousand.
    """
    x, y = _both(generated, real, least=2)
    if x.shape[1] > DIMENSIONS:
        raise InvalidValue(
            f"generated, real: got {x.shape[1]:,} features, expected at most {DIMENSIONS:,}: shrink the images, or "
            "compare features of a network, such as saddlery.metrics.contrastive"
        )
    sigma, other = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (x, y))
    values, vectors = scipy.linalg.eigh(sigma)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    shared = np.sqrt(scipy.linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(sigma) + np.trace(other) - 2 * shared)


def kernel_distance(generated: Generated, real: Real, subsets: int = 100, size: int = 1000, seed: int = 2020) -> Score:
    """The squared MMD of the kernel (⟨x, y⟩/d + 1)³; of Inception features, the KID (Bińkowski et al., 2018).

        Σ_{i≠j} k(x_i, x_j) / m(m−1) + Σ_{i≠j} k(y_i, y_j) / m(m−1) − 2 Σ_{ij} k(x_i, y_j) / m²

    Unbiased: zero in expectation for equal distributions, so that it may be negative, and comparable between numbers of
    samples.

        >>> kernel_distance(np.zeros((2, 1)), np.ones((2, 1)), subsets=1).mean  # 1 + 2³ − 2 · 1
        7.0

    **Arguments:**
    - `generated`, `real`: features, d of each sample.
    - `subsets`, `size`: over how many random subsets, of m samples each, the mean is taken; a size above the number of
      samples means all of them.
    - `seed`: of the subsets.

    **Raises:** `ValueError` for no subsets, a size of less than two, and features as for `frechet_distance`.
    """
    x, y = _both(generated, real, least=2)
    subsets, m = whole("subsets", subsets), min(whole("size", size, 2), len(x), len(y))
    random = np.random.RandomState(seed)  # the generator of torch-fidelity, whose subsets these are
    values = []
    for _ in range(subsets):
        a, b = (each[random.choice(len(each), m, replace=False)] for each in (x, y))
        within = sum((kernel.sum() - np.trace(kernel)) / (m * (m - 1)) for kernel in (_cubic(a, a), _cubic(b, b)))
        values.append(within - 2 * _cubic(a, b).mean())
    return Score(float(np.mean(values)), float(np.std(values)))


def precision_recall(generated: Generated, real: Real, neighbours: int = 3) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al., 2019).

    Around each real sample is a ball that reaches its k-th nearest real neighbour. Precision is the share of generated
    samples in at least one of these balls; recall the same with generated and real exchanged.

        >>> real = np.arange(10.0)[:, None]
        >>> precision_recall(real[:5], real, neighbours=1)  # balls of radius 1 around 0 … 4 reach 5 as well
        PrecisionRecall(precision=1.0, recall=0.6)

    **Arguments:**
    - `generated`, `real`: features; values depend on the numbers of samples, best equal.
    - `neighbours`: k.

    **Raises:** `ValueError` for a k that is no whole number from 1, no more than k samples, and features as for
    `frechet_distance`.
    """
    x, y = _both(generated, real, least=whole("neighbours", neighbours) + 1)
    return PrecisionRecall(
        float((_balls(x, y, _radii(y, neighbours)) > 0).mean()), float((_balls(y, x, _radii(x, neighbours)) > 0).mean())
    )


def density_coverage(generated: Generated, real: Real, neighbours: int = 5) -> DensityCoverage:
    """Density and coverage (Naeem et al., 2020), robust to outliers among the real samples.

    With the same balls around the real samples, to their k-th nearest real neighbours: density is the mean number of
    balls that a generated sample is in, over k; coverage the share of balls that hold a generated sample. Balls are
    closed, ≤ the radius: ties count, as here, in `precision_recall` too. For equal distributions density is 1 in
    expectation, and coverage about 1 − 2⁻ᵏ for equal numbers of samples.

        >>> real = np.arange(10.0)[:, None]
        >>> density_coverage(real[1:3], real, neighbours=1)  # each in the balls around three, and these around 0 … 3
        DensityCoverage(density=3.0, coverage=0.4)
        >>> density_coverage(real + 1.001, real, neighbours=1).coverage  # beyond by 0.001, the next one at 0.999
        0.9

    **Arguments**, **Raises:** as for `precision_recall`.
    """
    x, y = _both(generated, real, least=whole("neighbours", neighbours) + 1)
    radii = _radii(y, neighbours)
    nearest = np.concatenate([cdist(part, x).min(1) for part in _parts(y)])
    return DensityCoverage(float(_balls(x, y, radii).mean() / neighbours), float((nearest <= radii).mean()))


def _both(generated, real, least):
    """Both sets as matrices of doubles, when they fit."""
    given = (("generated", generated), ("real", real))
    x, y = (np.asarray(entry.samples(name, each, least), float) for name, each in given)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise InvalidValue(
            f"generated, real: got shapes {x.shape} and {y.shape}, expected (n, features) and (m, features)"
        )
    return x, y


def _cubic(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def _parts(x):
    return [x[first : first + AT_ONCE] for first in range(0, len(x), AT_ONCE)]


def _radii(x, neighbours):
    """The distance of each sample to its k-th nearest other one."""
    return np.concatenate([np.partition(cdist(part, x), neighbours, axis=1)[:, neighbours] for part in _parts(x)])


def _balls(points, centres, radii):
    """How many balls each point is in."""
    return np.concatenate([(cdist(part, centres) <= radii).sum(1) for part in _parts(points)])
