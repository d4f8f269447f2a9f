"""Networks have no optimal column; the gap of a linear discriminator is that to the least loss; two means arrive."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.game import Pair
from saddlery.methods import METHODS
from saddlery.studies.best_response import starts
from saddlery.studies.best_response.experiment import DYNAMICS, SCALES, experiments, gap, named
from saddlery.text.call import build


def test_of_a_network_nobody_knows_the_best_response():
    size = SCALES["tiny"]
    linear, network = (experiments(f"ring, {kind}", size) for kind in ("linear", "network"))
    assert set(linear) == set(DYNAMICS)
    assert set(network) == set(DYNAMICS) - {"optimal"}
    assert linear["1 step"].game.startswith("random_features(")
    told = [named("ring, linear", "5 steps", setting) for setting in linear["5 steps"].settings]
    assert [each["learning_rate"] for each in told] == list(size.rates)
    assert {each["gradients"] for each in told} == {6.0}


def test_costs_are_the_methods_evaluations():
    for column, each in DYNAMICS.items():
        if each.gradients is not None:
            method = build("method", each.method, METHODS)
            assert method.schedule.evaluations * method.rule.evaluations(dimension=10) == each.gradients, column


def test_the_gap_is_that_to_the_least_loss(float64):
    game = sd.games.random_features("ring(preset='numerics', width=4, batch=32, noise=3)", number=8)
    players = game.init(jax.random.key(0))
    batch = game.draw(jax.random.key(1))
    found = gap(game, players, jax.random.key(1))
    assert float(found["gap"]) > 0
    assert float(found["residual"]) < 1e-5
    best = game.best_response_on(players.generator, batch)
    at_best = gap(game, Pair(players.generator, best), jax.random.key(1))
    assert abs(float(at_best["gap"])) < 1e-6
    assert np.isnan(gap(sd.games.ring("numerics", width=4, batch=16), players, jax.random.key(0))["gap"])


@pytest.mark.long
def test_against_the_optimum_two_means_arrive_and_at_the_target_the_best_score_is_constant(tmp_path):
    size = starts.Scale(3, 400, (1.0,), 64, 32)
    game = starts.game(size)
    best = game.game.best_response_on(jnp.array(starts.TARGET), game.batch)
    assert float(jnp.abs(best["weight"]).max()) < 1e-4
    found = starts.measure(tmp_path, size, {"optimal": DYNAMICS["optimal"].method})
    line = found["mean1"].values.tolist()
    assert bool(found["within"].sel(dynamics="optimal", rate=1.0, mean1=line[0], mean2=line[-1]))
    assert not bool(found["within"].sel(dynamics="optimal", rate=1.0, mean1=line[1], mean2=line[1]))  # they stay equal
