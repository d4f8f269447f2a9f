"""The experiment of the study `first-order`: two Gaussians against three kinds of discriminators."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import xarray as xr

from saddlery.games.two_gaussians import TwoGaussians, two_gaussians
from saddlery.studies.first_order import closed_form
from saddlery.studies.first_order.closed_form import Dynamics, FirstOrder, Optimal, Unrolled, side_by_side
from saddlery.studies.study import Progress, kept

SETTINGS: dict[str, Dynamics] = {
    "optimal": Optimal(),
    "simultaneous(k=1)": FirstOrder(1, simultaneous=True),
    **{f"alternating(k={k})": FirstOrder(k) for k in (1, 5, 20)},
    **{f"unrolled(K={k})": Unrolled(k) for k in (1, 5, 20)},
    **{f"unrolled, first term(K={k})": Unrolled(k, second_order=False) for k in (1, 5, 20)},
}
TARGET, RATE = (-0.5, 0.5), 0.1
RATES = (0.03, 0.1, 0.3, 1.0)  # of the sweep, which takes steps that together are as long
BOX = 2.0  # starting means and ends lie within this of 0


class Scale(NamedTuple):
    """The scale of the experiment: starting means a side of the grid, starting intervals for each, and steps.

    `swept`: the starting intervals for each of the sweep over step sizes.
    """

    side: int
    intervals: int
    steps: int
    swept: int


SCALES = {"tiny": Scale(5, 4, 600, 2), "quick": Scale(21, 24, 6000, 2), "paper": Scale(61, 120, 18000, 12)}
RECORDS = 150
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
NEAR, STALLED, UNFINISHED, SPARSE, CLOSED, FAR = 0.1, 1e-3, 0.05, 0.05, 0.05, 5.0
STALL = (
    f"in the last quarter the norm of the generator's gradient stays below {STALLED:g} while the total variation "
    f"stays above {UNFINISHED:g}"
)
OUTCOMES = {
    "convergence": f"in the last quarter both means stay within {NEAR:g} of the target's, up to swapping",
    "mode collapse": f"in the last quarter the two means stay within {NEAR:g} of one another",
    "oscillation": f"in the last quarter a mean ranges over more than {NEAR:g}, and in the last half it turns back "
    "at least 4 times",
    "vanishing gradient": f"{STALL}, and every end of the intervals has left the data: the two densities together are "
    f"below {SPARSE:g} there",
    "discriminator collapse": f"{STALL}, and among the data an interval has closed or the two have merged: an opening "
    f"and a closing end lie within {CLOSED:g} of one another",
    "divergence": f"at the end a mean is farther than {FAR:g} from the target's centre",
}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Run every setting from a grid of starting means, each with random starting intervals.

    Starts whose two means are equal have measure zero among all starts; they are in `within` and in nothing else.

    **Returns:** a dataset with dimensions `setting`, `mean1`, `mean2` (starting means), `step`, `quantile`, `outcome`,
    `rate`: `within` (setting, mean1, mean2), the share of runs that end within 0.1 of the target; `succeeded` and
    `runs` (setting), how many do, of how many; `share` (setting, outcome), of runs with that outcome, by the criteria
    in `criterion` (outcome), which do not exclude one another, and `none` (setting), of runs with none;
    `total_variation` (setting, quantile, step); and a run to show of each outcome, `example` (setting, outcome, step,
    number), numbers μ₁, μ₂, l₁, r₁, l₂, r₂, NaN where there is none, with `labels` (setting, outcome), how many
    outcomes it has. Of other step sizes `swept_succeeded` and `swept_runs` (setting, rate).
    """
    found = []
    for done, (label, dynamics) in enumerate(SETTINGS.items()):
        if progress:
            progress(done, len(SETTINGS))
        path = parts / f"{label.replace('(', ' ').rstrip(')')}.zarr"
        found.append(kept(path, lambda dynamics=dynamics: xr.merge([_setting(dynamics, size), _sweep(dynamics, size)])))
    if progress:
        progress(len(SETTINGS), len(SETTINGS))
    results = xr.concat(found, "setting").assign_coords(
        setting=list(SETTINGS),
        method=("setting", [label.partition("(")[0] for label in SETTINGS]),
        outcome=list(OUTCOMES),
        criterion=("outcome", list(OUTCOMES.values())),
    )
    return results.assign_attrs(target=list(TARGET), h=RATE, box=BOX, **size._asdict())


def starts(size: Scale, intervals: int) -> tuple[np.ndarray, np.ndarray]:
    """The starts: means `(2, runs)` on a grid, and for each random ordered intervals `(4, runs)`, uniform in the box.

    Runs are in the order of the grid; every setting has the same.
    """
    line = np.linspace(-BOX, BOX, size.side)
    grid = np.stack(np.meshgrid(line, line, indexing="ij")).reshape(2, -1)
    ends = np.random.default_rng(0).uniform(-BOX, BOX, (4, size.side**2, size.intervals))[:, :, :intervals]
    means = np.repeat(grid, intervals, axis=1)
    return means.astype(np.float32), np.sort(ends, axis=0).reshape(4, -1).astype(np.float32)


