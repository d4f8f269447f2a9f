"""The demonstration."""

import inspect

import pytest

from saddlery.experiments.built import prepare
from saddlery.games.ring import PRESETS, ring
from saddlery.optimisers import PUBLISHED
from saddlery.studies import demo
from saddlery.text.call import parse


@pytest.mark.parametrize("scale", demo.SCALES)
def test_the_demonstration_s_experiments_can_be_run(scale):
    for experiment in demo.experiments(scale):
        assert set(prepare(experiment).methods) == set(experiment.methods)


def test_the_ring_differs_from_the_paper_s_as_its_note_says():
    """Ten times the learning rate, a quarter of the noise dimensions and of the batch, and nothing else."""
    own, paper = parse(demo.RING["game"]).arguments, PRESETS["unrolled-paper"]
    assert own["preset"] == "unrolled-paper"
    assert 4 * own["noise"] == paper["noise"]
    assert 4 * own["batch"] == inspect.signature(ring).parameters["batch"].default
    for player, published in zip(("generator", "discriminator"), PUBLISHED["unrolled-paper"], strict=True):
        ours, theirs = (parse(text).arguments for text in (demo.RING[f"{player}_optimiser"], published))
        assert ours.pop("learning_rate") == pytest.approx(10 * theirs.pop("learning_rate"))
        assert ours == theirs
