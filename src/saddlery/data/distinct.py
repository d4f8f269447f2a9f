"""Distinct samples of a data set, drawn without replacement: what measures that compare two sets are given."""

import jax
import numpy as np
from jaxtyping import Array

from saddlery.data.images import Data
from saddlery.types import Key, Numbers


def distinct(data: Data, key: Key, n: int, sets: int = 1) -> list[Array]:
    """Disjoint sets of distinct samples, drawn without replacement: of `n` samples each, or as many as there are.

    Where a sample stands twice in a set, it is its own nearest neighbour, and what is measured by distances within the
    set (precision, recall, density, coverage, kernels) is wrong. Data that are held in memory have `distinct(key, n)`
    and a length; others are drawn from, as those of a continuous distribution are distinct anyway.

        >>> from saddlery.data import Images
        >>> data = Images(np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1))
        >>> one, other = distinct(data, jax.random.key(0), 100, sets=2)
        >>> len(one), len(other), len(np.unique(np.concatenate([one, other])))
        (2, 2, 4)

    **Arguments:**
    - `n`: how many samples a set has at most.
    - `sets`: how many sets share the data; each has at most `len(data) // sets`.
    """
    count = comparable(data, n, sets)
    if not hasattr(data, "distinct"):
        return [data.draw(each, count) for each in (jax.random.split(key, sets) if sets > 1 else [key])]
    samples = data.distinct(key, count * sets)  # type: ignore[attr-defined]
    return [samples[i * count : (i + 1) * count] for i in range(sets)]


def comparable(data: Data, n: int, sets: int = 2) -> int:
    """The number of samples that each of several disjoint sets can have: `n`, or fewer where the data are fewer.

    >>> from saddlery.data import Images
    >>> comparable(Images(np.zeros((5, 1, 1, 1), np.uint8)), 100)
    2
    """
    return min(n, len(data) // sets) if hasattr(data, "distinct") else n  # type: ignore[arg-type]


def without_copies(samples: Numbers) -> np.ndarray:
    """The samples without those that are equal to an earlier one, in their order.

    >>> without_copies(np.array([[1.0], [2.0], [1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    samples = np.asarray(samples)
    rows = np.ascontiguousarray(samples).reshape(len(samples), -1)
    first: dict[bytes, int] = {}
    for i, row in enumerate(rows):
        first.setdefault(row.tobytes(), i)
    return samples[list(first.values())]
