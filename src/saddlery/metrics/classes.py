"""Class coverage: how many of a thousand classes samples are of, how evenly, and what a perfect sampler would score."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import kl_div
from jaxtyping import Array, Int, Num

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.metrics.modes import Expected, histograms
from saddlery.text.arguments import whole
from saddlery.types import Scalar


class ClassCoverage(NamedTuple):
    """Class coverage, the measures of the histogram p of n samples over m classes, u = 1/m.

    - `modes`: classes found at least once.
    - `kl`: KL(p‖u) = Σ p log(p/u), in nats, between 0 and log m; the direction that is defined when classes are missed.
    - `reverse_kl`: KL(u‖p) = Σ u log(u/p), infinite as soon as one class is missed.
    - `total_variation`: ½ Σ |p − u|.
    - `chi_square`: Pearson's Σ (count − n/m)² / (n/m).
    - `p_value`: the probability of so large a chi-square under a uniform sampler, by the χ² distribution of m − 1
      degrees of freedom. A good approximation for five samples a class or more.
    - `counts`: of each class.
    """

    modes: Int[Array, ""]
    kl: Scalar
    reverse_kl: Scalar
    total_variation: Scalar
    chi_square: Scalar
    p_value: Scalar
    counts: Int[Array, " classes"]


def class_coverage(classes: Int[Array | np.ndarray, " n"], total: int = 1000) -> ClassCoverage:
    """Class coverage: how many classes the samples are of, how evenly (Metz et al., 2017), and a chi-square test.

    The values depend on the number of samples: compare with `perfect_classes` of as many. Papers disagree on that
    number (26,000 is customary) and on the direction of KL, so give both with the values.

        >>> found = class_coverage(np.array([0, 0, 1, 2]), total=4)
        >>> int(found.modes), float(found.total_variation), float(found.chi_square)  # ½ (¼ + ¼), and 1² + 1²
        (3, 0.25, 2.0)

    **Arguments:**
    - `classes`: of each sample, 0 to `total − 1`, such as `classifier.classify(images)`.
    - `total`: the number of classes there are.

    **Raises:** `ValueError` for no samples, or a class that is none.
    """
    classes, total = np.asarray(classes), whole("total", total)
    if classes.ndim != 1 or not np.issubdtype(classes.dtype, np.integer):
        raise InvalidValue(f"classes: got {classes.dtype} of shape {classes.shape}, expected whole numbers (n,)")
    if not len(classes) or classes.min() < 0 or classes.max() >= total:
        found = f"{classes.min()} to {classes.max()}" if len(classes) else "none"
        raise InvalidValue(f"classes: got {found}, expected at least one, each from 0 to {total - 1}")
    return coverage_of_counts(np.bincount(classes, minlength=total))


def coverage_of_counts(counts: Num[Array | np.ndarray, "*batch classes"]) -> ClassCoverage:
    """`class_coverage` of histograms along the last axis.

        >>> round(float(coverage_of_counts(np.array([2, 0])).kl), 4)  # log 2
        0.6931

    **Raises:** `ValueError` for counts that are negative or not finite, or an empty histogram; in a compiled program,
    where they are not known beforehand, all measures of them are NaN, and `modes` is 0.
    """
    counts = histograms(counts)
    if entry.known(counts) and not counts.any(-1).all():
        raise InvalidValue("counts: got an empty histogram, expected at least one sample")
    return _coverage(counts)


@jax.jit
def _coverage(counts):
    counts = jnp.asarray(counts)
    m, n = counts.shape[-1], counts.sum(-1, keepdims=True)
    sound = ((counts >= 0) & jnp.isfinite(counts)).all(-1) & (n[..., 0] > 0)
    p = jnp.where(sound[..., None], counts / n, jnp.nan)
    chi_square = ((p - 1 / m) ** 2).sum(-1) * m * n[..., 0]
    return ClassCoverage(
        jnp.where(sound, (counts > 0).sum(-1), 0),
        kl_div(p, 1 / m).sum(-1),
        kl_div(1 / m, p).sum(-1),
        jnp.abs(p - 1 / m).sum(-1) / 2,
        chi_square,
        jax.scipy.stats.chi2.sf(chi_square, m - 1),
        counts,
    )


def perfect_classes(n: int, total: int = 1000, draws: int = 500, seed: int = 0) -> dict[str, Expected]:
    """The expected `class_coverage` of `n` samples of a perfectly uniform sampler.

    Means are exact, sums over the binomial distribution X ~ B(n, 1/m) of one class's count: m (1 − (1 − 1/m)ⁿ) modes,
    m E[(X/n) log(mX/n)] for KL, m E|X/n − 1/m| / 2 for total variation, m − 1 for chi-square, ½ for the p-value (as far
    as chi-square follows its limit). The reverse KL's is infinite for every n, as a class may be missed; given is the
    mean over the simulated histograms that miss none, infinite where all do. The intervals are those of `draws`
    simulated histograms.

        >>> round(perfect_classes(n=2, total=10, draws=10)["modes"].mean, 4)  # 10 (1 − 0.9²)
        1.9

    **Returns:** `Expected` by the names of `ClassCoverage`, without the counts.

    **Raises:** `ValueError` for numbers that are not whole, or less than 1.
    """
    from scipy.stats import binom  # slow to import, and needed here alone

    n, total, draws = whole("n", n), whole("total", total), whole("draws", draws)
    count = np.arange(n + 1)
    chance = binom.pmf(count, n, 1 / total)
    share = count / n
    exact = {
        "modes": total * (1 - (1 - 1 / total) ** n),
        "kl": total * (chance[1:] * share[1:] * np.log(total * share[1:])).sum(),
        "total_variation": total * (chance * np.abs(share - 1 / total)).sum() / 2,
        "chi_square": total - 1.0,
        "p_value": 0.5,
    }
    counts = np.random.default_rng(seed).multinomial(n, np.full(total, 1 / total), size=draws)
    measured = coverage_of_counts(counts)._asdict()
    del measured["counts"]
    finite = [value for value in np.asarray(measured["reverse_kl"], float) if np.isfinite(value)]
    exact["reverse_kl"] = float(np.mean(finite)) if finite else np.inf
    intervals = {
        name: np.quantile(np.asarray(values), [0.025, 0.975], method="inverted_cdf")
        for name, values in measured.items()
    }
    return {name: Expected(float(exact[name]), *map(float, interval)) for name, interval in intervals.items()}
