"""Verdicts on trainings, and rates, of distances that are known."""

import numpy as np
import pytest

from saddlery.studies.atlas.training import NEAR, NEARER, lengths
from saddlery.studies.atlas.verdicts import judge, measured

CONVERGES, SLOWLY, BOUNDED, DEPENDS, DIVERGES, STALLS = range(6)
LENGTHS = lengths(1600)


def path(*logs):
    """Distances with these logarithms from the beginning to the end, and the ways gone between them."""
    ends = np.cumsum(LENGTHS)
    logs = np.interp(np.append(0, ends), np.linspace(0, ends[-1], len(logs)), logs)
    distances = np.exp(np.minimum(logs, 700))
    return np.where(logs < 700, distances, np.inf)[1:], abs(np.diff(distances))


@pytest.mark.parametrize(
    ("verdict", "reach", "near", "paths"),
    [
        (CONVERGES, 1, (-7, -9, -11, -13, -15), [(-1, -3, -5, -7, -9), (0, -2, -4, -6, -8)]),
        (SLOWLY, 1, (-7, -7, -7, -7, -7), [(-1, -1.5, -2.2, -2.4, -2.6), (0, -1, -1.7, -1.9, -2.1)]),
        (BOUNDED, 0, (-7, -6, -5, -4, -3), [(-2, -1, -0.5, -0.2, 0), (0, 0, 0, 0, 0)]),
        (BOUNDED, 0, (-7, -7, -7, -7, -7), [(0, 0.1, 0.3, 0.1, 0.1), (1, 0.1, 0.3, 0.1, 0.1)]),  # from cycle to cycle
        (DEPENDS, 1, (-7, -27, -47, -67, -87), [(0, -20, -40, -60, -80), (1, 2, 3, 4, 5)]),
        (DIVERGES, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 3, 4), (1, 2, 3, 4, 800)]),
        (DIVERGES, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 2, 4), (1, 2, 3, 4, 5)]),  # outwards, with a rest
        (STALLS, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 3, 4), (1, 2, 4, 4, 4)]),
    ],
)
def test_verdicts(verdict, reach, near, paths):
    distances, ways = map(np.stack, zip(*(path(*logs) for logs in paths), strict=True))
    begun = np.exp([logs[0] for logs in paths])
    found = judge(distances, ways, path(*near)[0], LENGTHS, begun)
    assert (found["verdict"], found["reach"]) == (verdict, reach)


def test_rates_are_read_off_powers_of_matrices():
    """Of damped rotations, whose Frobenius norm is a power; distances that leave or vanish at once have none."""
    times = np.cumsum(LENGTHS)
    for rate in (0.5, 0.98, 0.9999, 1.0001, 1.5):
        falls, grows = (start * rate ** (times - (LENGTHS - 1) * (rate < 1)) for start in (NEAR, NEARER))
        with np.errstate(over="ignore"):
            found = measured(np.stack([falls] * 2), np.stack([grows] * 2), LENGTHS)
        assert found == pytest.approx(rate, rel=1e-6)
    assert np.isnan(measured(np.zeros((2, 80)), np.zeros((2, 80)), LENGTHS))
