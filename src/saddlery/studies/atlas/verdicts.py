"""Convergence rates close to the equilibrium, and verdicts over all starts."""

import numpy as np

from saddlery.analysis.outcome import Outcome
from saddlery.studies.atlas.training import GONE, NEAR

VERDICTS = (
    str(Outcome.CONVERGING),
    f"{Outcome.CONVERGING} slower than any rate",
    "staying bounded",
    "depending on the start",
    str(Outcome.DIVERGING),
    f"{Outcome.DIVERGING} until {Outcome.STALLED}",
    str(Outcome.ARRIVED_ELSEWHERE),
)
FLOOR = 1e-150  # a distance at which rounding ends
CHANGE = 0.02  # of a distance's logarithm over half a training, from which it counts as movement
ARRIVED = np.log(1e-12)  # a distance's logarithm
STALLED = 0.02  # of its fastest pace, below which training has stalled
OUT = 2  # times as far as the farthest start, beyond which what no longer moves has stalled on a flat loss
FINEST = 1e-9  # of a distance, the way that rounding makes while at rest
REST, SLOWING = 1e-4, 0.1  # of the distance, the way gone while at rest; of the way in the quarter before


def radii(matrices: np.ndarray, of_players: int) -> np.ndarray:
    """Spectral radii of matrices `(…, n, n)`: the largest |μ| whose eigenvector moves the players, the first rows.

    NaN of a matrix that is not finite.
    """
    finite: np.ndarray = np.asarray(np.isfinite(matrices).all((-2, -1)))
    values, vectors = np.linalg.eig(np.where(finite[..., None, None], matrices, 0.0))
    moving = np.linalg.norm(vectors[..., :of_players, :], axis=-2) > 1e-8
    return np.where(finite, np.where(moving, np.abs(values), 0.0).max(-1), np.nan)