def _setting(dynamics: Dynamics, size: Scale) -> xr.Dataset:
    """All runs of one setting, and what became of them."""
    intervals = 1 if isinstance(dynamics, Optimal) else size.intervals  # an optimal discriminator forgets its own
    game = two_gaussians(TARGET)
    means, ends = starts(size, intervals)
    go = partial(closed_form.advance, dynamics, game.target, RATE, every=size.steps // RECORDS, records=RECORDS)
    found = side_by_side(lambda *start: judged(game, go(*start)), means, ends, block=2048)
    line, counted = np.linspace(-BOX, BOX, size.side), np.flatnonzero(means[0] != means[1])
    labels, variation = np.stack([found[name] for name in OUTCOMES])[:, counted], found["total_variation"][:, counted]
    examples, count = _examples(game, go, means[:, counted], ends[:, counted], labels, variation)
    return xr.Dataset(
        {
            "within": (("mean1", "mean2"), found["within"].reshape(size.side, size.side, intervals).mean(-1)),
            "succeeded": ((), int(found["within"][counted].sum())),
            "runs": ((), len(counted)),
            "share": ("outcome", labels.mean(-1)),
            "none": ((), (~labels.any(0)).mean()),
            "total_variation": (("quantile", "step"), np.quantile(variation, QUANTILES, axis=-1)),
            "example": (("outcome", "step", "number"), examples),
            "labels": ("outcome", count),
        },
        coords={
            "mean1": line, "mean2": line, "quantile": list(QUANTILES),
            "step": np.arange(RECORDS + 1) * (size.steps // RECORDS),
        },
    )  # fmt: skip


def _sweep(dynamics: Dynamics, size: Scale) -> xr.Dataset:
    """How many runs of one setting end within 0.1 of the target at each step size, from starts whose means differ."""
    means, ends = starts(size, 1 if isinstance(dynamics, Optimal) else size.swept)
    counted = np.flatnonzero(means[0] != means[1])
    means, ends, target, succeeded = means[:, counted], ends[:, counted], np.asarray(TARGET, np.float32), []
    for rate in RATES:
        go = partial(closed_form.advance, dynamics, target, rate, every=round(size.steps * RATE / rate))
        last = side_by_side(lambda *start, go=go: go(*start).means[-1], means, ends, block=2048)
        succeeded.append(int(reached(np.asarray(last), target).sum()))
    return xr.Dataset(
        {
            "swept_succeeded": ("rate", succeeded),
            "swept_runs": ("rate", [len(counted)] * len(RATES)),
        },
        {"rate": list(RATES)},
    )


def reached(means: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Whether both of the means `(…, 2, runs)` are within 0.1 of the target's, up to swapping, `(…, runs)`."""
    return np.abs(np.sort(means, axis=-2) - np.sort(target)[:, None]).max(-2) < NEAR


def _examples(game, go, means, ends, labels, total_variation):
    """For each outcome a run to show, and how many labels it has: see `typical`."""
    examples = np.full((len(OUTCOMES), RECORDS + 1, 6), np.nan, np.float32)
    counts = np.zeros(len(OUTCOMES), int)
    for i in range(len(OUTCOMES)):
        run = typical(labels, i, total_variation.mean(0))
        if run is not None:
            path = go(means[:, [run]], ends[:, [run]])
            again = np.stack([judged(game, path)[name] for name in OUTCOMES])[:, 0]
            if again[i]:  # a run that chaos takes elsewhere when it is computed alone is not shown
                examples[i] = np.concatenate(path, axis=1)[..., 0]
                counts[i] = again.sum()
    return examples, counts


def typical(labels: np.ndarray, outcome: int, measure: np.ndarray) -> int | None:
    """The typical run of an outcome: of those with the fewest others, the one with the median measure, or `None`.

    **Arguments:** `labels` (outcome, run), booleans; `outcome`, which; `measure` (run).
    """
    having = np.flatnonzero(labels[outcome])
    if not len(having):
        return None
    others = labels[:, having].sum(0)
    purest = having[others == others.min()]
    return int(purest[np.argsort(measure[purest], kind="stable")[(len(purest) - 1) // 2]])


@jax.jit
def _total_variation(game, means):
    return jax.vmap(jax.vmap(game.total_variation, 1))(means)


_gradients = jax.jit(jax.vmap(closed_form.pull))


def judged(game: TwoGaussians, path: closed_form.Path) -> dict[str, Any]:
    """The outcomes of trajectories, by the criteria of `OUTCOMES`.

    **Returns:** booleans `(runs,)` for each outcome and for `within`, within 0.1 of the target at the end, and
    `total_variation` (records, runs).
    """
    means, ends, target = np.asarray(path.means), np.asarray(path.ends), np.sort(game.target)
    half, quarter = len(means) // 2, 3 * len(means) // 4
    late, variation = means[quarter:], np.asarray(_total_variation(game, path.means))
    near = reached(means, target)
    turns = (np.diff(np.sign(np.diff(means[half:], axis=0)), axis=0) != 0).sum(0)
    gradient = np.linalg.norm(_gradients(late, ends[quarter:]), axis=1)
    stalled = (gradient.max(0) < STALLED) & (variation[quarter:].min(0) > UNFINISHED)
    dense = densities(ends[-1], means[-1], target) > SPARSE
    with np.errstate(invalid="ignore"):  # of ends at infinity, where nothing is dense
        met = [dense[i] & (np.abs(ends[-1, i] - ends[-1, j]) < CLOSED) for i in (1, 3) for j in (0, 2)]
    return {
        "convergence": near[quarter:].all(0),
        "mode collapse": (np.abs(late[:, 0] - late[:, 1]) < NEAR).all(0),
        "oscillation": ((np.ptp(late, axis=0) > NEAR) & (turns >= 4)).any(0),
        "vanishing gradient": stalled & ~dense.any(0),
        "discriminator collapse": stalled & np.any(met, axis=0),
        "divergence": np.abs(means[-1] - target.mean()).max(0) > FAR,
        "within": near[-1],
        "total_variation": variation,
    }


def densities(ends: np.ndarray, means: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The sum of the densities of target and generator at each end, p + q, `(4, runs)`."""
    centres = [*target, *means]
    return 0.5 * np.sum([np.asarray(closed_form.density(ends - centre)) for centre in centres], axis=0)
