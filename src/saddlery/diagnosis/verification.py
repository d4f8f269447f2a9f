"""Verification of candidates: training with and without each, from independently trained checkpoints, over seeds."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import stats

from saddlery.analysis.numbers import number
from saddlery.analysis.outcome import Outcome
from saddlery.analysis.record import Record, facts, norms
from saddlery.analysis.sample_quality import shortfalls
from saddlery.analysis.verdict import verdict
from saddlery.diagnosis.candidates import Candidate
from saddlery.diagnosis.record import Gauge, gauge_of, recorded
from saddlery.diagnosis.subject import Subject
from saddlery.diagnosis.trial import trial_run
from saddlery.text.arguments import whole

RECORDS = 48  # of a run
MOST = 2  # of rates, and of other candidates, that are trained on every checkpoint
WELL = (Outcome.CONVERGING, Outcome.ARRIVED)

# What is compared, the less the better, and how much less it must be: a shortfall to a perfect sampler's samples, and
# logarithms of the distance to the equilibrium and of ‖v‖.
LEAST = {"shortfall": 0.1, "distance": math.log(2.0), "field": math.log(2.0)}


class Verification(NamedTuple):
    """The verification of a candidate: training with it beside the same training without it.

    - `measure`: `shortfall` to a perfect sampler, or for a game without samples `distance` to the equilibrium, else
      `field` (‖v‖), both as logarithms: the median over the last third of each run.
    - `without`, `with_it`: its values, `(checkpoint, seed)`.
    - `gains`: by how much it is less, the mean over the seeds of each checkpoint, with `low`, `high`, its 95% interval
      (Student's, of paired differences; NaN for one seed alone).
    - `deterministic`: whether nothing is random, so that a checkpoint has one seed.
    - `diverged`: runs that left the finite numbers, without it and with it.
    - `reasons`: why it is not confirmed, empty where it is.
    - `histories`: the measure along the steps, `(checkpoint, seed, record)`, without it and with it, and those steps.
    """

    candidate: Candidate
    measure: str
    without: np.ndarray
    with_it: np.ndarray
    gains: np.ndarray
    low: np.ndarray
    high: np.ndarray
    deterministic: bool
    diverged: tuple[int, int]
    reasons: tuple[str, ...]
    histories: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def confirmed(self) -> bool:
        """Whether training confirmed the candidate on every checkpoint."""
        return not self.reasons

    @property
    def checkpoints(self) -> int:
        """The number of independently trained checkpoints."""
        return len(self.gains)

    @property
    def gain(self) -> float:
        """The least gain on a checkpoint."""
        return float(self.gains.min())


class Screened(NamedTuple):
    """A candidate after one short run from the first checkpoint: its gain, and whether it was left at that."""

    candidate: Candidate
    gain: float
    measure: str


class Runs(NamedTuple):
    """Runs of one method: the measure along each, and where runs left the finite numbers."""

    values: np.ndarray
    steps: np.ndarray
    scores: np.ndarray
    diverged: int
    outcomes: tuple[Outcome, ...]
    measure: str


def verified(
    subject: Subject,
    candidates: list[Candidate],
    seeds: int,
    steps: int,
    on_progress: Callable[[str, Any], None] | None = None,
) -> tuple[list[Verification], list[Screened]]:
    """Verify candidates on each checkpoint of a subject, by seeds that train on the same batches with and without.

    Every candidate is first screened by one run of `steps` steps from the first checkpoint. The `MOST` best changes of
    rates and steps and the `MOST` best others, of those that gain anything, are then trained from every checkpoint by
    fresh seeds, 3 · `steps` steps, with fresh optimisers' states. A candidate is confirmed when

    1. none of its runs leaves the finite numbers,
    2. on every checkpoint the mean gain is at least that of `LEAST`, and
    3. the 95% interval of the gain over the seeds there lies above zero, where there is more than one, and
    4. without samples, every run of it is itself converging or has arrived: by the phase of a cycle nothing is gained.

    A game in which nothing is random has one seed, however many are asked for: they would be the same run.

    **Raises:** `ValueError` when there are fewer than two seeds.
    """
    whole("seeds", seeds, 2)
    if not candidates:
        return [], []
    fixed = deterministic(subject)
    seeds = 1 if fixed else seeds
    first = subject._replace(checkpoints=subject.checkpoints[:1])
    tell = (lambda name, i, n: None) if on_progress is None else lambda name, i, n: on_progress(name, (i, n))
    gauge = gauge_of(subject._replace(history=None))  # the data and the equilibrium are those of every candidate too
    plain = _trained(first, None, 1, steps, 0, tell, gauge)
    screened = []
    for i, each in enumerate(candidates):
        tell(each.name, i, len(candidates))
        one = _trained(first, each, 1, steps, 0, tell, gauge)
        gain = float((plain.scores - one.scores)[0, 0]) if not one.diverged else -math.inf
        screened.append(Screened(each, gain, one.measure))
    chosen = [each for kind in ("rate", "method") for each in _best(screened, kind)]
    if not chosen:
        return [], screened
    without = _trained(subject, None, seeds, 3 * steps, 1, tell, gauge)
    tried = []
    for each in chosen:
        with_it = _trained(subject, each.candidate, seeds, 3 * steps, 1, tell, gauge)
        tried.append(compared(each.candidate, without, with_it, fixed))
    return sorted(tried, key=lambda each: (not each.confirmed, -each.gain)), screened


def _best(screened: list[Screened], kind: str) -> list[Screened]:
    """The best candidates of a kind, of those that gain anything."""
    of_kind = [each for each in screened if each.candidate.kind == kind and each.gain > 0]
    return sorted(of_kind, key=lambda each: -each.gain)[:MOST]


def deterministic(subject: Subject) -> bool:
    """Whether nothing of a game is random: two keys draw the same batch."""
    one, other = (jax.tree.leaves(subject.game.draw(jax.random.key(i))) for i in (0, 1))
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _trained(
    subject: Subject, candidate: Candidate | None, seeds: int, steps: int, stream: int, tell: Callable, gauge: Gauge
) -> Runs:
    """The runs of a candidate, or of the method as it is, from each checkpoint, a key for each seed."""
    game = subject.game if candidate is None else candidate.game
    method = subject.method if candidate is None else candidate.method
    rows, outcomes, diverged, name = [], [], 0, "" if candidate is None else candidate.name
    steps_known, measure = np.zeros(0), ""
    for i, players in enumerate(subject.checkpoints):
        for seed in range(seeds):
            tell(name, i * seeds + seed, len(subject.checkpoints) * seeds)
            key = jax.random.fold_in(jax.random.fold_in(jax.random.fold_in(subject.key, 7 + stream), i), seed)
            begun = subject._replace(
                game=game, method=method, players=players, state=None, key=key, history=None, diverged_at=-1
            )
            state = method.init(game, players)
            trial = trial_run(game, method, players, state, key, steps, RECORDS)
            record = recorded(begun, state, trial, gauge)
            values, measure = measured(record)
            if len(values) > len(steps_known):
                steps_known = record.path["step"].values
            diverged += trial.diverged_at >= 0
            outcomes.append(verdict(facts(record)).word)
            rows.append(values)
    table = np.full((len(rows), len(steps_known)), np.nan)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    scores = np.array([_score(values) for values in rows]).reshape(-1, seeds)
    return Runs(table.reshape(-1, seeds, len(steps_known)), steps_known, scores, diverged, tuple(outcomes), measure)


def measured(record: Record) -> tuple[np.ndarray, str]:
    """What is compared, along a record, the less the better: a shortfall, or a logarithm of a distance or of ‖v‖."""
    if record.measure:
        return shortfalls(record.path, record.measure, record.references), "shortfall"
    tiny = np.finfo(np.float32).tiny
    if record.offset is not None:
        away = np.linalg.norm(record.path["position"].values.astype(float) + record.offset, axis=1)
        return np.log(np.maximum(away, tiny)), "distance"
    return np.log(np.maximum(norms(record.path), tiny)), "field"


def _score(values: np.ndarray) -> float:
    """The median over the last third of a run's records, of those that are finite."""
    known = values[np.isfinite(values)]
    return float(np.median(known[2 * len(known) // 3 :])) if len(known) else math.nan


def compared(candidate: Candidate, without: Runs, with_it: Runs, fixed: bool) -> Verification:
    """The verification of a candidate from its runs and those without it, from the same checkpoints and seeds."""
    differences = without.scores - with_it.scores
    gains, low, high = (np.array(each) for each in zip(*map(interval, differences), strict=True))
    return Verification(
        candidate, with_it.measure, without.scores, with_it.scores, gains, low, high, fixed,
        (without.diverged, with_it.diverged), _reasons(with_it, gains, low),
        (without.values, with_it.values, with_it.steps),
    )  # fmt: skip


def _reasons(with_it: Runs, gains: np.ndarray, low: np.ndarray) -> tuple[str, ...]:
    """Why a candidate is not confirmed, in words; none where it is."""
    least, runs = LEAST[with_it.measure], with_it.scores.size
    found = []
    if with_it.diverged:
        found.append(f"{with_it.diverged} of {runs} runs left the finite numbers with it")
    small = int((~(gains >= least)).sum())
    if small:
        found.append(f"on {small} of {len(gains)} checkpoints it gains less than what is worth a change")
    unsure = int(((gains >= least) & (low <= 0)).sum())
    if unsure:
        found.append(f"on {unsure} of {len(gains)} checkpoints the 95% interval of the gain over seeds includes zero")
    ill = [str(each) for each in with_it.outcomes if each not in WELL]
    if with_it.measure != "shortfall" and ill and not with_it.diverged:
        found.append(f"with it, {len(ill)} of {runs} runs are {' or '.join(sorted(set(ill)))}")
    return tuple(found)


def interval(gains: np.ndarray) -> tuple[float, float, float]:
    """The mean of a sample and its 95% confidence interval by Student's t; NaN ends for a sample of one.

    >>> interval(np.array([1.0]))
    (1.0, nan, nan)
    """
    mean = float(gains.mean())
    if len(gains) < 2:
        return mean, math.nan, math.nan
    reach = float(stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / math.sqrt(len(gains)))
    return mean, mean - reach, mean + reach


def factor(gain: float) -> str:
    """A gain of a logarithm as the factor by which the measure is less."""
    return number(math.exp(min(gain, 700.0)))
