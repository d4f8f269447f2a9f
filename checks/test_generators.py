"""Exported generators of every kind of network; fully connected ones and one with batch norm are among the tests."""

import pytest

import saddlery as sd
from checks.exported import Exported, require_samples_of_the_batch, require_samples_of_the_game

GAMES = {
    "dcgan_nobn": lambda: sd.games.images(network="dcgan4_nobn_cf(width=4)", noise=8),
    "resnet": lambda: sd.games.images(network="resnet(width=4)", noise=8),
    "lstm": lambda: sd.games.images(network="lstm(width=8)", noise=8),
}
NORMALISED = {
    "dcgan_bfloat16": lambda: sd.games.images(network="dcgan3(width=4, compute='bfloat16')", noise=8),
    "stacked": lambda: sd.games.stacked(network="stacked(width=2)", noise=8),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return Exported(GAMES | NORMALISED, tmp_path_factory.mktemp("generators"))


@pytest.mark.parametrize("name", GAMES)
def test_samples_are_those_of_the_game(exported, name):
    require_samples_of_the_game(*exported(name))


@pytest.mark.parametrize("name", NORMALISED)
def test_under_batch_norm_samples_are_those_of_the_batch_that_the_statistics_are_of(exported, name):
    require_samples_of_the_batch(*exported(name), atol=0.02 if "bfloat16" in name else 1e-5)
