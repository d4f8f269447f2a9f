"""The demonstration."""

import pytest

from saddlery.experiments.built import prepare
from saddlery.studies import demo


@pytest.mark.parametrize("scale", demo.SCALES)
def test_the_demonstration_s_experiments_can_be_run(scale):
    for experiment in demo.experiments(scale):
        assert set(prepare(experiment).methods) == set(experiment.methods)
