"""What the studies that sweep K have in common."""

from saddlery.experiments.grid import Setting
from saddlery.studies.depths import Scale, named, unrolled
from saddlery.text.call import parse

SIZE = Scale("digits", "stacked(fraction={})", 100, 2, 8, 4, "sgd(learning_rate=0.1)", "sgd(learning_rate=0.2)")


def test_names_of_depth_and_size():
    setting = Setting(
        "…", parse("stacked(network='stacked(fraction=0.25)')"), parse("unrolled(steps=5, generator='sgd')"), {}
    )
    assert named(setting, (0.5, 0.25)) == {
        "setting": "K = 5, D ¼", "method": "unrolled", "depth": 5.0, "fraction": 0.25,
    }  # fmt: skip
    assert named(setting._replace(method=parse("simultaneous")))["setting"] == "K = 0"


def test_every_depth_meets_every_size():
    game = SIZE.game("stacked", SIZE.networks((0.25, 0.5)), loss="minimax")
    assert parse(game).arguments == {
        "data": "digits", "batch": 8, "noise": 4, "loss": "minimax",
        "network": ["stacked(fraction=0.25)", "stacked(fraction=0.5)"],
    }  # fmt: skip
    made = SIZE.experiment(game, unrolled((0, 3)), samples=10)
    assert made.methods == ("simultaneous", "unrolled(steps=3)")
    found = [named(setting, (0.25, 0.5))["setting"] for setting in made.settings]
    assert sorted(found) == ["K = 0, D ¼", "K = 0, D ½", "K = 3, D ¼", "K = 3, D ½"]
    assert (made.steps, made.every, made.seeds, made.discriminator_optimiser) == (100, 10, 2, SIZE.discriminator)
