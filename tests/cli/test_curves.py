"""Curves of dots: where the values are, joined, with gaps where there are none."""

import numpy as np
import pytest

from saddlery.cli.curves import curve, drawn, written


def dots(values, low=0.0, high=1.0, width=5, height=2):
    """Which dots are set, (rows, columns), read off Unicode's numbering of Braille patterns."""
    found = np.zeros((4 * height, 2 * width), bool)
    places = {0: (0, 0), 1: (1, 0), 2: (2, 0), 3: (0, 1), 4: (1, 1), 5: (2, 1), 6: (3, 0), 7: (3, 1)}
    for y, line in enumerate(written(curve(np.asarray(values, float), low, high, width, height))):
        for x, each in enumerate(line):
            for bit, (down, across) in places.items():
                if each != " " and (ord(each) - 0x2800) >> bit & 1:
                    found[4 * y + down, 2 * x + across] = True
    return found


def test_each_value_has_its_dot_and_neighbours_are_joined():
    values = np.random.default_rng(0).uniform(size=10)
    found = dots(values)
    rows = 7 - np.round(7 * values).astype(int)
    for column, row in enumerate(rows):
        assert found[row, column]
        if column:
            assert found[:, column].sum() == max(1, abs(row - rows[column - 1]))


def test_values_that_are_missing_are_a_gap_and_those_beyond_are_at_the_edge():
    found = dots([0, 0, 0, np.nan, np.nan, np.nan, np.nan, 5, 5, -3])
    assert np.flatnonzero(~found.any(0)).tolist() == [3, 4, 5, 6]
    assert found[0, 7]
    assert found[7, 9]


@pytest.mark.parametrize("values", [[np.nan] * 4, [0.5], [0.5, 0.5]])
def test_few_values_are_drawn_too(values):
    assert dots(values).any() == np.isfinite(values).any()


def test_the_middle_is_bold_over_dim_seeds():
    text = drawn(np.zeros(4), np.array([np.zeros(4), np.ones(4)]), 0, 1, 2, 2)
    top, bottom = text.split("\n")
    assert [span.style for span in top.spans] == ["dim"]
    assert [span.style for span in bottom.spans] == ["bold"]
