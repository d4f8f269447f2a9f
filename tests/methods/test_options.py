"""Default optimisers: the same text trains the same way through every door."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import saddlery as sd
from saddlery.diagnosis.subject import given
from saddlery.experiments.built import prepare
from saddlery.experiments.experiment import Experiment
from saddlery.games import GAMES
from saddlery.methods import METHODS
from saddlery.optimisers import PUBLISHED, as_optimiser, as_text
from saddlery.runs.fingerprint import words
from saddlery.types import Pair

ARGUMENTS = {"quadratic": "A=[[1.0]], B=[[1.0]], C=[[1.0]]"}  # of games that need some
TEXTS = {name: f"{name}({ARGUMENTS.get(name, '')})" for name in GAMES}


def described(method):
    """All of a method that training depends on: its parts in words, and its numbers."""
    return words(method), *(np.asarray(leaf).tolist() for leaf in jax.tree.leaves(method))


def swept(monkeypatch, *arguments, **settings):
    """The methods that `saddlery.sweep` would train."""
    seen = []
    monkeypatch.setattr("saddlery.sweeping.train_settings", lambda ready, *_, **__: seen.append(ready))
    sd.sweep(*arguments, steps=1, seeds=1, samples=100, **settings)
    return seen[0].methods


@pytest.mark.long
@pytest.mark.parametrize("name", GAMES)
def test_every_method_resolves_alike_through_every_door(name, monkeypatch):
    text = TEXTS[name]
    by_command = prepare(Experiment(text, tuple(METHODS), steps=1, seeds=1, samples=100))  # and `saddlery run`
    game = by_command.game
    wanted = {each: described(make().for_game(game)) for each, make in METHODS.items()}
    doors = {
        "command line": by_command.methods,
        "sweep of texts": swept(monkeypatch, text, list(METHODS)),
        "sweep on a game": swept(monkeypatch, game, list(METHODS)),
        "sweep of methods": swept(monkeypatch, game, {each: make() for each, make in METHODS.items()}),
        "sweep of functions": swept(monkeypatch, game, dict(METHODS)),
        "wrapped game": {each: make().for_game(sd.fixed(game, ())) for each, make in METHODS.items()},
        "on several devices": {
            each: make().for_game(sd.data_parallel(game, 1) if jax.tree.leaves(game.draw(jax.random.key(0))) else game)
            for each, make in METHODS.items()
        },
    }
    for door, methods in doors.items():
        assert {label: described(each) for label, each in methods.items()} == wanted, door


@pytest.mark.parametrize("name", ["bilinear", "dirac", "two_gaussians"])
def test_training_and_looking_at_a_game_take_its_optimisers(name):
    game, key = GAMES[name](), jax.random.key(0)
    open_, closed = sd.methods.optimistic(), sd.methods.optimistic().for_game(game)
    assert described(given(game, open_, game.init(key), key).method) == described(closed)
    one, other = (sd.train(game, method, steps=5, key=key) for method in (open_, closed))
    jax.tree.map(np.testing.assert_array_equal, one.players, other.players)
    assert one.history.attrs["generator_optimiser"] == "sgd(learning_rate=0.1, optimism=1.0)"
    players = game.init(key)
    one, other = (sd.multipliers(game, method, players, key=key).values for method in (open_, closed))
    np.testing.assert_array_equal(one, other)
    state = open_.init(game, players)
    jax.tree.map(
        np.testing.assert_array_equal, open_.step(game, players, state, key), closed.step(game, players, state, key)
    )


@pytest.mark.parametrize("preset", ["unrolled", "unrolled-paper", "numerics"])
def test_a_preset_brings_its_paper_s_optimisers_and_a_method_its_own_where_it_needs_them(preset):
    ring = sd.games.ring(preset=preset)
    chosen = sd.methods.simultaneous().for_game(ring).optimisers
    assert tuple(map(as_text, chosen)) == tuple(as_text(as_optimiser(text)) for text in PUBLISHED[preset])
    for name in ("competitive", "newton", "krylov"):
        assert set(map(as_text, METHODS[name]().for_game(ring).optimisers)) == {"sgd(learning_rate=0.1)"}
    assert float(sd.methods.competitive(learning_rate=0.3).for_game(ring).rule.step) == pytest.approx(0.3)


def test_what_a_method_does_to_its_optimisers_is_done_to_the_game_s():
    ring = sd.games.ring()
    named = {
        "two_time_scales": "adam(learning_rate=0.004, b1=0.5)",  # of the generator's 0.001
        "sagan": "adam(learning_rate=0.0004, b1=0.0, b2=0.9)",
        "clipped": "adam(learning_rate=0.0001, b1=0.5, clip=0.01)",
        "clipped_norm": "adam(learning_rate=0.0001, b1=0.5, clip_norm=1.0)",
        "negative_momentum": "adam(learning_rate=0.0001, b1=-0.5)",
        "optimistic": "adam(learning_rate=0.0001, b1=0.5, optimism=1.0)",
        "unrolled": "adam(learning_rate=0.0001, b1=0.5, eps_root=1e-16)",
    }
    assert {name: as_text(METHODS[name]().for_game(ring).discriminator) for name in named} == named
    both = sd.methods.two_time_scales(ratio=2.0, learning_rate=0.01).for_game(ring).optimisers
    assert [float(each.numbers["learning_rate"]) for each in both] == pytest.approx([0.01, 0.02])


def test_one_player_s_optimiser_may_be_given_and_the_other_left_to_the_game():
    method = sd.methods.simultaneous(generator="sgd(learning_rate=0.5)")
    assert method.is_open
    closed = method.for_game(sd.games.ring())
    assert list(map(as_text, closed.optimisers)) == ["sgd(learning_rate=0.5)", "adam(learning_rate=0.0001, b1=0.5)"]
    assert not closed.is_open
    assert closed.for_game(sd.games.bilinear()) is closed


class Plain:
    """A foreign game, which has no default optimisers."""

    init = staticmethod(sd.games.bilinear().init)
    draw = staticmethod(sd.games.bilinear().draw)
    act = staticmethod(sd.games.bilinear().act)
    losses = staticmethod(sd.games.bilinear().losses)


def test_on_a_foreign_game_the_paper_s_are_taken_and_without_a_paper_it_is_said():
    run = sd.train(Plain(), sd.methods.extragradient(), steps=2, key=jax.random.key(0)).only
    assert run.history.attrs["generator_optimiser"] == "adam(learning_rate=0.0001, b1=0.5)"
    bare = sd.Method(sd.rules.Simultaneous(), sd.schedules.simultaneous())
    with pytest.raises(ValueError, match="leaves a player's optimiser open, and the game has no default_optimisers"):
        sd.train(Plain(), bare, steps=2, key=jax.random.key(0))
    assert as_text(bare.for_game(sd.games.bilinear()).generator) == "sgd(learning_rate=0.1)"


def test_a_gan_of_one_s_own_says_its_optimisers():
    networks = sd.networks.MLP(2, 2), sd.networks.MLP(2, 1)
    data = sd.games.ring().data
    usual = sd.games.Gan(*networks, data, noise=2)
    assert set(map(as_text, sd.methods.simultaneous().for_game(usual).optimisers)) == {
        "adam(learning_rate=0.0002, b1=0.5)"
    }
    own = sd.games.Gan(*networks, data, noise=2, default_optimisers=("sgd(learning_rate=0.3)", optax.adam(1e-3)))
    assert list(map(as_text, sd.methods.simultaneous().for_game(own).optimisers)) == [
        "sgd(learning_rate=0.3)",
        "an optax transformation",
    ]
    with pytest.raises(ValueError, match="clip cannot be put into one that is already made by optax"):
        sd.methods.clipped().for_game(own)


def test_options_that_do_not_fit_are_named_when_the_method_is_made():
    with pytest.raises(TypeError, match="consensus: got an unexpected keyword argument 'gama'"):
        sd.methods.consensus(gama=1.0)
    with pytest.raises(ValueError, match=r"learning_rate: got -1\.0"):
        sd.methods.consensus(learning_rate=-1.0)
    with pytest.raises(ValueError, match="ratio: the optimiser is already made by optax"):
        sd.methods.two_time_scales(discriminator=optax.adam(1e-3))
    with pytest.raises(ValueError, match=r"generator: got .sgd\(learning_rate=0.1\)., expected adam"):
        sd.methods.extra_adam(generator="sgd(learning_rate=0.1)")
    with pytest.raises(ValueError, match="unknown argument of sgd 'b1'"):
        sd.methods.sagan(discriminator="sgd(learning_rate=0.1)")
    with pytest.raises(ValueError, match="optimiser: adam needs learning_rate"):
        sd.Method(sd.rules.Simultaneous(), sd.schedules.simultaneous(), generator="adam")


def test_an_optimiser_s_text_makes_it_again():
    for text in ("adam(learning_rate=3e-4, b1=-0.5, clip_norm=2.0, nesterov=True)", "sgd(learning_rate=0.1)",
                 "rmsprop(learning_rate=1e-4, decay=0.95, eps=1e-10, initial_scale=1.0)"):  # fmt: skip
        one = as_optimiser(text)
        again = as_optimiser(str(one))
        assert described(one) == described(again)
    assert str(as_optimiser("sgd(learning_rate=1e-4, momentum=0.9)")) == "sgd(learning_rate=0.0001, momentum=0.9)"


def test_functions_of_one_s_own_are_swept_over_their_arguments():
    def mine(gamma=1.0):
        return sd.Method(sd.rules.Consensus(gamma), sd.schedules.simultaneous())

    small = {"steps": 4, "seeds": 1, "every": 2, "samples": 50}
    ds = sd.sweep(
        sd.games.bilinear(), {"mine(gamma=[0.1, 1.0])": mine, "theirs": "consensus(gamma=[0.1, 1.0])"}, **small
    ).dataset
    for gamma in (0.1, 1.0):
        one, other = (ds.sel(method=name, gamma=gamma)["generator_norm"] for name in ("mine", "consensus"))
        np.testing.assert_array_equal(one.values.squeeze(), other.values.squeeze())


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_is_open_may_be_an_argument_of_a_compiled_program(name):
    """Its numbers, those of its optimisers included, have no values then."""
    game, method = sd.games.ring(batch=8), METHODS[name](learning_rate=1e-3)
    players = game.init(jax.random.key(0))

    def step(method, game, players):
        return method.step(game, players, method.init(game, players), jax.random.key(0))[0]

    found = eqx.filter_eval_shape(step, method, game, players)
    assert jax.tree.map(jnp.shape, found) == jax.tree.map(jnp.shape, Pair(*players))
