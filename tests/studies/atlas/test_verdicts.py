"""Verdicts on trainings, and rates, of distances that are known."""

import numpy as np
import pytest

from saddlery.analysis.outcome import Outcome
from saddlery.studies.atlas.page import DISTANCE, meanings
from saddlery.studies.atlas.training import NEAR, NEARER, lengths
from saddlery.studies.atlas.verdicts import CHANGE, OUT, REST, SLOWING, STALLED, VERDICTS, judge, measured

CONVERGES, SLOWLY, BOUNDED, DEPENDS, DIVERGES, STALLS, ELSEWHERE = range(7)
LENGTHS = lengths(1600)


def path(*logs):
    """Distances with these logarithms from the beginning to the end, and the ways gone between them.

    In every block it turns as well, by a thousandth of its distance, as what cycles does and what creeps.
    """
    ends = np.cumsum(LENGTHS)
    logs = np.interp(np.append(0, ends), np.linspace(0, ends[-1], len(logs)), logs)
    distances = np.exp(np.minimum(logs, 700))
    return np.where(logs < 700, distances, np.inf)[1:], abs(np.diff(distances)) + 1e-3 * distances[1:]


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


def wgan_gp(weight, h, start):
    """Simultaneous descent on the Dirac-GAN with WGAN-GP, θ + hψ and ψ − h (θ + 2w (|ψ| − 1) sign ψ), in NumPy."""
    theta, psi = start
    path = [(theta, psi)]
    for _ in range(LENGTHS.sum()):
        theta, psi = theta + h * psi, psi - h * (theta + 2 * weight * (abs(psi) - 1) * np.sign(psi))
        path.append((theta, psi))
    return np.array(path)


def told(positions):
    """The farthest distance and the way gone in each block of a path."""
    distances, ways = np.linalg.norm(positions[1:], axis=1), np.linalg.norm(np.diff(positions, axis=0), axis=1)
    begun = np.cumsum(LENGTHS) - LENGTHS
    return np.maximum.reduceat(distances, begun), np.add.reduceat(ways, begun)


def judged(paths):
    """The verdict on paths `(step, number)`, nearest start first."""
    distances, ways = map(np.stack, zip(*map(told, paths), strict=True))
    begun = np.array([np.linalg.norm(each[0]) for each in paths])
    return int(judge(distances, ways, distances[0], LENGTHS, begun)["verdict"])


def test_rest_at_a_point_that_is_no_equilibrium_is_arrived_elsewhere():
    """WGAN-GP of weight 1 comes to rest at θ = ±2, where it is critically damped; of weight ½ it turns, and cycles."""
    starts = [(0.1, 0.05), (0.5, -0.3), (1.2, 1.6)]
    paths = [wgan_gp(1.0, 0.05, start) for start in starts]
    for path in paths:
        np.testing.assert_allclose(abs(path[-1]), (2, 0), atol=1e-9)
    assert judged(paths) == ELSEWHERE
    assert judged([wgan_gp(0.5, 0.05, start) for start in starts]) == BOUNDED
    turning = np.exp(-0.05 * np.arange(LENGTHS.sum() + 1))[:, None] * np.array([0.1, 0.05])
    assert judged([turning, *paths[1:]]) == DEPENDS  # one arrives at the equilibrium


def test_what_creeps_on_a_flat_loss_is_not_at_rest():
    """A pace of 1/t, however slow, has gone as far between t and 2t as between 2t and 4t; at a rate it ends."""
    t = np.arange(1, LENGTHS.sum() + 2)
    still = np.zeros_like(t, float)
    creeping = [np.stack([begun + 1e-5 * np.log(t), still], axis=1) for begun in (0.5, 1.0)]
    assert judged(creeping) != ELSEWHERE
    ending = [np.stack([begun + 0.1 - 0.1 * np.exp(-0.02 * t), still], axis=1) for begun in (0.5, 1.0)]
    assert judged(ending) == ELSEWHERE
    assert judged([creeping[0], ending[1]]) == DEPENDS


def test_what_has_left_and_stops_is_not_at_rest():
    """On a loss so flat that rounding ends the way, beyond twice the farthest start: stalled, not arrived."""
    t = np.linspace(0, 1, LENGTHS.sum() + 1)
    flat = [np.stack([np.minimum(end, begun + 200 * t), 0 * t], axis=1) for begun, end in ((0.5, 5.0), (1.0, 6.0))]
    assert judged(flat) == STALLS
    near = [np.stack([np.minimum(1.8, begun + 200 * t), 0 * t], axis=1) for begun in (0.5, 1.0)]
    assert judged(near) == ELSEWHERE


def test_verdicts_use_the_words_of_outcomes_for_what_they_mean():
    words = {str(outcome) for outcome in Outcome}
    assert VERDICTS[CONVERGES] == Outcome.CONVERGING
    assert VERDICTS[DIVERGES] == Outcome.DIVERGING
    assert VERDICTS[ELSEWHERE] == Outcome.ARRIVED_ELSEWHERE
    finer = [verdict for verdict in VERDICTS if verdict not in words]
    assert finer == [VERDICTS[i] for i in (SLOWLY, BOUNDED, DEPENDS, STALLS)]


def test_criteria_are_told_with_the_numbers_that_judge():
    told = dict(meanings())
    assert f"less than {100 * STALLED:g}% of their fastest pace" in told["Diverging until stalled"]
    assert f"changes by more than {CHANGE:g} in the second half" in DISTANCE
    words = {"a ten-thousandth of the distance": REST, "a tenth of that in the one before": SLOWING, "twice the": OUT}
    assert all(text in told["Arrived elsewhere"] for text in words)
    assert list(words.values()) == [1e-4, 0.1, 2]
