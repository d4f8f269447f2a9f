"""The population: drawn by a seed, over all that is said, and each of its texts can be built."""

import numpy as np
import pytest

from saddlery.games import GAMES as BUILT
from saddlery.methods import METHODS as MADE
from saddlery.studies.forecast.population import (
    GAMES,
    LOSSES,
    METHODS,
    RATES,
    SCALES,
    Kind,
    Run,
    experiments,
    population,
)
from saddlery.text.call import build


def test_the_same_seed_draws_the_same_runs_and_another_others():
    size = SCALES["quick"]
    assert population(size) == population(size)
    assert population(size, key=1) != population(size)


def test_rates_are_log_uniform_over_four_decades():
    runs = population(SCALES["medium"])
    assert len(runs) == 480
    for name in ("generator_rate", "discriminator_rate"):
        logs = np.log([getattr(run, name) for run in runs]) - np.log(RATES[0])
        shares = np.histogram(logs / np.log(RATES[1] / RATES[0]), 8, (0, 1))[0] / len(runs)
        assert abs(shares - 1 / 8).max() < 0.06
    assert {run.b1 for run in runs} == {0.0, 0.5, 0.9}


@pytest.mark.parametrize("game", GAMES)
def test_every_game_and_method_can_be_built_with_its_rates(game):
    for loss in LOSSES:
        build("game", Run(Kind(game, loss, "R1", "small"), 1e-3, 1e-4, 0.5).game, BUILT)
    built = build("game", Run(Kind(game, "hinge", "R1", "large"), 1e-3, 1e-4, 0.5).game, BUILT)
    for method in METHODS:
        run = Run(Kind(game, "hinge", method, "large"), 1e-3, 1e-4, 0.5)
        chosen = build("method", run.method, MADE).for_game(built).optimisers
        for optimiser, rate in zip(chosen, (0.001, 0.0001), strict=True):
            assert str(optimiser).startswith(f"adam(learning_rate={rate}, b1=0.5")


@pytest.mark.parametrize("scale", SCALES)
def test_experiments_train_each_run_once(scale):
    size = SCALES[scale]
    runs = [run for _, experiment, own in experiments(size) for run in own]
    assert sorted(runs) == sorted(population(size))
    for _, experiment, own in experiments(size):
        assert [str(each.method) for each in experiment.settings] == [run.method for run in own]
