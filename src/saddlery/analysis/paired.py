"""Tests of paired differences: sign flips that keep their level for any number of seeds, corrected after Holm."""

import functools
import itertools

import numpy as np

from saddlery.errors import InvalidValue

MOST = 16  # pairs up to which all their swaps are counted, 65,536
DRAWN = 2**16  # swaps that are drawn beyond
AT_ONCE = 2**24  # numbers held together


def sign_flips(differences: np.ndarray) -> np.ndarray:
    """The p-values of a permutation test of paired differences `(…, n)`, two-sided, `(…,)`.

    Where two methods are as good, swapping their results in any of the n independent pairs changes nothing, and so
    neither does the sign of a difference: p is, of all 2ⁿ choices of signs, the share in which the sum of the
    differences is as far from zero as it is (Fisher, 1935, section 21). It is exact for differences of any
    distribution that is symmetric under the hypothesis, and no less than 2 / 2ⁿ. Of more than 16 pairs, 65,535 choices
    are drawn, which with the one that was observed keeps the level as well (Phipson, Smyth, 2010).

    >>> float(sign_flips(np.ones(5)))  # 2 of 32
    0.0625

    **Raises:** `ValueError` without any pair.
    """
    values = np.asarray(differences, float)
    count = values.shape[-1] if values.ndim else 0
    if not count:
        raise InvalidValue("differences: got no pair, expected at least 1")
    rows = values.reshape(-1, count)
    observed, signs = abs(rows.sum(1)) * (1 - 1e-9), _signs(count)
    step = max(1, AT_ONCE // len(signs))
    shares = [
        (abs(rows[i : i + step] @ signs.T) >= observed[i : i + step, None]).mean(1) for i in range(0, len(rows), step)
    ]
    return np.concatenate(shares).reshape(values.shape[:-1])


@functools.cache
def _signs(count: int) -> np.ndarray:
    """Choices of signs, the one that was observed among them; of all, the half with a first sign of +1."""
    if count <= MOST:
        return np.array([(1.0, *rest) for rest in itertools.product([1.0, -1.0], repeat=count - 1)])
    drawn = np.random.default_rng(0).choice([1.0, -1.0], size=(DRAWN, count))
    drawn[0] = 1.0
    return drawn


def holm(probabilities: np.ndarray) -> np.ndarray:
    """The p-values `(…, k)` of k hypotheses, corrected for their number whatever their joint distribution.

    p₍ᵢ₎ becomes max over j ≤ i of min(1, (k − j + 1) p₍ⱼ₎), the least first: the probability that any true hypothesis
    has one of at most α is at most α (Holm, 1979).

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(probabilities, float)
    order = np.argsort(given, axis=-1)
    factors = np.arange(given.shape[-1], 0, -1)
    corrected = np.minimum(1, np.maximum.accumulate(np.take_along_axis(given, order, -1) * factors, axis=-1))
    found = np.empty_like(given)
    np.put_along_axis(found, order, corrected, -1)
    return found
