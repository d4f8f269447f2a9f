"""Experiments that are put together, and checked before anything runs."""

import dataclasses

import pytest

from saddlery.experiments.built import prepare
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"game": "rong"}, "unknown game 'rong'; did you mean 'ring'"),
        ({"methods": ("consensos",)}, "unknown method 'consensos'; did you mean 'consensus'"),
        ({"generator_optimiser": "adm"}, "unknown optimiser 'adm'; did you mean 'adam'"),
        ({"generator_optimiser": "adam(learning_rate=1e-3, b1='x')"}, "b1: got 'x', expected a number"),
        ({"generator_optimiser": "adam(learning_rate=1e-3, mu_dtype='x')"}, "generator's optimiser cannot be used"),
        ({"schedule": "alternate"}, "unknown schedule 'alternate'; did you mean 'alternating'"),
    ],
)
def test_what_does_not_exist_is_found_before_anything_is_written(tmp_path, wrong, said):
    with pytest.raises(ValueError, match=said):
        run(dataclasses.replace(SMALL, **wrong), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_optimisers_are_the_preset_s_for_all_methods_unless_one_says_otherwise():
    methods = ("simultaneous", "unrolled(steps=1)", "optimistic", "alternating(generator='sgd(learning_rate=0.5)')")
    ready = prepare(Experiment("ring(preset='numerics')", methods))
    names = [method.generator.name for method in ready.methods.values()]
    assert names[:2] == ["rmsprop", "rmsprop"]
    assert names[3] == "sgd"
    assert all(method.discriminator.name == "rmsprop" for method in list(ready.methods.values())[:2])


def test_a_learning_rate_and_a_schedule_are_for_every_method():
    ready = prepare(
        Experiment("ring", SMALL.methods, learning_rate=0.25, schedule="alternating(discriminator_steps=5)")
    )
    for method in ready.methods.values():
        assert float(method.generator.numbers["learning_rate"]) == float(method.discriminator.numbers["learning_rate"])
        assert float(method.generator.numbers["learning_rate"]) == 0.25
        assert method.schedule.discriminator_steps == 5