def measured(near: np.ndarray, nearer: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The measured rates: by what a step multiplies small distances, from those of the starts at `NEAR` and `NEARER`.

    Both are `(…, axis, block)`, and together over the axes the Frobenius norm of the update's powers. Where it grows
    from `NEARER`, the slope of its logarithm, else that from `NEAR`. A block's farthest point is its last of a distance
    that grows, its first of one that falls.
    """
    ends = np.cumsum(blocks)
    growth = slope(np.hypot.reduce(nearer, axis=-2), ends)
    fall = slope(np.hypot.reduce(near, axis=-2), ends - blocks + 1)
    return np.exp(np.where(growth > 0, growth, fall))


def slope(paths: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The slope of log distances `(…, block)` over the later half of those that are small and above rounding.

    NaN where there are fewer than three.
    """
    with np.errstate(all="ignore"):
        logs = np.log(paths)
    usable = np.cumprod((logs > np.log(FLOOR)) & (logs < np.log(10 * NEAR)), axis=-1)  # until it first leaves
    count, block = usable.sum(-1, keepdims=True), np.arange(len(times))
    chosen = (block >= np.maximum(1, count // 2)) & (block < count)
    total = np.maximum(1, chosen.sum(-1, keepdims=True))
    off = np.where(chosen, times - (chosen * times).sum(-1, keepdims=True) / total, 0.0)
    slopes = (off * np.where(chosen, logs, 0.0)).sum(-1) / np.maximum(1, (off**2).sum(-1))
    return np.where(chosen.sum(-1) >= 3, slopes, np.nan)


def judge(
    paths: np.ndarray, ways: np.ndarray, near: np.ndarray, blocks: np.ndarray, begun: np.ndarray
) -> dict[str, np.ndarray]:
    """The verdict on trainings begun at some distances, nearest first: what `train` told, `(…, start, block)`.

    A distance falls, or rises, when its logarithm changes by more than `CHANGE` in the second half of training, in the
    quarter before in the same direction by a quarter of that, and also from where it began; one that never falls need
    not have risen in the quarter before. Training converges slower than at any rate when the distance `near`
    `(…, block)`, from starts at `NEAR`, does not fall by a quarter of `CHANGE`: at a rate it falls as others do. It
    stalls where a loss is flat: it is farther than it began, does not fall, and in the second half goes at less than
    `STALLED` of its fastest pace. It is at rest elsewhere when it does not fall, its way in the second half is less
    than `REST` of its distance, and in the last quarter less than `SLOWING` of that in the quarter before: the pace
    itself falls at a rate, as towards a rest point, and not as on a flat loss. Nearer than `NEAR` that does not count,
    nor farther than `OUT` times the farthest start, where a loss may be so flat that rounding ends all. It leaves when
    it rises or stalls beyond all that it began at, or is beyond numbers.

    | verdict | starts |
    |---|---|
    | converging, converging slower than any rate | all fall; near ones too, or not |
    | arrived elsewhere | all are at rest elsewhere |
    | diverging | some leave, and all rise or are gone |
    | diverging until stalled | some leave, and all rise, are gone, or have stalled |
    | depending on the start | else some leave, arrive, or are at rest elsewhere |
    | staying bounded | the rest |

    **Returns:** `verdict`, an index into `VERDICTS`, and `reach`, the largest of the distances such that training falls
    from there and from all that are nearer, 0 when it does not from the nearest.
    """
    times, paces = np.cumsum(blocks), ways / blocks
    end, late, before = _changes(paths, times)
    gone = ~(paths.max(-1) < GONE)
    with np.errstate(invalid="ignore"):
        total, never = end - np.log(begun), (np.diff(paths) >= 0).all(-1)
    arrived = ~gone & (end < ARRIVED)
    falls = ~gone & (arrived | ((late < -CHANGE) & (before < -CHANGE / 4) & (total < 0)))
    rises = gone | ((late > CHANGE) & ((before > CHANGE / 4) | never) & (total > 0))
    rests = ~gone & ~falls & _at_rest(ways, times, paths[..., -1], OUT * begun.max())
    slowed = paces[..., np.searchsorted(times, times[-1] / 2) + 1 :].mean(-1) < STALLED * paces.max(-1)
    stalls = ~gone & ~falls & ~rests & slowed & (total > 0)
    leaves = gone | ((rises | stalls) & (end > np.log(begun.max())))
    near_end, near_late, _ = _changes(near, times)
    at_a_rate = (near_end < ARRIVED) | (near_late < -CHANGE / 4)
    verdict = np.select(
        [
            falls.all(-1) & at_a_rate,
            falls.all(-1),
            rests.all(-1),
            leaves.any(-1) & rises.all(-1),
            leaves.any(-1) & (rises | stalls).all(-1),
            leaves.any(-1) | arrived.any(-1) | rests.any(-1),
        ],
        [0, 1, 6, 4, 5, 3],
        2,
    )
    reached = np.append(0.0, begun)[np.cumprod(falls, axis=-1).sum(-1)]
    return {"verdict": verdict.astype(float), "reach": reached}


def _at_rest(ways: np.ndarray, times: np.ndarray, distances: np.ndarray, most: float) -> np.ndarray:
    """Whether training has come to rest, between `NEAR` and `most` away: little way `(…, block)`, and ever less."""
    half, later = (np.searchsorted(times, share * times[-1]) + 1 for share in (0.5, 0.75))
    with np.errstate(invalid="ignore"):
        before, last = ways[..., half:later].sum(-1), ways[..., later:].sum(-1)
        still = before + last <= FINEST * distances  # all that rounding leaves
        there = (distances > NEAR) & (distances < most)
        return there & (before + last < REST * distances) & ((last < SLOWING * before) | still)


def _changes(paths: np.ndarray, times: np.ndarray) -> list[np.ndarray]:
    """The last logarithm of distances `(…, block)`, and how it changed in the second half and the quarter before."""
    with np.errstate(all="ignore"):
        logs = np.log(np.maximum(paths, 1e-300))
        quarter, half, end = (logs[..., np.searchsorted(times, times[-1] / n)] for n in (4, 2, 1))
        return [end, end - half, half - quarter]
