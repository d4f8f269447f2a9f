"""Sets that are compared are of different samples."""

import jax
import numpy as np
import pytest

from saddlery.data import Images, Mixture, Points, ring_centres
from saddlery.data.distinct import comparable, distinct, without_copies

KEY = jax.random.key(3)


def numbered(n):
    return Images(np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1))


@pytest.mark.parametrize(("n", "sets", "each"), [(3, 2, 3), (100, 2, 25), (100, 3, 16), (50, 1, 50), (51, 1, 50)])
def test_sets_share_no_sample(n, sets, each):
    found = distinct(numbered(50), KEY, n, sets)
    assert [len(one) for one in found] == [each] * sets
    assert len(np.unique(np.concatenate(found))) == each * sets


def test_every_image_is_as_likely_as_any_other():
    counts = np.zeros(5)
    for key in jax.random.split(KEY, 400):
        (found,) = distinct(numbered(5), key, 2)
        counts[np.round((np.asarray(found).ravel() + 1) * 127.5).astype(int)] += 1
    assert abs(counts - 160).max() < 5 * np.sqrt(160 * 0.6)


def test_a_distribution_is_drawn_from():
    one, other = distinct(Mixture(ring_centres(8, 1.0), 0.1), KEY, 40, sets=2)
    assert one.shape == other.shape == (40, 2)
    assert not np.array_equal(one, other)
    assert comparable(Mixture(ring_centres(8, 1.0), 0.1), 40) == 40


def test_points_in_memory_are_drawn_without_replacement_too():
    one, other = distinct(Points(np.arange(9.0)[:, None]), KEY, 100, sets=2)
    assert len(np.unique(np.concatenate([one, other]))) == 8


def test_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match="n: got 6, expected at most 5"):
        numbered(5).distinct(KEY, 6)


def test_copies_are_left_out_in_order():
    assert without_copies(np.array([[2, 1], [0, 0], [2, 1], [0, 1]])).tolist() == [[2, 1], [0, 0], [0, 1]]
