"""Every loss is crossed with every method and learning rate once, and keeps its names."""

from saddlery.losses import LOSSES
from saddlery.studies.divergences.experiment import METHODS, SCALES, experiment, named


def test_every_loss_is_crossed_once():
    of_all = SCALES["paper"].losses
    assert len({id(LOSSES[name]) for name in of_all}) == len(of_all) == len({id(loss) for loss in LOSSES.values()})


def test_settings_are_called_after_their_loss_method_and_learning_rate():
    made = experiment("hinge", SCALES["tiny"])
    told = [named("hinge", setting) for setting in made.settings]
    assert len({each["setting"] for each in told}) == len(METHODS) * 2
    assert {each["row"] for each in told} == {"hinge"}
    assert {each["column"] for each in told} == {"simultaneous", "alternating", "consensus", "unrolled"}
    assert {each["learning_rate"] for each in told} == {1e-3, 1e-2}
