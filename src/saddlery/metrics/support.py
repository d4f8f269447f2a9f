"""Support size of a generator, by the birthday paradox: an estimate of how many different samples carry weight."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Array, ArrayLike, Float
from scipy.special import chdtri

from saddlery.metrics.pairwise import pairwise_distances
from saddlery.text.arguments import number

Features: TypeAlias = Callable[[Any], ArrayLike]  # from samples `(n, …)` to `(n, …)`


class Support(NamedTuple):
    """A support size: an estimate of how many different samples carry weight.

    - `size`: 1 / the share of pairs that were the same; infinite when none was, where only `low` says something.
    - `low`, `high`: an interval that holds it with about 95% while few pairs are the same.
    - `pairs`: how many pairs were the same.
    - `batch`: how many samples hold a pair with probability ½, √(2 size log 2), the number of Arora and Zhang.
    """

    size: float
    low: float
    high: float
    pairs: int
    batch: float


def support_size(
    samples: Float[Array | np.ndarray, "n *shape"], threshold: float = 0.0, features: Features | None = None
) -> Support:
    """The size of a generator's support by the birthday paradox (Arora and Zhang, 2017).

    Of N equally likely samples two are the same with probability 1/N. In general that is Σ p², and what is
    estimated is 1 / Σ p², which is at most N: how many samples carry weight, and not how many there are. All pairs of
    the n samples are looked at,

        size = n (n − 1) / (2 · pairs that are the same),

    and the interval is that of a Poisson count (Garwood, 1936). Pairs have samples in common, so that where
    many are the same it is too narrow. Arora and Zhang let people judge whether two images are the same; here they are
    when their distance is at most `threshold`. So measure real images in the same way, with the
    threshold from them (`real_threshold`), and compare.

        >>> found = support_size(np.array([[0.0], [0.0], [1.0], [2.0]]))
        >>> found.size, found.pairs  # 4 · 3 / 2 pairs, of which one is the same
        (6.0, 1)

    **Arguments:**
    - `samples`: `(n, …)`, at least two.
    - `threshold`: the largest distance of samples that count as the same.
    - `features`: as for `pairwise_distances`, or `None` for pixels.

    **Raises:** `ValueError` for a threshold that is negative or not finite; what `pairwise_distances` raises.
    """
    threshold = number("threshold", threshold, least=0)
    distances = pairwise_distances(samples, features)
    pairs = int((distances <= threshold).sum())
    total = len(distances)
    most, least = float(chdtri(2 * pairs + 2, 0.025)) / 2, float(chdtri(2 * pairs, 0.975)) / 2 if pairs else 0.0
    size, low, high = (total / count if count else math.inf for count in (pairs, most, least))
    return Support(size, low, high, pairs, math.sqrt(2 * math.log(2) * size))


def real_threshold(
    real: Float[Array | np.ndarray, "n *shape"], features: Features | None = None, share: float = 1e-3
) -> float:
    """The distance below which a `share` of the pairs of real images lies: a threshold for `support_size`.

    Real images then have a support size of 1 / `share`, to which a generator's compares.

        >>> real_threshold(np.array([[0.0], [3.0], [4.0]]), share=0.5)  # of the distances 1, 3 and 4
        3.0

    **Raises:** `ValueError` for a share that is not between 0 and 1; what `pairwise_distances` raises.
    """
    share = number("share", share, above=0, below=1)
    return float(np.quantile(pairwise_distances(real, features), share))
