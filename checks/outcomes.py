"""The verdict on players that train on, as `saddlery diagnose` comes to it, without the spectrum and the candidates."""

import jax

from saddlery.analysis.outcome import Outcome
from saddlery.diagnosis.diagnosis import judged
from saddlery.diagnosis.subject import given
from saddlery.game import adopt


def seen(game, method, players=None, steps=1000, **known):
    """The verdict on players, by default the game's own at their start, and what it rests on."""
    players = adopt(game).init(jax.random.key(3)) if players is None else players
    subject = given(game, method, players, jax.random.key(1), **known)
    _, _, known, found = judged(subject, subject.key, steps)
    assert found.word in Outcome
    assert found.because
    return found, known


def outcome(*given, **known):
    """The verdict alone."""
    return seen(*given, **known)[0]
