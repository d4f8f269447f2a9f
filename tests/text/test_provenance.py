"""Provenance: the call that made a game or a method makes it again."""

import dataclasses

import equinox as eqx
import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.games import GAMES
from saddlery.methods import METHODS
from saddlery.text import provenance
from saddlery.text.call import build
from saddlery.text.provenance import call_of


@pytest.mark.parametrize(
    "game",
    [
        lambda: sd.games.ring("numerics", modes=5, batch=32),
        lambda: sd.games.grid(3, std=0.1),
        lambda: sd.games.dirac(),
        lambda: sd.games.quadratic(A=[[0.0]], B=[[2.0]], C=[[0.5]]),
        lambda: sd.games.two_gaussians(),
    ],
    ids=["ring", "grid", "dirac", "quadratic", "two Gaussians"],
)
def test_a_game_is_made_again_by_its_call(game):
    first = game()
    again = build("game", str(call_of(first)), GAMES)
    assert eqx.tree_equal(first, again)
    assert call_of(again) is not None


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_made_again_by_its_call(name):
    first = METHODS[name](learning_rate=0.125)
    call = call_of(first)
    assert call is not None
    assert (call.name, call.arguments) == (name, {"learning_rate": 0.125})
    assert eqx.tree_pformat(build("method", call, METHODS)) == eqx.tree_pformat(first)


def test_optimisers_and_schedules_count_by_their_texts():
    method = sd.methods.consensus(
        3.0, generator=sd.optimiser("adam", learning_rate=1e-3), schedule="alternating(discriminator_steps=2)"
    )
    call = call_of(method)
    assert call.arguments["gamma"] == 3.0
    assert call.arguments["generator"] == "adam(learning_rate=0.001)"
    assert str(build("method", str(call), METHODS).generator) == "adam(learning_rate=0.001)"


def test_what_was_changed_since_has_no_call():
    game = sd.games.ring(modes=4)
    assert call_of(dataclasses.replace(game, batch=7)) is None
    assert call_of(jax.tree.map(lambda x: x, game)) is None
    assert call_of(sd.fixed(game, jax.random.key(0))) is None
    assert call_of(eqx.tree_at(lambda game: game.data.std, game, 0.5)) is None
    assert call_of(3.0) is None


def test_what_no_text_can_hold_has_no_call():
    assert call_of(sd.games.bilinear(coupling=np.ones(2), dimension=2)) is None

    @jax.jit
    def traced(rate):
        method = sd.methods.consensus(generator=sd.optimiser("sgd", learning_rate=rate))
        assert call_of(method) is None
        return rate

    traced(0.5)
    assert call_of(sd.games.ring(loss=lambda real, fake: (fake.mean(), real.mean()))) is None


def test_a_call_changes_nothing_of_what_was_made_and_goes_with_it():
    named, plain = sd.games.bilinear(2.0), sd.games.bilinear.__wrapped__(2.0)
    assert call_of(plain) is None
    assert jax.tree.structure(named) == jax.tree.structure(plain)  # else it would be compiled anew
    at = id(named)
    assert at in provenance._calls
    del named
    assert at not in provenance._calls
