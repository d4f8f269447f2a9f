"""The record of a run and its trial run in NumPy, with all that is known of the game, for a verdict."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery.analysis.record import Record, norms
from saddlery.analysis.trends import change
from saddlery.analysis.verdict_of_field import FALLS
from saddlery.diagnosis.local import equilibrium, local
from saddlery.diagnosis.nearness import nearness
from saddlery.diagnosis.quality import Measured, measured
from saddlery.diagnosis.subject import Subject
from saddlery.diagnosis.trial import TrialRun
from saddlery.game import Pair, gradients
from saddlery.metrics.sketch import Sketch
from saddlery.types import Memory, Parameters


class Gauge(NamedTuple):
    """What records of a game are held against, the same for every run of it.

    - `samples`: the measure of samples with its reference values; `None` without samples.
    - `equilibrium`: where the game knows it and has no samples; `scale`: the distance of untrained players from it.
    - `field_scale`: ‖v‖ of untrained players.
    """

    samples: Measured | None
    equilibrium: Pair | None
    scale: float
    field_scale: float


def gauge_of(subject: Subject) -> Gauge:
    """What records of a subject's game are held against."""
    game = subject.game
    untrained = game.init(jax.random.fold_in(subject.key, 1))
    samples = measured(game, subject.history)
    there = equilibrium(game) if samples is None else None
    scale = np.nan if there is None else _size(jax.tree.map(jnp.subtract, untrained, there))
    return Gauge(samples, there, scale, _size(_field(game, untrained, subject.key)))


def recorded(subject: Subject, state: Memory, trial: TrialRun, gauge: Gauge) -> Record:
    """The record of a run and its trial run, with all that is known of the game.

    **Arguments:** `state`: the method's, from which the trial run began.
    """
    players, samples, there = subject.players, gauge.samples, gauge.equilibrium
    record = Record(
        trial.path, subject.history, (_size(players.generator), _size(players.discriminator)),
        diverged_at=subject.diverged_at, lost=trial.diverged_at, field_scale=gauge.field_scale,
    )  # fmt: skip
    if samples is not None:
        return record._replace(
            path=samples.shares(trial.path), history=samples.shares(subject.history), measure=samples.measure,
            references=samples.references, distances=samples.distances,
        )  # fmt: skip
    if there is not None:
        record = record._replace(
            offset=np.asarray(Sketch.of(players)(there, players), float), scale=gauge.scale,
            local=local(subject.game, subject.method, there, (players, trial.players), state, subject.key),
        )  # fmt: skip
    if change(norms(trial.path))[0] <= FALLS:
        record = record._replace(fading=nearness(subject.game, players, trial.players, subject.key))
    return record


def _size(tree: Parameters) -> float:
    return float(np.linalg.norm([np.linalg.norm(np.asarray(leaf, float)) for leaf in jax.tree.leaves(tree)]))


@eqx.filter_jit
def _field(game, players, key):
    return gradients(game, players, game.draw(key))
