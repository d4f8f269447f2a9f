"""The record of a run and its trial run in NumPy, with all that is known of the game, for a verdict."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from saddlery.analysis.record import Record, facts
from saddlery.analysis.verdict_of_field import FALLS
from saddlery.diagnosis.local import equilibrium, local
from saddlery.diagnosis.nearness import nearness
from saddlery.diagnosis.quality import references
from saddlery.diagnosis.subject import Subject
from saddlery.diagnosis.trial import Sketch, TrialRun
from saddlery.game import gradients
from saddlery.types import Memory, Parameters


def recorded(subject: Subject, state: Memory, trial: TrialRun) -> Record:
    """The record of a run and its trial run, with all that is known of the game.

    **Arguments:** `state`: the method's, from which the trial run began.
    """
    game = subject.game
    untrained = game.init(jax.random.fold_in(subject.key, 1))
    known = references(game, trial.path, subject.history)
    players = subject.players
    record = Record(
        trial.path, subject.history, (_size(players.generator), _size(players.discriminator)),
        diverged_at=subject.diverged_at, lost=trial.diverged_at,
        field_scale=_size(_field(game, untrained, subject.key)),
    )  # fmt: skip
    if known is not None:
        return record._replace(**known._asdict())
    if (there := equilibrium(game)) is not None:
        record = record._replace(
            offset=np.asarray(Sketch.of(subject.players)(there, subject.players), float),
            scale=_size(jax.tree.map(jnp.subtract, untrained, there)),
            local=local(game, subject.method, there, (subject.players, trial.players), state, subject.key),
        )
    fallen = facts(record).trends
    if fallen is not None and fallen.field_factor <= FALLS:
        record = record._replace(fading=nearness(game, subject.players, trial.players, subject.key))
    return record


def _size(tree: Parameters) -> float:
    return float(optax.tree.norm(tree))


@eqx.filter_jit
def _field(game, players, key):
    return gradients(game, players, game.draw(key))
