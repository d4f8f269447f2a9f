"""Families of networks are crossed with methods and learning rates, and keep their names."""

from saddlery.studies.architectures.experiment import METHODS, SCALES, experiment, named


def test_settings_are_called_after_their_family_method_and_learning_rate():
    made = experiment("conv3(width=1, hidden=4)", SCALES["tiny"])
    told = [named("conv3", setting) for setting in made.settings]
    assert len({each["setting"] for each in told}) == len(METHODS) * 2
    assert {(each["column"], each["method"]) for each in told} == {
        (name, text.partition("(")[0]) for name, text in METHODS.items()
    }
    assert {each["rival"] for each in told} == {f"conv3, {name}" for name in METHODS}
    assert {each["learning_rate"] for each in told} == {1e-3, 1e-2}
