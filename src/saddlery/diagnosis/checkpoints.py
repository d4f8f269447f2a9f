"""Independently trained checkpoints of one method, on which advice is confirmed: of a run's other seeds, or trained."""

from collections.abc import Callable
from typing import Any

import jax

from saddlery.diagnosis.subject import Subject
from saddlery.training import train


def independent(subject: Subject, count: int, on_progress: Callable[[str, Any], None] | None = None) -> Subject:
    """The subject with `count` independently trained checkpoints, its own players first; those missing are trained.

    They are trained by the same method from starts of their own, as many steps as the subject has behind it. Where that
    is not known, as of players given without a history, its own are the only one.

    **Arguments:** `on_progress`: called with `"checkpoint"` and training's `Progress`.
    """
    found = subject.checkpoints or (subject.players,)
    if subject.history is None and subject.step == 0 and not subject.title:
        return subject._replace(checkpoints=found[:1])
    for i in range(len(found), count):
        key = jax.random.fold_in(subject.key, 1_000 + i)
        if subject.step == 0:
            found += (subject.game.init(key),)
            continue
        told = None if on_progress is None else lambda report: on_progress("checkpoint", report)
        run = train(
            subject.game, subject.method, steps=subject.step, every=subject.step, key=key, probes={}, on_progress=told
        ).only
        if int(run.history["diverged_at"]) < 0:
            found += (run.players,)
    return subject._replace(checkpoints=found[:count])
